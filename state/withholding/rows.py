"""Rows of bills: one for each copy, that is, for a bill on a conveyance.

The first byte of a row is its format, the second says what follows. A bill number usually has one copy, and the row of
the number is the row of that copy. If several conveyances carry the number, each copy has a row of its own and the
number's row only counts them: an event of one copy must not read or write all others. Rows are small, since every byte
of a row is a megabyte at a million live bills.

Modes, flags, filing errors and statuses are numbers on disk, pinned one by one. A copy ends with what few bills have:
filing errors, and the fields of programmes other than us-321: programme, seller key, weight, and the covered part under
`excess`. No row has the period, since it follows from the day and the programme.
"""

from struct import Struct
from typing import Final

import msgspec

from state.unreadable_rows import ROW_REMEDY, RowFormatError
from state.withholding.bill import NO_DAY, Bill
from state.withholding.clock import ORDER_DAYS_KEPT, Clock
from state.withholding.ledger_ids import NO_LEDGER
from state.withholding.row_format import ROW_FORMAT
from state.withholding.statuses import DAY_CLOSED
from stream.days import day_of_micros
from stream.events import Mode
from stream.postings import US_321

_COPY: Final = 0
_SHARED: Final = 1
_COPY_HEAD: Final = bytes((ROW_FORMAT, _COPY))
_SHARED_ROW: Final = Struct("<BBI")
_FIXED: Final = Struct("<2sIBBIIIIqqBHHBB")
_FIXED_BYTES: Final = _FIXED.size
_GLANCE: Final = Struct("<2xIB25xq6xB")
"""The fields of the fixed part that a glance needs."""
_LOOK: Final = Struct("<2xIB17xqqBH3xB")
_NO_VALUE: Final = -1

MODE_NUMBERS: Final[dict[Mode, int]] = {"air": 0, "ocean": 1, "rail": 2, "truck": 3, "mail": 4}
_MODES: Final = {number: mode for mode, number in MODE_NUMBERS.items()}
_MODE_BITS: Final = 0b111
_ARRIVED: Final = 8
_TYPE86: Final = 16

FLAG_BITS: Final = {"adcvd": 1, "fda": 16, "irc-tax": 2, "pga": 4, "quota": 8}
"""In the order in which postings list them."""
ERROR_BITS: Final = {
    "282": 1 << 0,
    "288": 1 << 1,
    "bill-type": 1 << 2,
    "no-quantity": 1 << 3,
    "no-port": 1 << 4,
    "no-hts": 1 << 5,
    "no-description": 1 << 6,
    "no-type86": 1 << 7,
    "no-state": 1 << 8,
    "no-exchange-rate": 1 << 9,
    "no-purchase-date": 1 << 10,
    "no-seller": 1 << 11,
    "no-weight": 1 << 12,
    "unknown-programme": 1 << 13,
}
"""In the order in which a decision lists them."""

_ERRORS: Final = 1
OTHER_PROGRAMME: Final = 2
"""Set where the programme is another than us-321."""
_SELLER: Final = 4
_WEIGHT: Final = 8
_COVERED: Final = 16
_ERROR_BYTES: Final = Struct("<H")
_GRAMS: Final = Struct("<I")
_CENTS: Final = Struct("<q")


def _sets(bits: dict[str, int]) -> dict[int, tuple[str, ...]]:
    """Return the first sets of names by their bits; others are added when they occur, since there are many."""
    return {0: (), **{bit: (name,) for name, bit in bits.items()}}


_flag_sets: Final = _sets(FLAG_BITS)
_error_sets: Final = _sets(ERROR_BITS)


def _names(sets: dict[int, tuple[str, ...]], names: dict[str, int], bits: int) -> tuple[str, ...]:
    found = sets.get(bits)
    if found is None:
        found = sets[bits] = tuple(name for name, bit in names.items() if bits & bit)
    return found


def open_row(number: bytes, row: bytes, clock: Clock) -> Bill | None:
    """Read a copy as it is now: whether a closed ledger has been swept must not matter.

    The bills of a closed ledger are gone, except live bills of an order: they stay part of their order, on no day.
    """
    copy = unpack_row(number, row)
    if copy.programme != US_321:
        return copy if clock.stands(copy) else None
    if copy.day >= clock.first_open:
        return copy
    if copy.day != NO_DAY:
        if copy.order is None or not copy.live:
            return None
        copy.leave_ledger(DAY_CLOSED)
    manifested = day_of_micros(copy.manifested).toordinal()
    return copy if manifested >= clock.today - ORDER_DAYS_KEPT else None


def pack_row(copy: Bill) -> bytes:
    """Return the row of one copy."""
    conveyance = copy.conveyance.encode()
    order = b"" if copy.order is None else copy.order.encode()
    origins = copy.origins
    value = copy.value
    extras, rest = (0, b"") if copy.plain else _pack_extras(copy)
    fixed = _FIXED.pack(
        _COPY_HEAD,
        copy.day,
        copy.status,
        MODE_NUMBERS[copy.mode] | (_ARRIVED if copy.arrived else 0) | (_TYPE86 if copy.filing == "type86" else 0),
        copy.version,
        copy.posting,
        copy.revision,
        copy.sequence,
        copy.manifested,
        _NO_VALUE if value is None else value,
        len(conveyance),
        len(order),
        len(origins),
        sum([FLAG_BITS[flag] for flag in copy.flags]) if copy.flags else 0,
        extras,
    )
    return fixed + conveyance + order + "".join(origins).encode() + rest


