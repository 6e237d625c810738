"""Reads a record of the shipments topic: an event, or the fault that makes it a dead letter (DESIGN section 2).

This is the only entrance for shipment events. It checks what msgspec's types cannot check fast. `stream.faultfinding`
finds out, slowly, what is wrong with a refused record.
"""

from collections.abc import Callable
from functools import lru_cache
from typing import Final

import msgspec

from stream.blanks import without_blanks
from stream.deadletters import Fault
from stream.events import (
    AmendedBill,
    Arrival,
    BillAmended,
    BillDeleted,
    BillDeletion,
    BillDisposal,
    BillDisposed,
    BillManifested,
    Consignee,
    ConveyanceArrived,
    ConveyanceEstimated,
    Estimate,
    Line,
    Shipment,
    ShipmentEvent,
)
from stream.faultfinding import VALUE_BYTES_MAX, FaultFound, find_fault, misfit, nests_too_deep
from stream.money import AmountError, parse_amount
from stream.partition import partition_of
from stream.records import Record

AHEAD_MILLIS_MAX: Final = 24 * 3600 * 1000
"""How far an event's `time` may be ahead of the broker's timestamp."""

hundredths: Final = lru_cache(maxsize=16_384)(parse_amount)
"""Amounts in hundredths of their currency, cached: the same prices occur often, and each is read twice."""

_UNNESTED_BYTES: Final = 800
"""A value of fewer bytes cannot be nested too deep."""

_KEYS_KEPT: Final = 8192
_ANY_PARTITION: Final = -1

_LETTERS: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_COUNTRIES: Final = frozenset(first + second for first in _LETTERS for second in _LETTERS)
_PROGRAMME_CHARACTERS: Final = _LETTERS.lower() + "0123456789-"
_CONVEYANCE_CHARACTERS: Final = _LETTERS + _LETTERS.lower() + "0123456789:._-"


class Reader:
    """Reads shipment events; `partitions` is the partition count of the topic, or None where there is no broker.

    Without a broker, partitions are not checked, and a record without a key counts as one with the right key.
    """

    __slots__ = ("_decode", "_known", "_partitions")

    def __init__(self, partitions: int | None) -> None:
        self._partitions = partitions
        self._decode = msgspec.json.Decoder(Shipment).decode
        # Well-formed conveyances, each with its record key and partition.
        self._known: dict[str, tuple[bytes, int]] = {}

    def read(self, record: Record) -> Shipment | FaultFound:
        """Return the event, or the first fault in the order of `Fault`. Nothing but the record is read."""
        value = record.value
        if value is None or len(value) > VALUE_BYTES_MAX:
            return find_fault(value)
        try:
            if not value.isascii():
                value.decode()
            if len(value) >= _UNNESTED_BYTES and nests_too_deep(value):
                return find_fault(value)
            event: Shipment = self._decode(value)
        except msgspec.ValidationError:
            plain = without_blanks(value)
            return find_fault(value) if plain is None else self._read_plain(plain, record)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return find_fault(value)
        return self._fault_of(event, record) or event

    def _read_plain(self, value: bytes, record: Record) -> Shipment | FaultFound:
        """Read a refused event again, without its blank optional fields."""
        try:
            event: Shipment = self._decode(value)
        except msgspec.DecodeError:
            return find_fault(value)
        return self._fault_of(event, record) or event

    def _fault_of(self, event: Shipment, record: Record) -> FaultFound | None:
        if not 1 < event.time.year < 9999:
            return misfit(Fault.WRONG_ENVELOPE, type(event), "$.time")
        conveyance = event.data.conveyance
        known = self._known.get(conveyance)
        if known is None:
            if not 0 < len(conveyance) <= 100 or conveyance.strip(_CONVEYANCE_CHARACTERS):
                return misfit(Fault.WRONG_SHAPE, type(event), "$.data.conveyance")
            known = self._remember(conveyance)
        path = _MISSHAPEN[type(event)](event.data)
        if path is not None:
            return misfit(Fault.WRONG_SHAPE, type(event), path)
        key, partition = known
        if record.key != key and (record.key is not None or self._partitions is not None):
            return FaultFound(Fault.KEY_MISMATCH, "record key: expected the text of $.data.conveyance")
        if partition >= 0 and partition != record.partition:
            return FaultFound(Fault.WRONG_PARTITION, "record partition: expected murmur2 of the key")
        timestamp = record.timestamp
        if timestamp >= 0 and event.time.timestamp() * 1000 > timestamp + AHEAD_MILLIS_MAX:
            return FaultFound(Fault.TIME_AHEAD, "$.time: expected at most 24 hours after the broker's timestamp")
        return None

    def _remember(self, conveyance: str) -> tuple[bytes, int]:
        if len(self._known) >= _KEYS_KEPT:
            self._known.clear()
        key = conveyance.encode()
        partition = _ANY_PARTITION if self._partitions is None else partition_of(key, self._partitions)
        known = self._known[conveyance] = (key, partition)
        return known


