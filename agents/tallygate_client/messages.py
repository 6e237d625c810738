"""What events say and what the gateway answers; `make docs` writes it from `/openapi.json`."""

from datetime import date, datetime
from typing import Literal, NotRequired, TypedDict


class Address(TypedDict):
    """A postal address."""

    lines: list[str]
    country: str
    city: NotRequired[str | None]
    state: NotRequired[str | None]
    postal: NotRequired[str | None]


class Consignee(TypedDict):
    """The recipient of the goods: a name with an address, or an identifier, never both (ace-rules section 3.1)."""

    name: NotRequired[str | None]
    address: NotRequired[Address | None]
    identifier_type: NotRequired[Literal["34", "ANI", "EI"] | None]
    identifier: NotRequired[str | None]


class Shipper(TypedDict):
    """The sender of the goods."""

    name: str
    country: str


class Money(TypedDict):
    """An amount in a currency."""

    amount: str
    currency: str


class Line(TypedDict):
    """One line of goods; `value` is the line's total, its quantity included."""

    description: str
    hts: str
    origin: str
    quantity: int
    value: Money
    flags: NotRequired[list[Literal["adcvd", "fda", "irc-tax", "pga", "quota"]]]


class ManifestedBill(TypedDict):
    """A whole bill as first manifested.

    Its version is 1 if the event has none.
    """

    bill: str
    version: NotRequired[int]
    conveyance: str
    sequence: int
    manifested_at: str | datetime
    mode: Literal["air", "mail", "ocean", "rail", "truck"]
    filing: Literal["manifest", "type86"]
    consignee: Consignee
    shipper: Shipper
    lines: list[Line]
    order: NotRequired[str | None]
    programme: NotRequired[str | None]
    seller: NotRequired[str | None]
    purchased_on: NotRequired[str | date | None]
    weight_grams: NotRequired[int | None]
    estimated_arrivals: NotRequired[list[str | date] | None]
    arrived_at: NotRequired[str | datetime | None]
    bill_type: NotRequired[str | None]
    quantity: NotRequired[int | None]
    planned_port: NotRequired[str | None]


class BillManifested(TypedDict):
    """A bill is on a manifest; the event makes a closed bill live again."""

    type: Literal["tallygate.bill.manifested.v1"]
    specversion: Literal["1.0"]
    id: str
    source: str
    time: str | datetime
    data: ManifestedBill


class AmendedBill(TypedDict):
    """A whole bill; it replaces the earlier version."""

    bill: str
    version: int
    conveyance: str
    sequence: int
    manifested_at: str | datetime
    mode: Literal["air", "mail", "ocean", "rail", "truck"]
    filing: Literal["manifest", "type86"]
    consignee: Consignee
    shipper: Shipper
    lines: list[Line]
    order: NotRequired[str | None]
    programme: NotRequired[str | None]
    seller: NotRequired[str | None]
    purchased_on: NotRequired[str | date | None]
    weight_grams: NotRequired[int | None]
    estimated_arrivals: NotRequired[list[str | date] | None]
    arrived_at: NotRequired[str | datetime | None]
    bill_type: NotRequired[str | None]
    quantity: NotRequired[int | None]
    planned_port: NotRequired[str | None]


class BillAmended(TypedDict):
    """A newer version replaces a bill; the event is stale on a closed bill."""

    type: Literal["tallygate.bill.amended.v1"]
    specversion: Literal["1.0"]
    id: str
    source: str
    time: str | datetime
    data: AmendedBill


class BillDeletion(TypedDict):
    """A bill is deleted from the manifest."""

    bill: str
    conveyance: str
    version: int


class BillDeleted(TypedDict):
    """A bill is deleted."""

    type: Literal["tallygate.bill.deleted.v1"]
    specversion: Literal["1.0"]
    id: str
    source: str
    time: str | datetime
    data: BillDeletion


class BillDisposal(TypedDict):
    """A bill left by another way: an entry of another type, or the goods are gone."""

    bill: str
    conveyance: str
    version: int
    how: Literal["abandoned", "entry-01", "entry-11", "exported", "returned"]
    entry_number: NotRequired[str | None]


class BillDisposed(TypedDict):
    """A bill left by an entry, export, abandonment or return."""

    type: Literal["tallygate.bill.disposed.v1"]
    specversion: Literal["1.0"]
    id: str
    source: str
    time: str | datetime
    data: BillDisposal


class Estimate(TypedDict):
    """The time at which the conveyance is expected; null takes the estimate back."""

    conveyance: str
    estimated_arrival: str | datetime | None


