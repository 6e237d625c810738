"""Which dead letters were sent again: a mark for each, in the project's control topic.

A mark is written in the transaction that sends the record, so there is one exactly if the record was sent. The marks of
8,192 neighbouring offsets make one row, at most 2 kB; rows of letters that the topic no longer keeps are removed.

A row that cannot be read is named and stays as it is: of its letters it is not known whether they were sent.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

import msgspec

from agents.engine.control import row_words
from agents.ops.dead_letters.letter import LetterPlace

MARKS_A_ROW: Final = 8192
KIND: Final = "retried"

_NUMBER: Final = re.compile(r"[0-9]{1,18}")
_MARKS: Final = re.compile(rf"[0-9a-f]{{1,{MARKS_A_ROW // 4}}}")

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
        self._unreadable: set[RowPlace] = set()
        self.complaints: list[str] = []
        """A sentence for each row that cannot be read."""
        for key, row in rows.items():
            topic_and_partition, _, tail = key.decode(errors="replace").partition(f"/{KIND}/")
            named, _, partition = topic_and_partition.rpartition("/")
            if tail and named == topic:
                self._take(key, row, partition, tail)

    def _take(self, key: bytes, row: bytes, partition: str, tail: str) -> None:
        said = f"{row_words(key, row)} cannot be read: a later release wrote it, or it is damaged"
        if not (_NUMBER.fullmatch(partition) and _NUMBER.fullmatch(tail)):
            self.complaints.append(f"{said}; it is skipped")
            return
        place, first = (int(partition), int(tail)), int(tail) * MARKS_A_ROW
        marks = _read(row)
        if marks is not None:
            self._marks[place] = marks
            return
        self._unreadable.add(place)
        letters = f"{place[0]}:{first} to {place[0]}:{first + MARKS_A_ROW - 1}"
        self.complaints.append(f"{said}; whether the letters {letters} were sent again is not known")

    def sent(self, place: LetterPlace) -> bool | None:
        """Whether a letter was sent again; None where its row cannot be read."""
        row = (place.partition, place.offset // MARKS_A_ROW)
        if row in self._unreadable:
            return None
        return bool(self._marks.get(row, 0) >> place.offset % MARKS_A_ROW & 1)

    def mark(self, places: Iterable[LetterPlace]) -> None:
        """Mark letters as sent again; a row that cannot be read is left, for its other marks would be lost."""
        for partition, offset in places:
            row = (partition, offset // MARKS_A_ROW)
            if row in self._unreadable:
                continue
            self._marks[row] = self._marks.get(row, 0) | 1 << offset % MARKS_A_ROW
            self._changed.add(row)

    def forget(self, starts: Mapping[int, int]) -> None:
        """Drop the rows that lie before the first offsets which the partitions still keep."""
        for partition, number in [*self._marks, *self._unreadable]:
            if (number + 1) * MARKS_A_ROW <= starts.get(partition, 0):
                self._changed.add((partition, number))
                self._unreadable.discard((partition, number))
                self._marks[partition, number] = 0

    def changes(self) -> Iterator[tuple[int, bytes, bytes | None]]:
        """Return what must be written to the control topic, as partition, key and value, and take it as written."""
        for row in sorted(self._changed):
            partition, number = row
            marks = self._marks[row]
            value = msgspec.json.encode(_Row(f"{marks:x}")) if marks else None
            yield partition, f"{self._topic}/{partition}/{KIND}/{number}".encode(), value
        self._changed.clear()


def _read(row: bytes) -> int | None:
    try:
        text = msgspec.json.decode(row, type=_Row).retried
    except (ValueError, RecursionError):
        return None
    return int(text, 16) if _MARKS.fullmatch(text) else None