def _whole_bill(bill: AmendedBill) -> str | None:
    """Return the path of the first fault in a whole bill that its type alone does not refuse."""
    number, days = bill.bill, bill.estimated_arrivals
    # As in `_is_bill_number`, without the call.
    if not (4 <= len(number) <= 35 and number.isascii() and number.isalnum() and number == number.upper()):
        return "$.data.bill"
    if not 1 < bill.manifested_at.year < 9999:
        return "$.data.manifested_at"
    if bill.arrived_at is not None and not 1 < bill.arrived_at.year < 9999:
        return "$.data.arrived_at"
    if bill.programme and not _is_programme_id(bill.programme):
        return "$.data.programme"
    if bill.purchased_on is not None and not 1 < bill.purchased_on.year < 9999:
        return "$.data.purchased_on"
    if days:
        for day in days:
            if not 1 < day.year < 9999:
                return f"$.data.estimated_arrivals[{days.index(day)}]"
    if bill.shipper.country not in _COUNTRIES:
        return "$.data.shipper.country"
    return consignee_misfit(bill.consignee) or _lines(bill.lines)


def consignee_misfit(consignee: Consignee) -> str | None:
    """Return the path, as in an event, of the first fault in a consignee that its type alone does not refuse."""
    name, address, identifier = consignee.name, consignee.address, consignee.identifier
    if name is not None:
        if address is None or identifier is not None or consignee.identifier_type is not None:
            return "$.data.consignee"
        if name.isspace():
            return "$.data.consignee.name"
        return None if address.country in _COUNTRIES else "$.data.consignee.address.country"
    if address is not None or identifier is None or consignee.identifier_type is None:
        return "$.data.consignee"
    return "$.data.consignee.identifier" if identifier.isspace() else None


def _lines(lines: list[Line]) -> str | None:
    for line in lines:
        if line.origin not in _COUNTRIES:
            return f"$.data.lines[{lines.index(line)}].origin"
        money = line.value
        currency = money.currency
        if currency != "USD" and (len(currency) != 3 or currency.strip(_LETTERS)):
            return f"$.data.lines[{lines.index(line)}].value.currency"
        try:
            hundredths(money.amount)
        except AmountError:
            return f"$.data.lines[{lines.index(line)}].value.amount"
    return None


def _exit(data: BillDeletion | BillDisposal) -> str | None:
    return None if _is_bill_number(data.bill) else "$.data.bill"


def _estimate(data: Estimate) -> str | None:
    instant = data.estimated_arrival
    return None if instant is None or 1 < instant.year < 9999 else "$.data.estimated_arrival"


def _arrival(data: Arrival) -> str | None:
    if data.arrived_at is not None and not 1 < data.arrived_at.year < 9999:
        return "$.data.arrived_at"
    port = data.port
    return None if not port or (len(port) == 4 and port.isascii() and port.isdigit()) else "$.data.port"


def _is_bill_number(text: str) -> bool:
    return 4 <= len(text) <= 35 and text.isascii() and text.isalnum() and text == text.upper()


def _is_programme_id(text: str) -> bool:
    return 2 <= len(text) <= 39 and text[0] != "-" and not text.strip(_PROGRAMME_CHARACTERS)


_MISSHAPEN: Final[dict[type[ShipmentEvent], Callable[..., str | None]]] = {
    BillManifested: _whole_bill,
    BillAmended: _whole_bill,
    BillDeleted: _exit,
    BillDisposed: _exit,
    ConveyanceEstimated: _estimate,
    ConveyanceArrived: _arrival,
}
