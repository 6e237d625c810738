"""A bill as it stands on one conveyance, and the row that holds the copies of one bill number.

Rows are versioned by their first byte. A bill number usually has one copy; it has more while several conveyances carry
it. Memory is counted here: at a million live bills every byte of a row is a megabyte.
"""

from struct import Struct
from typing import Final, cast

from state.withholding.statuses import CLOSED, KEEPS_COUNTING, RELEASED
from stream.events import Filing, Flag, Mode

ROW_FORMAT: Final = 1
NO_DAY: Final = 0
"""Stands for "on no day" where a day's ordinal is kept."""

_HEAD: Final = Struct("<BB")
_FIXED: Final = Struct("<IBBIIIIqqBHBBB")
_DAY: Final = Struct("<I")
_ORDER_KEY: Final = Struct(">Q")
_SEQUENCE: Final = Struct(">I")
_PAST: Final = 1 << 63
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


class Bill:
    """One bill on one conveyance; amounts are cents, `manifested` is microseconds since the epoch."""

    __slots__ = (
        "arrived",
        "bill",
        "conveyance",
        "day",
        "filing",
        "filing_errors",
        "flags",
        "key",
        "manifested",
        "mode",
        "order",
        "origins",
        "posting",
        "revision",
        "sequence",
        "status",
        "value",
        "version",
    )

    bill: str
    conveyance: str
    key: bytes
    """Its place in manifest order, and its identity: bytes that sort as (manifested_at, conveyance, sequence, bill)."""
    day: int
    """Ordinal of the date it is on, or NO_DAY."""
    arrived: bool
    status: int
    version: int
    posting: int
    revision: int
    sequence: int
    manifested: int
    value: int | None
    mode: Mode
    filing: Filing
    order: str | None
    origins: tuple[str, ...]
    flags: tuple[Flag, ...]
    filing_errors: tuple[str, ...]

    @property
    def counts(self) -> bool:
        """Whether it is in its day's released total."""
        status = self.status
        return (status == RELEASED and self.arrived) or (status in KEEPS_COUNTING and self.day != NO_DAY)

    @property
    def live(self) -> bool:
        """Whether it is neither closed nor superseded."""
        return self.status not in CLOSED


def manifest_key(manifested: int, conveyance: str, sequence: int, bill: str) -> bytes:
    """Bytes that sort in manifest order; conveyance and bill are ASCII without NUL, so code points are bytes."""
    return b"%b%b\0%b%b" % (
        _ORDER_KEY.pack(manifested + _PAST),
        conveyance.encode(),
        _SEQUENCE.pack(sequence),
        bill.encode(),
    )


def bill_of_key(key: bytes) -> bytes:
    """The bill number in a manifest key."""
    return key[key.index(0, 8) + 5 :]


def pack_row(copies: list[Bill], alerted_days: tuple[int, ...] = ()) -> bytes:
    """The row of one bill number: the days on which its duplicates were reported, and its copies."""
    parts = [_HEAD.pack(ROW_FORMAT, len(alerted_days))]
    parts.extend(_DAY.pack(day) for day in alerted_days)
    for copy in copies:
        conveyance = copy.conveyance.encode()
        order = copy.order.encode() if copy.order else b""
        origins = "".join(copy.origins).encode()
        errors = ",".join(copy.filing_errors).encode()
        bits = (
            _MODE_NUMBERS[copy.mode] | (_ARRIVED if copy.arrived else 0) | (_TYPE86 if copy.filing == "type86" else 0)
        )
        parts.append(
            _FIXED.pack(
                copy.day,
                copy.status,
                bits,
                copy.version,
                copy.posting,
                copy.revision,
                copy.sequence,
                copy.manifested,
                _NO_VALUE if copy.value is None else copy.value,
                len(conveyance),
                len(order),
                len(copy.origins),
                _FLAG_BITS[copy.flags],
                len(errors),
            )
        )
        parts.append(conveyance + order + origins + errors)
    return b"".join(parts)


def unpack_row(bill: bytes, row: bytes) -> tuple[list[Bill], tuple[int, ...]]:
    """Undo `pack_row`; raises RowFormatError for a row of another format."""
    row_format, alerted = _HEAD.unpack_from(row)
    if row_format != ROW_FORMAT:
        msg = (
            f"withholding row format {row_format} is not {ROW_FORMAT}: run the version that wrote it, or rebuild tables"
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


def _unpack_copy(number: str, row: bytes, at: int) -> tuple[Bill, int]:
    copy = Bill()
    copy.bill = number
    (
        copy.day,
        copy.status,
        bits,
        copy.version,
        copy.posting,
        copy.revision,
        copy.sequence,
        copy.manifested,
        value,
        conveyance_length,
        order_length,
        origin_count,
        flag_bits,
        errors_length,
    ) = _FIXED.unpack_from(row, at)
    at += _FIXED.size
    copy.value = None if value == _NO_VALUE else value
    copy.mode = _MODES[bits & 7]
    copy.arrived = bits & _ARRIVED != 0
    copy.filing = "type86" if bits & _TYPE86 else "manifest"
    copy.flags = _FLAG_SETS[flag_bits]
    end = at + conveyance_length
    conveyance = row[at:end]
    copy.conveyance = conveyance.decode()
    at = end
    end = at + order_length
    copy.order = row[at:end].decode() if order_length else None
    at = end
    end = at + 2 * origin_count
    text = row[at:end].decode()
    copy.origins = (text,) if origin_count == 1 else tuple(text[place : place + 2] for place in range(0, len(text), 2))
    at = end
    end = at + errors_length
    copy.filing_errors = tuple(row[at:end].decode().split(",")) if errors_length else ()
    copy.key = manifest_key(copy.manifested, copy.conveyance, copy.sequence, number)
    return copy, end


def flag_set(flags: tuple[str, ...]) -> tuple[Flag, ...]:
    """Flags in the order in which rows keep them."""
    return cast("tuple[Flag, ...]", tuple(sorted(set(flags))))