class ConveyanceEstimated(TypedDict):
    """A conveyance is expected."""

    type: Literal["tallygate.conveyance.estimated.v1"]
    specversion: Literal["1.0"]
    id: str
    source: str
    time: str | datetime
    data: Estimate


class Arrival(TypedDict):
    """The time at which the conveyance arrived; null takes the arrival back, a later event corrects it."""

    conveyance: str
    arrived_at: str | datetime | None
    port: NotRequired[str | None]


class ConveyanceArrived(TypedDict):
    """A conveyance arrived."""

    type: Literal["tallygate.conveyance.arrived.v1"]
    specversion: Literal["1.0"]
    id: str
    source: str
    time: str | datetime
    data: Arrival


Action = Literal["DONE", "GO", "HOLD", "STOP", "WAIT"]


class Code(TypedDict):
    """A message code of the customs system, in the channel it belongs to."""

    channel: str
    code: str
    text: str


class Measure(TypedDict):
    """A limit on something other than value."""

    measure: Literal["count", "weight"]
    total: int
    limit: int


class Policy(TypedDict):
    """The settings under which a decision was made."""

    overflow: NotRequired[Literal["all_or_none", "excess", "latch", "skip"]]
    rounding: NotRequired[Literal["cents", "whole-dollars"]]
    enforcement: NotRequired[Literal["auto", "warn", "withhold"]]
    as_of: NotRequired[str | None]


class Advice(TypedDict):
    """What to do with a bill that does not fit."""

    entry_type: Literal["01", "11"] | None
    next_day: str | None
    dutiable_cents: NotRequired[int | None]
    caution: NotRequired[Literal["one-order"] | None]


class Cause(TypedDict):
    """The shipment event that led to the decision."""

    topic: str
    partition: int
    offset: int


class Verdict(TypedDict):
    """A bill's answer; what only the scope audit sees may be missing."""

    bill: str
    conveyance: str | None
    action: Action
    line: str
    outcome: Literal["clear", "closed", "pending", "reject", "release", "warn", "withhold"] | None
    reason: str | None
    basis: Literal["actual", "estimated"] | None
    day: str | None
    code: Code | None
    entry_type: Literal["01", "11"] | None
    as_of: NotRequired[str | None]
    stale: NotRequired[bool]
    programme: NotRequired[str]
    period: NotRequired[str | None]
    currency: NotRequired[str | None]
    consignee: NotRequired[str]
    seller: NotRequired[str | None]
    order: NotRequired[str | None]
    value_cents: NotRequired[int | None]
    counted_cents: NotRequired[int | None]
    counts: NotRequired[bool]
    total_cents: NotRequired[int | None]
    limit_cents: NotRequired[int | None]
    headroom_cents: NotRequired[int | None]
    measures: NotRequired[list[Measure]]
    filing_errors: NotRequired[list[str]]
    rule: NotRequired[str | None]
    policy: NotRequired[Policy]
    advice: NotRequired[Advice | None]
    cause: NotRequired[Cause]
    epoch: NotRequired[int]
    bill_version: NotRequired[int]
    posting: NotRequired[int]
    revision: NotRequired[int]
    time: NotRequired[str]
    conveyances: NotRequired[list["Verdict"]]


class PastDecision(TypedDict):
    """An earlier decision with all its fields; amounts are hundredths of `currency`."""

    bill: str
    conveyance: str
    order: str | None
    epoch: int
    bill_version: int
    posting: int
    revision: int
    outcome: Literal["clear", "closed", "pending", "reject", "release", "warn", "withhold"]
    reason: str
    basis: Literal["actual", "estimated"] | None
    day: str | None
    programme: NotRequired[str]
    period: NotRequired[str | None]
    currency: NotRequired[str | None]
    consignee: str
    seller: NotRequired[str | None]
    value_cents: int | None
    counted_cents: int | None
    counts: bool
    total_cents: int | None
    limit_cents: int | None
    headroom_cents: int | None
    measures: NotRequired[list[Measure]]
    code: Code | None
    filing_errors: list[str]
    rule: str | None
    policy: Policy
    advice: Advice | None
    cause: Cause
    time: str
    partition: int
    offset: int
    action: Action


class BillHistory(TypedDict):
    """A bill's decisions, oldest first by the topic's order, on all its conveyances."""

    bill: str
    decisions: list[PastDecision]
    complete: bool
    next: str | None


Outcome = Literal["clear", "closed", "pending", "reject", "release", "warn", "withhold"]

Event = BillManifested | BillAmended | BillDeleted | BillDisposed | ConveyanceEstimated | ConveyanceArrived
