"""The row of a bill number: its copies, one for each conveyance that carries it.

Rows are versioned by their first byte. A bill number usually has one copy; it has more while several conveyances carry
it. Memory is counted here: at a million live bills every byte of a row is a megabyte.
"""

from struct import Struct
from typing import Final, NamedTuple

from state.withholding.bill import NO_DAY, Bill
from state.withholding.statuses import DAY_CLOSED
from stream.days import day_of_micros
from stream.events import Flag, Mode

BILL_KIND: Final = b"b"
DAY_KIND: Final = b"d"
ORDER_KIND: Final = b"o"

ORDER_DAYS_KEPT: Final = 75
"""Bills manifested longer before stream time are no part of their order: 30 days of the rule, and 45 in which a
conveyance may still change."""

ROW_FORMAT: Final = 1

ALERTED_DAYS_MAX: Final = 255
"""Days on which a bill's duplicates were reported that its row can remember; the count is one byte."""

_HEAD: Final = Struct("<BB")
_PLAIN_HEAD: Final = _HEAD.pack(ROW_FORMAT, 0)
_FIXED: Final = Struct("<IBBIIIIqqBHHBB")
_DAY: Final = Struct("<I")
_GLANCE: Final = Struct("<2xIB25xqBHHxB")
"""Head and fixed part of a row with one copy, without what a glance leaves out."""
_LOOK: Final = Struct("<2xIB17xqqBHHxB")
_NO_VALUE: Final = -1

_MODES: Final[tuple[Mode, ...]] = ("air", "ocean", "rail", "truck", "mail")
_MODE_NUMBERS: Final = {mode: number for number, mode in enumerate(_MODES)}
_FLAGS: Final[tuple[Flag, ...]] = ("adcvd", "irc-tax", "pga", "quota")
_FLAG_SETS: Final = tuple(
    tuple(flag for place, flag in enumerate(_FLAGS) if bits >> place & 1) for bits in range(1 << len(_FLAGS))
)
_FLAG_BITS: Final = {flags: bits for bits, flags in enumerate(_FLAG_SETS)}
_ARRIVED: Final = 8
_TYPE86: Final = 16


class RowFormatError(Exception):
    """A row was written in a format that this version cannot read: our own fault, the worker must not go on."""


class Row:
    """The copies of one bill number, as the running judging sees them."""

    __slots__ = ("alerted_days", "copies")

    def __init__(self, copies: list[Bill], alerted_days: tuple[int, ...]) -> None:
        self.copies = copies
        self.alerted_days = alerted_days


def open_row(bill: bytes, value: bytes, today: int, first_open: int) -> Row:
    """Read a row as it stands today: whether a closed day was swept already must make no difference.

    What was on a closed day is gone, but for a live bill of an order: it stays a part of its order, on no day.
    """
    copies, alerted = unpack_row(bill, value)
    for copy in copies:
        if copy.day < first_open:
            kept = [left for left in (_today(copy, today, first_open) for copy in copies) if left is not None]
            return Row(kept, tuple(day for day in alerted if day >= first_open))
    return Row(copies, tuple(day for day in alerted if day >= first_open) if alerted else ())


def _today(copy: Bill, today: int, first_open: int) -> Bill | None:
    if copy.day >= first_open:
        return copy
    if copy.day != NO_DAY:
        if copy.order is None or not copy.live:
            return None
        copy.day, copy.status = NO_DAY, DAY_CLOSED
    manifested = day_of_micros(copy.manifested).toordinal()
    return copy if manifested >= today - ORDER_DAYS_KEPT else None


def pack_row(copies: list[Bill], alerted_days: tuple[int, ...] = ()) -> bytes:
    """The row of one bill number: the days on which its duplicates were reported, and its copies."""
    if len(copies) == 1 and not alerted_days:
        return _PLAIN_HEAD + _pack_copy(copies[0])
    days = b"".join(map(_DAY.pack, alerted_days))
    return _HEAD.pack(ROW_FORMAT, len(alerted_days)) + days + b"".join(map(_pack_copy, copies))


