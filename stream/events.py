"""Shipment events as they arrive: CloudEvents 1.0 structured JSON, one class per type (DESIGN section 2).

These types are the exact shape; the JSON Schemas in the repository are generated from them. Unknown fields are ignored,
since producers may be newer than this code. An optional field that is null or empty text counts as missing: the types
accept most of these, `stream.blanks` removes the rest. Patterns are in the schema only: msgspec calls Python for each
pattern, which took more than half of the decoding time. `stream.reading`, the only entrance, checks them in plain code.
"""

from datetime import date, datetime
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

# The same in Python and in ECMA 262: in Python, a `$` alone also matches before a newline at the end.
_END = r"$(?!\n)"
# Any character that Python does not call space.
_NOT_BLANK = "[^\\t-\\r\\x1c- \\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000]"
# Years 1 and 9999 are left out, so that no time zone and no count of days leaves the calendar.
_YEARS = {"pattern": "^(?!0001|9999)[0-9]"}

Text = Annotated[str, Meta(max_length=70)]
NotBlankText = Annotated[str, Meta(min_length=1, max_length=70, extra_json_schema={"pattern": _NOT_BLANK})]
OrderNumber = Annotated[str, Meta(max_length=64, description="The seller's order number.")]
NotNegative = Annotated[int, Meta(ge=0, lt=1_000_000_000)]
Version = Annotated[int, Meta(ge=1, lt=1_000_000_000, description="Higher with every event of a bill.")]
Instant = Annotated[
    datetime,
    Meta(tz=True, description="RFC 3339 with offset, years 2 to 9998.", extra_json_schema=_YEARS),
]
LocalDay = Annotated[
    date, Meta(description="Date in the zone of the programme, America/New_York for the US.", extra_json_schema=_YEARS)
]
ProgrammeId = Annotated[
    str,
    Meta(
        description="Id of the exemption that is claimed: small letters, digits, hyphens; missing: the default.",
        examples=["us-321"],
        extra_json_schema={"pattern": f"^[a-z0-9][a-z0-9-]{{1,38}}{_END}"},
    ),
]
BillNumber = Annotated[
    str,
    Meta(
        description="Carrier code and number, or air waybill, separators left out.",
        examples=["ACME00000017"],
        extra_json_schema={"pattern": f"^[A-Z0-9]{{4,35}}{_END}"},
    ),
]
ConveyanceId = Annotated[
    str,
    Meta(
        description="Unique per trip; equal to the record key.",
        examples=["air:AF0066:2025-08-20"],
        extra_json_schema={"pattern": f"^[A-Za-z0-9:._-]{{1,100}}{_END}"},
    ),
]
Country = Annotated[
    str,
    Meta(description="ISO 3166-1 alpha-2.", examples=["FR"], extra_json_schema={"pattern": f"^[A-Z]{{2}}{_END}"}),
]
Currency = Annotated[
    str,
    Meta(description="ISO 4217.", examples=["USD"], extra_json_schema={"pattern": f"^[A-Z]{{3}}{_END}"}),
]
AmountText = Annotated[
    str,
    Meta(
        description="Decimal text.",
        examples=["12.00"],
        extra_json_schema={"pattern": rf"^[0-9]{{1,9}}(\.[0-9]{{1,2}})?{_END}"},
    ),
]
Port = Annotated[
    str,
    Meta(description="Schedule D port.", examples=["4701"], extra_json_schema={"pattern": f"^[0-9]{{4}}{_END}"}),
]

Mode = Literal["air", "ocean", "rail", "truck", "mail"]
Filing = Literal["manifest", "type86"]
Flag = Literal["adcvd", "quota", "irc-tax", "pga", "fda"]
Disposal = Literal["entry-01", "entry-11", "exported", "abandoned", "returned"]


