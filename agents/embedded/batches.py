"""Record batches of a log, taken as bytes: where each begins and ends, and which belong to an open transaction."""

from collections.abc import Iterator, Sequence
from struct import Struct
from typing import Final, NamedTuple

_HEADER: Final = Struct(">qi9xhi16xqhii")
"""Base offset, length, (leader epoch, magic, checksum), attributes, last offset delta, (times), producer, …"""
_LENGTH_END: Final = 12
"""The length counts what follows it."""
_TRANSACTIONAL: Final = 0x10
_CONTROL: Final = 0x20


class LogBatch(NamedTuple):
    """One record batch, magic 2."""

    base: int
    """Offset of its first record."""
    end: int
    """Offset after its last record."""
    producer: int
    transactional: bool
    control: bool
    """Whether it ends a transaction instead of holding records."""
    raw: bytes


def batches_in(data: bytes) -> Iterator[LogBatch]:
    """Yield the whole batches; a part of one at the end is left out, as brokers may send it."""
    place = 0
    while place + _HEADER.size <= len(data):
        base, length, attributes, delta, producer, *_ = _HEADER.unpack_from(data, place)
        following = place + _LENGTH_END + length
        if following > len(data):
            return
        yield LogBatch(
            base, base + delta + 1, producer, bool(attributes & _TRANSACTIONAL), bool(attributes & _CONTROL),
            data[place:following],
        )  # fmt: skip
        place = following


def closed(batches: Sequence[LogBatch]) -> Sequence[LogBatch]:
    """Return the batches before the first one whose transaction is still open."""
    began: dict[int, int] = {}
    for number, batch in enumerate(batches):
        if batch.control:
            began.pop(batch.producer, None)
        elif batch.transactional:
            began.setdefault(batch.producer, number)
    return batches[: min(began.values(), default=len(batches))]
