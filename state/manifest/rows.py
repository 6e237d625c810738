"""Rows of the manifest table: bytes, compact because there are millions of bills, versioned by their first byte.

A conveyance's root has the conveyance's own row (empty suffix) and one row per bill (suffix: bill number; `bill_rows`).
The partition's root has the stream day. Instants are microseconds since the epoch, days are ordinals of dates, 0 for
none.
"""

from functools import lru_cache
from struct import Struct
from typing import Final, NamedTuple

from state.unreadable_rows import ROW_REMEDY, RowFormatError
from stream.postings import Exit

ROW_FORMAT: Final = 2
"""First byte of every row; a row of another format is refused."""

CONVEYANCE: Final = b""
"""Suffix of a conveyance's own row; bill numbers have at least four characters."""

STREAM_DAY: Final = b"time"
"""Suffix, under the partition's root, of the row that holds the stream day."""

# A number on disk never changes its meaning, whatever the order of types, rules or tables of reasons.
NOT_CLOSED: Final = 0
EXIT_NUMBERS: Final[dict[Exit, int]] = {
    "deleted": 1,
    "entry-01": 2,
    "entry-11": 3,
    "exported": 4,
    "abandoned": 5,
    "returned": 6,
}
EXITS_BY_NUMBER: Final = {number: way for way, number in EXIT_NUMBERS.items()}
WAITING: Final = 128
"""Added to an exit that waits for its bill."""

PAST: Final = 1 << 62
"""Added to instants, so that instants before 1970 sort as bytes too."""

_STREAM_DAY: Final = Struct(">BI")
_CONVEYANCE: Final = Struct(">BIQQQQ")
_EXIT: Final = Struct(">BBI")


class ConveyanceRow(NamedTuple):
    """What is known of a conveyance; an instant is None if it was never stated, or was taken back."""

    touched: int
    """Ordinal of the stream day on which its last event applied."""
    estimate_stated: int | None = None
    """Time of the event that stated the estimate or took it back."""
    estimate: int | None = None
    arrival_stated: int | None = None
    arrival: int | None = None


class ExitRow(NamedTuple):
    """A deletion or disposal that came before its bill and waits for it."""

    version: int
    exit: Exit


def pack_stream_day(day: int) -> bytes:
    """Return the row of the stream day."""
    return _STREAM_DAY.pack(ROW_FORMAT, day)


@lru_cache(maxsize=16)
def unpack_stream_day(row: bytes) -> int:
    """Return the stream day of a row."""
    check_format(row)
    day: int = _STREAM_DAY.unpack(row)[1]
    return day


def pack_conveyance(row: ConveyanceRow) -> bytes:
    """Return the row of a conveyance."""
    touched, *instants = row
    return _CONVEYANCE.pack(ROW_FORMAT, touched, *(0 if each is None else each + PAST for each in instants))


@lru_cache(maxsize=4096)
def unpack_conveyance(row: bytes) -> ConveyanceRow:
    """Return the conveyance of a row."""
    check_format(row)
    _, touched, *instants = _CONVEYANCE.unpack(row)
    return ConveyanceRow(touched, *(each - PAST if each else None for each in instants))


def pack_exit(row: ExitRow) -> bytes:
    """Return the row of an exit that waits for its bill."""
    return _EXIT.pack(ROW_FORMAT, EXIT_NUMBERS[row.exit] | WAITING, row.version)


def unpack_exit(row: bytes) -> ExitRow:
    """Return the exit of a row that was checked."""
    _, way, version = _EXIT.unpack(row)
    return ExitRow(version, EXITS_BY_NUMBER[way ^ WAITING])


def check_format(row: bytes) -> None:
    """Raise RowFormatError for a row of another format."""
    if row[0] != ROW_FORMAT:
        raise RowFormatError(f"manifest row format {row[0]} is not {ROW_FORMAT}: {ROW_REMEDY}")
