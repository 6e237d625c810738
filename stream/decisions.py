"""Decisions, sent as CloudEvents 1.0 structured JSON (DESIGN section 3). Field order is part of the contract."""

from datetime import date, datetime
from typing import Final, Literal

import msgspec

TYPE: Final = "tallygate.decision.v1"
SOURCE: Final = "/tallygate"
STRUCTURED: Final = (("content-type", b"application/cloudevents+json"),)
"""Headers that tell CloudEvents readers the structured mode (CloudEvents Kafka binding 1.0, section 3.3)."""

Outcome = Literal["closed", "reject", "pending", "release", "clear", "withhold", "warn"]
Basis = Literal["estimated", "actual"]
Overflow = Literal["skip", "latch", "all_or_none"]
"""What the setting `overflow` may say."""
AppliedOverflow = Literal["skip", "latch", "all_or_none", "excess"]
"""A programme may also fix `excess`: the part above the limit is dutiable, the part below is not."""
Rounding = Literal["cents", "whole-dollars"]
Enforcement = Literal["auto", "warn", "withhold"]


class Code(msgspec.Struct, frozen=True, gc=False):
    """A message code of the customs system, in the channel it belongs to."""

    channel: str
    code: str
    text: str


class Policy(msgspec.Struct, frozen=True, gc=False):
    """The settings under which a decision was made."""

    overflow: AppliedOverflow = "skip"
    """What was applied: the setting, or what the programme fixes."""
    rounding: Rounding = "cents"
    enforcement: Enforcement = "auto"
    as_of: date | None = None


class Advice(msgspec.Struct, frozen=True, gc=False):
    """What to do with a bill that does not fit."""

    entry_type: Literal["11", "01"] | None
    """The entry with duty that the value calls for; null for mail, which the carrier or a qualified party enters."""
    next_day: date | None
    """First of the next 14 days, else the first day of the next period, on which it would be released as things stand,
    had it arrived then; null where the programme goes by purchase date or by conveyance."""
    dutiable_cents: int | None = None
    """Under `excess` the part of the counted value that is above the limit."""
    caution: Literal["one-order"] | None = None
    """Bills of its order are together over the limit: to bring them in on another day would split the order."""


class Measure(msgspec.Struct, frozen=True, gc=False):
    """A limit on something other than value."""

    measure: Literal["count", "weight"]
    total: int
    limit: int


class Cause(msgspec.Struct, frozen=True, gc=False):
    """The shipment event that led to the decision."""

    topic: str
    partition: int
    offset: int


class DecisionData(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """The decision itself. Amounts are hundredths of `currency`.

    Decisions of release 0.1 lack the fields that have a default.
    """

    bill: str
    conveyance: str
    order: str | None
    """The seller's order number."""
    epoch: int
    """A setting, raised when tables are rebuilt from scratch. With the next three fields it is the decision's rank."""
    bill_version: int
    """Version of the bill that was judged."""
    posting: int
    """Number of the event that posted this bill on this conveyance, from 1."""
    revision: int
    """Number of the decision under this posting, from 1."""
    outcome: Outcome
    reason: str
    """The first reason that applies, see below."""
    basis: Basis | None
    """Whether the day is of an arrival or of an estimate; for a closed bill, that of its last live posting."""
    day: date | None
    """The date of arrival, or of purchase where the programme goes by that, in the programme's zone."""
    programme: str = "us-321"
    """The exemption that is claimed."""
    period: str | None = None
    """The period that is summed: one day, the first and last of several, or `conveyance`; null where `day` is."""
    currency: str | None = "USD"
    """Null for a programme that is not enabled."""
    consignee: str
    """Consignee key: it stands for the person without naming them."""
    seller: str | None = None
    """Seller key, where the programme sums per seller."""
    value_cents: int | None
    """Exact value; null where an exchange rate is missing."""
    counted_cents: int | None
    """The value as the rounding counts it. Under `excess`, of a bill that the limit decides on, the covered part."""
    counts: bool
    """Whether it is in the released total of its ledger now: the current decisions of an open ledger add up to it."""
    total_cents: int | None
    """Released total of the ledger after this posting; on an estimated basis, released and clear together. Null where
    the programme does not limit value."""
    limit_cents: int | None
    headroom_cents: int | None
    """Limit minus total; below zero only under `all_or_none`."""
    measures: tuple[Measure, ...] = ()
    """Limits of the programme on something other than value, `count` before `weight`."""
    code: Code | None
    """The message code that customs would send, if one is known."""
    filing_errors: tuple[str, ...]
    """All filing rules that are broken."""
    rule: str | None
    """Id of the dated rule that decided."""
    policy: Policy
    """How the open questions of the rules were answered."""
    advice: Advice | None
    """For `daily-limit`, `period-limit` and the reasons `single-...-over-limit`."""
    cause: Cause
    """Topic, partition and offset of the shipment event that led to the decision."""

    @property
    def rank(self) -> tuple[int, int, int, int]:
        """The rank: of one bill on one conveyance, the decision with the highest rank is current."""
        return self.epoch, self.bill_version, self.posting, self.revision


class Decision(msgspec.Struct, frozen=True, gc=False):
    """The CloudEvents envelope of a decision."""

    specversion: Literal["1.0"]
    id: str
    source: str
    type: Literal["tallygate.decision.v1"]
    time: datetime
    data: DecisionData
