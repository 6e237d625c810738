"""Shipment events as they come in: CloudEvents 1.0 structured JSON, one class a type (DESIGN section 2).

These types are the exact shape; the JSON Schema in the repository is generated from them. Unknown fields are ignored,
since producers may be newer than we are.
"""

from datetime import date, datetime
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

TYPE_PREFIX = "tallygate."

Text = Annotated[str, Meta(max_length=70)]
NonEmptyText = Annotated[str, Meta(min_length=1, max_length=70)]
OrderNumber = Annotated[str, Meta(min_length=1, max_length=64, description="The seller's order number.")]
Count = Annotated[int, Meta(ge=0, lt=1_000_000_000)]
Version = Annotated[int, Meta(ge=1, lt=1_000_000_000, description="Rises with every event of a bill.")]
Instant = Annotated[datetime, Meta(tz=True, description="RFC 3339 with offset.")]
BillNumber = Annotated[
    str,
    Meta(
        pattern="^[A-Z0-9]{4,35}$",
        description="Carrier code and number, or air waybill, separators left out.",
        examples=["ACME00000017"],
    ),
]
ConveyanceId = Annotated[
    str,
    Meta(
        pattern="^[A-Za-z0-9:._-]{1,100}$",
        description="Unique per trip; equal to the record key.",
        examples=["air:AF0066:2025-08-20"],
    ),
]
Country = Annotated[str, Meta(pattern="^[A-Z]{2}$", description="ISO 3166-1 alpha-2.")]
Currency = Annotated[str, Meta(pattern="^[A-Z]{3}$", description="ISO 4217.")]
Amount = Annotated[str, Meta(pattern=r"^[0-9]{1,9}(\.[0-9]{1,2})?$", description="Decimal text.", examples=["12.00"])]
Port = Annotated[str, Meta(pattern="^[0-9]{4}$", description="Schedule D port.")]

Mode = Literal["air", "ocean", "rail", "truck", "mail"]
Filing = Literal["manifest", "type86"]
Flag = Literal["adcvd", "quota", "irc-tax", "pga"]
Disposal = Literal["entry-01", "entry-11", "exported", "abandoned", "returned"]


class Address(msgspec.Struct, frozen=True, kw_only=True):
    """A postal address."""

    lines: Annotated[list[Text], Meta(max_length=6)]
    country: Country
    city: Text = ""
    state: Text | None = None
    postal: Text | None = None


class Consignee(msgspec.Struct, frozen=True, kw_only=True):
    """Who the goods are for: a name with an address, or an identifier, never both (ace-rules section 3.1)."""

    name: NonEmptyText | None = None
    address: Address | None = None
    identifier_type: Literal["EI", "ANI", "34"] | None = None
    identifier: NonEmptyText | None = None

    def __post_init__(self) -> None:
        """Refuse a mixture; the message quotes nothing."""
        named = (self.name is not None) + (self.address is not None)
        identified = (self.identifier_type is not None) + (self.identifier is not None)
        if (named, identified) not in {(2, 0), (0, 2)}:
            msg = "Expected either name and address, or identifier_type and identifier"
            raise ValueError(msg)


class Shipper(msgspec.Struct, frozen=True, kw_only=True):
    """Who sends the goods."""

    name: Text
    country: Country


class Money(msgspec.Struct, frozen=True, kw_only=True):
    """An amount in a currency."""

    amount: Amount
    currency: Currency


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """One line of goods; `value` is the line's total, its quantity included."""

    description: Text
    hts: Text
    origin: Country
    quantity: Count
    value: Money
    flags: Annotated[list[Flag], Meta(max_length=16)] = []


class AmendedBill(msgspec.Struct, frozen=True, kw_only=True):
    """A whole bill; it replaces the earlier version."""

    bill: BillNumber
    version: Version
    conveyance: ConveyanceId
    sequence: Annotated[Count, Meta(description="Place in the manifest.")]
    manifested_at: Annotated[Instant, Meta(description="When the bill was accepted.")]
    mode: Mode
    filing: Filing
    consignee: Consignee
    shipper: Shipper
    lines: Annotated[list[Line], Meta(min_length=1, max_length=999)]
    order: OrderNumber | None = None
    estimated_arrivals: Annotated[list[date], Meta(max_length=2, description="Eastern dates.")] | None = None
    arrived_at: Instant | None = None
    bill_type: Text | None = None
    quantity: Count | None = None
    planned_port: Text | None = None


class ManifestedBill(AmendedBill, frozen=True, kw_only=True):
    """A whole bill as first manifested: its version is 1 if it has none."""

    version: Version = 1


class BillDeletion(msgspec.Struct, frozen=True, kw_only=True):
    """A bill is taken off the manifest."""

    bill: BillNumber
    conveyance: ConveyanceId
    version: Version


class BillDisposal(msgspec.Struct, frozen=True, kw_only=True):
    """A bill left by another way: an entry of another type, or the goods are gone."""

    bill: BillNumber
    conveyance: ConveyanceId
    version: Version
    how: Disposal
    entry_number: Text | None = None


class Estimate(msgspec.Struct, frozen=True, kw_only=True):
    """When the conveyance is expected; null takes the estimate back."""

    conveyance: ConveyanceId
    estimated_arrival: Instant | None


class Arrival(msgspec.Struct, frozen=True, kw_only=True):
    """When the conveyance arrived; null takes the arrival back, a later event corrects it."""

    conveyance: ConveyanceId
    arrived_at: Instant | None
    port: Port | None = None


class ShipmentEvent(msgspec.Struct, frozen=True, kw_only=True, tag_field="type"):
    """The CloudEvents attributes that every event carries."""

    specversion: Literal["1.0"]
    id: Annotated[str, Meta(min_length=1)]
    source: Annotated[str, Meta(min_length=1)]
    time: Instant


class BillManifested(ShipmentEvent, frozen=True, kw_only=True, tag="tallygate.bill.manifested.v1"):
    """A bill is on a manifest; makes a closed bill live again."""

    data: ManifestedBill


class BillAmended(ShipmentEvent, frozen=True, kw_only=True, tag="tallygate.bill.amended.v1"):
    """A bill is replaced by a newer version; stale on a closed bill."""

    data: AmendedBill


class BillDeleted(ShipmentEvent, frozen=True, kw_only=True, tag="tallygate.bill.deleted.v1"):
    """A bill is taken off."""

    data: BillDeletion


class BillDisposed(ShipmentEvent, frozen=True, kw_only=True, tag="tallygate.bill.disposed.v1"):
    """A bill left by an entry, export, abandonment or return."""

    data: BillDisposal


class ConveyanceEstimated(ShipmentEvent, frozen=True, kw_only=True, tag="tallygate.conveyance.estimated.v1"):
    """A conveyance is expected."""

    data: Estimate


class ConveyanceArrived(ShipmentEvent, frozen=True, kw_only=True, tag="tallygate.conveyance.arrived.v1"):
    """A conveyance arrived."""

    data: Arrival


Shipment = BillManifested | BillAmended | BillDeleted | BillDisposed | ConveyanceEstimated | ConveyanceArrived
WholeBill = BillManifested | BillAmended
BillExit = BillDeleted | BillDisposed
EVENT_TYPES: tuple[type[ShipmentEvent], ...] = (
    BillManifested,
    BillAmended,
    BillDeleted,
    BillDisposed,
    ConveyanceEstimated,
    ConveyanceArrived,
)