def _pack_copy(copy: Bill) -> bytes:
    conveyance = copy.conveyance.encode()
    order = b"" if copy.order is None else copy.order.encode()
    origins = copy.origins
    errors = ",".join(copy.filing_errors).encode() if copy.filing_errors else b""
    value = copy.value
    fixed = _FIXED.pack(
        copy.day,
        copy.status,
        _MODE_NUMBERS[copy.mode] | (_ARRIVED if copy.arrived else 0) | (_TYPE86 if copy.filing == "type86" else 0),
        copy.version,
        copy.posting,
        copy.revision,
        copy.sequence,
        copy.manifested,
        _NO_VALUE if value is None else value,
        len(conveyance),
        len(order),
        len(origins),
        _FLAG_BITS[copy.flags],
        len(errors),
    )
    text = origins[0] if len(origins) == 1 else "".join(origins)
    return fixed + conveyance + order + text.encode() + errors


def unpack_row(bill: bytes, row: bytes) -> tuple[list[Bill], tuple[int, ...]]:
    """Undo `pack_row`; raises RowFormatError for a row of another format."""
    row_format, alerted = _HEAD.unpack_from(row)
    if row_format != ROW_FORMAT:
        msg = (
            f"withholding row format {row_format} is not {ROW_FORMAT}: run the version that wrote it, or "
            "`tallygate rebuild tables --epoch N`"
        )
        raise RowFormatError(msg)
    at = 2
    days = () if not alerted else Struct(f"<{alerted}I").unpack_from(row, at)
    at += 4 * alerted
    number = bill.decode()
    copies = []
    while at < len(row):
        copy, at = _unpack_copy(number, row, at)
        copies.append(copy)
    return copies, days


def glance(row: bytes) -> tuple[int, int, int] | None:
    """Day, status and cents (-1: none) of a bill, read in a tenth of the time; None of a row that is not one copy's."""
    if row[:2] != _PLAIN_HEAD:
        return None
    day, status, value, conveyance, order, origins, errors = _GLANCE.unpack_from(row)
    single = len(row) == _GLANCE.size + conveyance + order + 2 * origins + errors
    return (day, status, value) if single else None


class Look(NamedTuple):
    """What can be said of a row's one copy without making a bill of it."""

    day: int
    status: int
    manifested: int
    cents: int
    """Its value, or -1."""
    conveyance: bytes
    order: bytes
    """Empty if it has none."""


def look(row: bytes) -> Look | None:
    """Look at a row in a third of the time that `open_row` takes; None of a row that is not one copy's."""
    if row[:2] != _PLAIN_HEAD:
        return None
    day, status, manifested, value, conveyance, order, origins, errors = _LOOK.unpack_from(row)
    at = _LOOK.size + conveyance
    end = at + order
    if len(row) != end + 2 * origins + errors:
        return None
    return Look(day, status, manifested, value, row[_LOOK.size : at], row[at:end])


def _unpack_copy(number: str, row: bytes, at: int) -> tuple[Bill, int]:
    (
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
        errors_length,
    ) = _FIXED.unpack_from(row, at)
    at += _FIXED.size
    conveyance_end = at + conveyance_length
    order_end = conveyance_end + order_length
    origins_end = order_end + 2 * origin_count
    end = origins_end + errors_length
    origins = row[order_end:origins_end].decode()
    bill = Bill(
        number,
        row[at:conveyance_end].decode(),
        day,
        bits & _ARRIVED != 0,
        status,
        version,
        posting,
        revision,
        sequence,
        manifested,
        None if value == _NO_VALUE else value,
        _MODES[bits & 7],
        "type86" if bits & _TYPE86 else "manifest",
        row[conveyance_end:order_end].decode() if order_length else None,
        (origins,) if origin_count == 1 else tuple(origins[at : at + 2] for at in range(0, len(origins), 2)),
        _FLAG_SETS[flag_bits],
        tuple(row[origins_end:end].decode().split(",")) if errors_length else (),
    )
    return bill, end