class Address(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A postal address."""

    lines: Annotated[list[Text], Meta(max_length=6)]
    country: Country
    city: Text | None = None
    state: Text | None = None
    postal: Text | None = None


class Consignee(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """The recipient of the goods: a name with an address, or an identifier, never both (ace-rules section 3.1)."""

    name: NotBlankText | None = None
    address: Address | None = None
    identifier_type: Literal["EI", "ANI", "34"] | None = None
    identifier: NotBlankText | None = None


_SET, _NOT_SET = {"not": {"enum": [None, ""]}}, {"enum": [None, ""]}
_NAMED_OR_IDENTIFIED = {
    "oneOf": [
        {
            "required": ["name", "address"],
            "properties": {"name": _SET, "address": _SET, "identifier_type": _NOT_SET, "identifier": _NOT_SET},
        },
        {
            "required": ["identifier_type", "identifier"],
            "properties": {"name": _NOT_SET, "address": _NOT_SET, "identifier_type": _SET, "identifier": _SET},
        },
    ]
}
NamedOrIdentified = Annotated[
    Consignee,
    Meta(
        description="Either name and address, or identifier_type and identifier.",
        extra_json_schema=_NAMED_OR_IDENTIFIED,
    ),
]


class Shipper(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """The sender of the goods."""

    name: Text
    country: Country


class Money(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """An amount in a currency."""

    amount: AmountText
    currency: Currency


class Line(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One line of goods; `value` is the line's total, its quantity included."""

    description: Text
    """May be empty; a type 86 filing needs one with a letter."""
    hts: Text
    """May be empty; a type 86 filing needs ten digits."""
    origin: Country
    quantity: NotNegative
    value: Money
    """Total of the line, its quantity included."""
    flags: Annotated[list[Flag], Meta(max_length=16)] = []
    """Anti-dumping or countervailing duty, quota, excise tax, goods of another agency, goods that need FDA data."""


class AmendedBill(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A whole bill; it replaces the earlier version."""

    bill: BillNumber
    version: Version
    conveyance: ConveyanceId
    sequence: Annotated[NotNegative, Meta(description="Place in the manifest.")]
    manifested_at: Annotated[Instant, Meta(description="When the bill was accepted.")]
    mode: Mode
    filing: Filing
    """Whether the manifest itself asks for the release, or an entry of type 86 does."""
    consignee: NamedOrIdentified
    shipper: Shipper
    lines: Annotated[list[Line], Meta(min_length=1, max_length=999)]
    order: OrderNumber | None = None
    programme: ProgrammeId | None = None
    seller: Text | None = None
    """Who sold the goods; missing: the shipper's name."""
    purchased_on: Annotated[date, Meta(extra_json_schema=_YEARS)] | None = None
    """Date of purchase, as the order shows it; a programme by date of purchase needs it."""
    weight_grams: NotNegative | None = None
    """A programme with a limit on weight needs it."""
    estimated_arrivals: Annotated[list[LocalDay], Meta(max_length=2)] | None = None
    """Dates in the programme's zone, Eastern for the US; a type 86 filing needs exactly one."""
    arrived_at: Instant | None = None
    """When this bill arrived, if you know it; RFC 3339 with offset."""
    bill_type: Text | None = None
    """A type 86 filing needs one other than T."""
    quantity: NotNegative | None = None
    """Smallest outer units; a type 86 filing needs one above zero."""
    planned_port: Text | None = None
    """Port of entry; a type 86 filing needs it."""


class ManifestedBill(AmendedBill, frozen=True, kw_only=True, gc=False):
    """A whole bill as first manifested. Its version is 1 if the event has none."""

    version: Version = 1


class BillDeletion(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A bill is deleted from the manifest."""

    bill: BillNumber
    conveyance: ConveyanceId
    version: Version


class BillDisposal(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A bill left by another way: an entry of another type, or the goods are gone."""

    bill: BillNumber
    conveyance: ConveyanceId
    version: Version
    how: Disposal
    entry_number: Text | None = None
    """Number of the entry with duty, for your own records."""


class Estimate(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """The time at which the conveyance is expected; null takes the estimate back."""

    conveyance: ConveyanceId
    estimated_arrival: Instant | None


class Arrival(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """The time at which the conveyance arrived; null takes the arrival back, a later event corrects it."""

    conveyance: ConveyanceId
    arrived_at: Instant | None
    port: Port | None = None


class ShipmentEvent(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", gc=False):
    """The CloudEvents attributes that every event carries."""

    specversion: Literal["1.0"]
    id: Annotated[str, Meta(min_length=1)]
    source: Annotated[str, Meta(min_length=1)]
    time: Instant


class BillManifested(ShipmentEvent, frozen=True, kw_only=True, tag="tallygate.bill.manifested.v1", gc=False):
    """A bill is on a manifest; the event makes a closed bill live again."""

    data: ManifestedBill


class BillAmended(ShipmentEvent, frozen=True, kw_only=True, tag="tallygate.bill.amended.v1", gc=False):
    """A newer version replaces a bill; the event is stale on a closed bill."""

    data: AmendedBill


class BillDeleted(ShipmentEvent, frozen=True, kw_only=True, tag="tallygate.bill.deleted.v1", gc=False):
    """A bill is deleted."""

    data: BillDeletion


class BillDisposed(ShipmentEvent, frozen=True, kw_only=True, tag="tallygate.bill.disposed.v1", gc=False):
    """A bill left by an entry, export, abandonment or return."""

    data: BillDisposal


class ConveyanceEstimated(ShipmentEvent, frozen=True, kw_only=True, tag="tallygate.conveyance.estimated.v1", gc=False):
    """A conveyance is expected."""

    data: Estimate


class ConveyanceArrived(ShipmentEvent, frozen=True, kw_only=True, tag="tallygate.conveyance.arrived.v1", gc=False):
    """A conveyance arrived."""

    data: Arrival


Shipment = BillManifested | BillAmended | BillDeleted | BillDisposed | ConveyanceEstimated | ConveyanceArrived
WholeBill = BillManifested | BillAmended
EVENT_TYPES: tuple[type[ShipmentEvent], ...] = (
    BillManifested,
    BillAmended,
    BillDeleted,
    BillDisposed,
    ConveyanceEstimated,
    ConveyanceArrived,
)
