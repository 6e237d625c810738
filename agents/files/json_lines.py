"""JSON lines: each line that is not blank, with its number."""

from collections.abc import Iterator
from itertools import count
from typing import BinaryIO, Final

from stream.topics import RECORD_BYTES_MAX

LINE_BYTES_MAX: Final = RECORD_BYTES_MAX + 2
"""A longer line is cut to this, enough to be refused as too large: memory stays bounded."""

BUFFER_BYTES: Final = 1 << 20
BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"


def read_events(lines: BinaryIO) -> Iterator[tuple[int, bytes]]:
    """Yield each line with its number from 0; blank lines are counted and left out. Raise FileError."""
    for number in count():
        line = _read_line(lines)
        if not line:
            return
        value = line.strip() if len(line) < LINE_BYTES_MAX else line
        if number == 0:
            value = value.removeprefix(BYTE_ORDER_MARK)
        if value:
            yield number, value


def _read_line(lines: BinaryIO) -> bytes:
    line = lines.readline(LINE_BYTES_MAX)
    if len(line) == LINE_BYTES_MAX:
        rest = line
        while rest and not rest.endswith(b"\n"):
            rest = lines.readline(BUFFER_BYTES)
    return line
