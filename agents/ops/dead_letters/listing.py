"""Listing dead letters: which are wanted, what became of each, and how many there are of each code."""

import heapq
from collections import Counter
from collections.abc import Collection, Iterable
from typing import Any, BinaryIO

import msgspec

from agents.kafka.connection import Connection
from agents.ops.dead_letters.ledger import Ledger
from agents.ops.dead_letters.letter import UNLABELLED, Letter, LetterPlace, concerns, letter_of
from agents.ops.dead_letters.letter_reader import find_partitions, find_spans, open_reader, read_ledger, read_records
from agents.ops.dead_letters.values import write_value
from stream.deadletters import Fault
from stream.records import Record
from stream.topics import Topics

CODES: tuple[str, ...] = (*Fault, UNLABELLED)


class WantedLetters(msgspec.Struct, frozen=True):
    """Which letters to list: all conditions hold together."""

    codes: frozenset[str] = frozenset()
    """None: every code."""
    since_millis: int | None = None
    conveyance: str | None = None
    limit: int | None = None
    """Only so many, the newest."""

    def takes(self, letter: Letter, record: Record) -> bool:
        """Whether a letter is wanted, the limit aside."""
        return (
            (not self.codes or letter.error in self.codes)
            and (self.since_millis is None or letter.millis >= self.since_millis)
            and (self.conveyance is None or concerns(record, self.conveyance))
        )


class Listing:
    """What was found: the newest wanted letters, and counts of all that are wanted."""

    def __init__(self, wanted: WantedLetters, ledger: Ledger) -> None:
        self._wanted = wanted
        self._ledger = ledger
        self._newest: list[tuple[tuple[int, LetterPlace], Letter]] = []
        self._failed_again: dict[LetterPlace, LetterPlace] = {}
        self.counts: Counter[str] = Counter()
        self.retried_counts: Counter[str] = Counter()

    def take(self, record: Record) -> None:
        """Look at the next record of the topic."""
        letter = letter_of(record)
        if letter.retried_from is not None:
            self._failed_again[letter.retried_from] = letter.place
        if not self._wanted.takes(letter, record):
            return
        self.counts[letter.error] += 1
        self.retried_counts[letter.error] += self._ledger.sent(letter.place) is True
        entry = ((letter.millis, letter.place), letter)
        if self._wanted.limit is None or len(self._newest) < self._wanted.limit:
            heapq.heappush(self._newest, entry)
        elif self._newest:
            heapq.heappushpop(self._newest, entry)

    def letters(self) -> list[Letter]:
        """Return the letters to show, oldest first."""
        return [letter for _, letter in sorted(self._newest)]

    def retried(self, letter: Letter) -> bool | None:
        """Whether a letter was sent again; None where that cannot be read."""
        return self._ledger.sent(letter.place)

    @property
    def complaints(self) -> list[str]:
        """A sentence for each row of marks that cannot be read."""
        return self._ledger.complaints

    def failed_again(self, letter: Letter) -> LetterPlace | None:
        """Return the dead letter that a letter became when it was sent again; the latest if several."""
        return self._failed_again.get(letter.place)

    def summary(self) -> Iterable[tuple[str, int, int]]:
        """Return code, letters and how many of them were sent again, in the order of codes."""
        return [(code, self.counts[code], self.retried_counts[code]) for code in CODES if self.counts[code]]


async def list_letters(
    connection: Connection, topics: Topics, wanted: WantedLetters, values_to: BinaryIO | None = None
) -> Listing:
    """Read the dead letters up to their present end; write what the listed ones hold into `values_to`."""
    partitions = await find_partitions(connection, topics)
    listing = Listing(wanted, await read_ledger(connection, topics))
    async with open_reader(connection) as reader:
        spans = await find_spans(reader, topics.dead_letters, partitions, wanted.since_millis)
        async for record in read_records(reader, topics.dead_letters, spans):
            listing.take(record)
    if values_to is not None:
        async for record in read_places(connection, topics.dead_letters, [one.place for one in listing.letters()]):
            write_value(record, values_to)
    return listing


async def read_places(connection: Connection, topic: str, places: Collection[LetterPlace]) -> Any:
    """Read again the records at these places, as far as the topic still keeps them."""
    chosen = frozenset(places)
    spans: dict[int, tuple[int, int]] = {}
    for partition, offset in chosen:
        first, end = spans.get(partition, (offset, offset + 1))
        spans[partition] = (min(first, offset), max(end, offset + 1))
    async with open_reader(connection) as reader:
        kept = await find_spans(reader, topic, max(spans, default=-1) + 1, None)
        spans = {number: (max(first, kept[number][0]), end) for number, (first, end) in spans.items()}
        async for record in read_records(reader, topic, spans):
            if (record.partition, record.offset) in chosen:
                yield record