def _pack_extras(copy: Bill) -> tuple[int, bytes]:
    bits, parts = 0, []
    if copy.filing_errors:
        bits |= _ERRORS
        parts.append(_ERROR_BYTES.pack(sum(ERROR_BITS[error] for error in copy.filing_errors)))
    if copy.programme != US_321:
        bits |= OTHER_PROGRAMME
        parts.append(_short_text(copy.programme))
    if copy.seller is not None:
        bits |= _SELLER
        parts.append(_short_text(copy.seller))
    if copy.weight is not None:
        bits |= _WEIGHT
        parts.append(_GRAMS.pack(copy.weight))
    if copy.covered is not None:
        bits |= _COVERED
        parts.append(_CENTS.pack(copy.covered))
    return bits, b"".join(parts)


def _short_text(text: str) -> bytes:
    encoded = text.encode()
    return bytes((len(encoded),)) + encoded


def pack_shared(copies: int) -> bytes:
    """Return the row of a number that several conveyances carry: how many rows of copies it has."""
    return _SHARED_ROW.pack(ROW_FORMAT, _SHARED, copies)


def shared_copies(row: bytes) -> int:
    """Return how many copies have rows of their own; 0 for the row of a number's one copy."""
    if row.startswith(_COPY_HEAD):
        return 0
    check_format(row)
    return _SHARED_ROW.unpack(row)[2] if row[1] == _SHARED else 0


def check_format(row: bytes) -> None:
    """Raise RowFormatError for a row of another format."""
    if row[0] != ROW_FORMAT:
        raise RowFormatError(f"withholding row format {row[0]} is not {ROW_FORMAT}: {ROW_REMEDY}")


def glance(row: bytes) -> tuple[int, int, int, int] | None:
    """Return day, status, cents (-1: none) and extras of a bill in a tenth of the time; None for a shared number."""
    if not row.startswith(_COPY_HEAD):
        return None
    return _GLANCE.unpack_from(row)


class Look(msgspec.Struct, frozen=True, gc=False):
    """The fields of a copy's row that can be read without making a bill."""

    day: int
    status: int
    manifested: int
    cents: int
    """Its value, or -1."""
    conveyance: bytes
    order: bytes
    """Empty if the bill has none."""
    extras: int
    """Bits of what follows the fixed fields: `OTHER_PROGRAMME` is one."""


def look(row: bytes) -> Look | None:
    """Return a look at a row, in a third of the time of `open_row`; None for a shared number's row."""
    if not row.startswith(_COPY_HEAD):
        return None
    day, status, manifested, value, conveyance, order, extras = _LOOK.unpack_from(row)
    at = _FIXED_BYTES + conveyance
    return Look(day, status, manifested, value, row[_FIXED_BYTES:at], row[at : at + order], extras)


def unpack_row(number: bytes, row: bytes) -> Bill:
    """Return the copy of a row. Raise RowFormatError for a row of another format."""
    if row[0] != ROW_FORMAT:
        check_format(row)
    (
        _,
        day,
        status,
        bits,
        version,
        posting,
        revision,
        sequence,
        manifested,
        value,
        conveyance_length,
        order_length,
        origin_count,
        flag_bits,
        extras,
    ) = _FIXED.unpack_from(row)
    conveyance_end = _FIXED_BYTES + conveyance_length
    order_end = conveyance_end + order_length
    end = order_end + 2 * origin_count
    origins = row[order_end:end].decode()
    bill = Bill(
        number.decode(),
        row[_FIXED_BYTES:conveyance_end].decode(),
        day,
        bits & _ARRIVED != 0,
        status,
        version,
        posting,
        revision,
        sequence,
        manifested,
        None if value == _NO_VALUE else value,
        _MODES[bits & _MODE_BITS],
        "type86" if bits & _TYPE86 else "manifest",
        row[conveyance_end:order_end].decode() if order_length else None,
        (origins,) if origin_count == 1 else tuple(origins[at : at + 2] for at in range(0, len(origins), 2)),
        _names(_flag_sets, FLAG_BITS, flag_bits) if flag_bits else (),  # type: ignore[arg-type]
        (),
        day,
    )
    if extras:
        _unpack_extras(bill, extras, row, end)
    return bill


def _unpack_extras(bill: Bill, extras: int, row: bytes, at: int) -> None:
    if extras & _ERRORS:
        (bits,) = _ERROR_BYTES.unpack_from(row, at)
        bill.filing_errors = _names(_error_sets, ERROR_BITS, bits)
        at += _ERROR_BYTES.size
    if extras & OTHER_PROGRAMME:
        bill.programme, at = _read_short(row, at)
        bill.ledger = NO_LEDGER
    if extras & _SELLER:
        bill.seller, at = _read_short(row, at)
    if extras & _WEIGHT:
        (bill.weight,) = _GRAMS.unpack_from(row, at)
        at += _GRAMS.size
    if extras & _COVERED:
        (bill.covered,) = _CENTS.unpack_from(row, at)


def _read_short(row: bytes, at: int) -> tuple[str, int]:
    end = at + 1 + row[at]
    return row[at + 1 : end].decode(), end
