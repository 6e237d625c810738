"""Which dead letters were sent again: a mark for each, in the project's control topic.

A mark is written in the transaction that sends the record, so there is one exactly if the record was sent. The marks of
8,192 neighbouring offsets make one row, at most 2 kB; rows of letters that the topic no longer keeps are removed.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

import msgspec

from agents.dead_letters.letter import Place

MARKS_A_ROW: Final = 8192
KIND: Final = "retried"

RowPlace = tuple[int, int]
"""Partition, and which of its rows."""


class _Row(msgspec.Struct):
    """A row's value in the control topic."""

    retried: str
    """Marks as a hexadecimal number: bit n stands for the row's offset n."""


class Ledger:
    """The marks that are held, and those rows that changed and are not yet written."""

    def __init__(self, topic: str, rows: Mapping[bytes, bytes]) -> None:
        """Pick the marks of a topic of dead letters out of the rows of the control topic."""
        self._topic = topic
        self._marks: dict[RowPlace, int] = {}
        self._changed: set[RowPlace] = set()
        for key, row in rows.items():
            topic_and_partition, _, tail = key.decode(errors="replace").partition(f"/{KIND}/")
            named, _, partition = topic_and_partition.rpartition("/")
            if tail and named == topic:
                self._marks[int(partition), int(tail)] = int(msgspec.json.decode(row, type=_Row).retried, 16)

    def __contains__(self, place: Place) -> bool:
        marks = self._marks.get((place.partition, place.offset // MARKS_A_ROW), 0)
        return bool(marks >> place.offset % MARKS_A_ROW & 1)

    def mark(self, places: Iterable[Place]) -> None:
        """Mark letters as sent again."""
        for partition, offset in places:
            row = (partition, offset // MARKS_A_ROW)
            self._marks[row] = self._marks.get(row, 0) | 1 << offset % MARKS_A_ROW
            self._changed.add(row)

    def forget(self, starts: Mapping[int, int]) -> None:
        """Drop the rows that lie before the first offsets which the partitions still keep."""
        for partition, number in self._marks:
            if (number + 1) * MARKS_A_ROW <= starts.get(partition, 0):
                self._changed.add((partition, number))
                self._marks[partition, number] = 0

    def changes(self) -> Iterator[tuple[int, bytes, bytes | None]]:
        """Give what must be written to the control topic, as partition, key and value, and take it as written."""
        for row in sorted(self._changed):
            partition, number = row
            marks = self._marks[row]
            value = msgspec.json.encode(_Row(f"{marks:x}")) if marks else None
            yield partition, f"{self._topic}/{partition}/{KIND}/{number}".encode(), value
        self._changed.clear()
