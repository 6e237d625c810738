"""Decisions as they go out: CloudEvents 1.0 structured JSON (DESIGN section 3). Field order is part of the contract."""

from datetime import date, datetime
from typing import Final, Literal

import msgspec

TYPE: Final = "tallygate.decision.v1"
SOURCE: Final = "/tallygate"

Outcome = Literal["closed", "reject", "pending", "release", "clear", "withhold", "warn"]
Basis = Literal["estimated", "actual"]
Overflow = Literal["skip", "latch", "all_or_none"]
Rounding = Literal["cents", "whole-dollars"]
Enforcement = Literal["auto", "warn", "withhold"]


class Code(msgspec.Struct, frozen=True, gc=False):
    """A message code of the customs system, in the channel it belongs to."""

    channel: str
    code: str
    text: str


class Policy(msgspec.Struct, frozen=True, gc=False):
    """The settings under which a decision was made."""

    overflow: Overflow = "skip"
    rounding: Rounding = "cents"
    enforcement: Enforcement = "auto"
    as_of: date | None = None


class Advice(msgspec.Struct, frozen=True, gc=False):
    """What to do with a bill that does not fit."""

    entry_type: Literal["11", "01"]
    next_day: date | None
    """First of the next 14 days on which it would be released as things stand, had it arrived then."""


class Cause(msgspec.Struct, frozen=True, gc=False):
    """The shipment event that led to the decision."""

    topic: str
    partition: int
    offset: int


class DecisionData(msgspec.Struct, frozen=True, gc=False):
    """The decision itself; amounts are US cents."""

    bill: str
    conveyance: str
    order: str | None
    epoch: int
    bill_version: int
    posting: int
    revision: int
    outcome: Outcome
    reason: str
    basis: Basis | None
    day: date | None
    consignee: str
    value_cents: int | None
    counted_cents: int | None
    counts: bool
    total_cents: int | None
    limit_cents: int | None
    headroom_cents: int | None
    code: Code | None
    filing_errors: tuple[str, ...]
    rule: str | None
    policy: Policy
    advice: Advice | None
    cause: Cause

    @property
    def rank(self) -> tuple[int, int, int, int]:
        """Of one bill on one conveyance the decision of the highest rank is current."""
        return self.epoch, self.bill_version, self.posting, self.revision


class Decision(msgspec.Struct, frozen=True, gc=False):
    """The CloudEvents envelope of a decision."""

    specversion: Literal["1.0"]
    id: str
    source: str
    type: Literal["tallygate.decision.v1"]
    time: datetime
    data: DecisionData


def decision_id(data: DecisionData) -> str:
    """Id of the event: the bill on its conveyance, and the rank."""
    rank = f"{data.epoch}/{data.bill_version}/{data.posting}/{data.revision}"
    return f"{data.bill}/{data.conveyance}/{rank}"


def decision_event(data: DecisionData, time: datetime) -> Decision:
    """Wrap a decision; `time` is that of the causing shipment event."""
    return Decision("1.0", decision_id(data), SOURCE, TYPE, time, data)
