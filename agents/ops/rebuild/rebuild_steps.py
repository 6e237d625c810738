"""Two steps that only a rebuild has: one leaves out dead letters that exist already, one publishes the result."""

from collections.abc import AsyncIterator, Iterable, Mapping
from types import MappingProxyType
from typing import Any, Final

import msgspec
from aiokafka import TopicPartition

from agents.kafka.connection import Connection
from agents.kafka.errors import RefusedError
from agents.kafka.log_reader import end_offsets, open_reader, read_to
from agents.ops.dead_letters.letter import letter_of
from state.step import Step
from state.table import Overlay
from stream.records import Fate, Outgoing, Record, Result, Sink
from stream.topics import Topics

KNOWN: Final = "known"
"""Code of a record that became a dead letter in an earlier epoch."""
OUTDONE: Final = "outdone"
"""Code of a decision that a later decision on the same bill and conveyance replaces."""


class OffsetSet:
    """A set of offsets of one partition, one bit for each offset."""

    def __init__(self, offsets: Iterable[int] = ()) -> None:
        """Start with these offsets."""
        self._bits = bytearray()
        for offset in offsets:
            self.add(offset)

    def add(self, offset: int) -> None:
        """Add an offset."""
        if offset >> 3 >= len(self._bits):
            self._bits.extend(bytes((offset >> 3) + 1 - len(self._bits)))
        self._bits[offset >> 3] |= 1 << (offset & 7)

    def __contains__(self, offset: int) -> bool:
        return offset >> 3 < len(self._bits) and bool(self._bits[offset >> 3] >> (offset & 7) & 1)


class KnownFaultsStep:
    """The manifest step without the dead letters of earlier epochs: none is sent again or counts for the DLQ limit.

    A record that was no dead letter before, under other rules or another release, becomes one as always.
    """

    def __init__(self, step: Step, known: Mapping[int, OffsetSet]) -> None:
        """Wrap a step; `known` are the offsets of each partition that are dead letters already."""
        self.name, self.fingerprint, self.reads = step.name, step.fingerprint, step.reads
        self.programmes = step.programmes
        self.fates = (*step.fates, (Fate.STALE, KNOWN))
        self._step = step
        self._known = known

    def __call__(self, record: Record, table: Overlay) -> Result:
        """Judge a record as the wrapped step does, except for a known fault."""
        result = self._step(record, table)
        if result.fate is Fate.DEAD_LETTERED and record.offset in self._known.get(record.partition, ()):
            return Result(Fate.STALE, KNOWN, ())
        return result

    def sweep(self, table: Overlay, budget: int) -> int:
        """Sweep as the wrapped step does."""
        return self._step.sweep(table, budget)


class PublishingStep:
    """Publishes what a rebuild has made; its table holds only its position, so that it sends nothing twice."""

    fingerprint = "published-1"
    reads: tuple[str, ...] = ()
    programmes: Mapping[str, str] = MappingProxyType({})
    fates: tuple[tuple[Fate, str], ...] = ((Fate.APPLIED, ""), (Fate.STALE, OUTDONE))

    def __init__(self, name: str, sink: Sink, finals: Mapping[int, OffsetSet] | None = None) -> None:
        """Send to a sink the records at the offsets `finals`; None: every record."""
        self.name = name
        self._sink = sink
        self._finals = finals

    def __call__(self, record: Record, table: Overlay) -> Result:  # noqa: ARG002 - it has no rows
        """Send a record unchanged, or leave it out."""
        if self._finals is not None and record.offset not in self._finals[record.partition]:
            return Result(Fate.STALE, OUTDONE, ())
        sent = Outgoing(self._sink, record.partition, record.key, record.value, tuple(record.headers))
        return Result(Fate.APPLIED, "", (sent,))

    def sweep(self, table: Overlay, budget: int) -> int:  # noqa: ARG002
        """Sweep no row."""
        return 0


class _Named(msgspec.Struct):
    id: str


_decode = msgspec.json.Decoder(_Named).decode


Highest = dict[str, tuple[tuple[int, ...], int]]
"""By bill and conveyance the highest rank, and the offset of the decision that has it."""


def subject(decision: bytes) -> tuple[str, tuple[int, ...]]:
    """Return bill and conveyance of a decision, and its rank, read from its id."""
    named, *rank = _decode(decision).id.rsplit("/", 4)
    return named, tuple(map(int, rank))


def keep_highest(found: Highest, decision: bytes, offset: int) -> None:
    """Keep a decision at an offset, unless one of a higher rank is known."""
    named, rank = subject(decision)
    found[named] = max(found.get(named, ((), -1)), (rank, offset))


async def read_finals(connection: Connection, topic: str, partitions: int) -> dict[int, OffsetSet]:
    """Return the offsets of the decisions of the highest rank, one for each bill on each conveyance.

    Nothing may write to the topic meanwhile. All decisions of a bill are in one partition, those of one consignee in
    the order of their rank; if a bill has moved to another consignee, the decisions of both are in any order. Raise
    RefusedError at a record that is no decision.
    """
    found: dict[int, OffsetSet] = {}
    # One partition after the other: memory holds an entry for each bill of one partition.
    for number in range(partitions):
        last: Highest = {}
        async for record in _records(connection, topic, number):
            try:
                keep_highest(last, record.value, record.offset)
            except (RecursionError, TypeError, ValueError) as error:
                # The error's text could quote the record.
                place = f"offset {record.offset} of partition {number} of {topic}"
                raise RefusedError(
                    f"the record at {place} is not a decision ({type(error).__name__}), so nothing is published: only "
                    "a rebuild may write there; take another epoch"
                ) from None
        found[number] = OffsetSet(offset for _rank, offset in last.values())
    return found


async def read_known(connection: Connection, topics: Topics, partitions: int) -> dict[int, OffsetSet]:
    """Return the offsets of the shipments that are already dead letters, by partition."""
    async with open_reader(connection) as reader:
        ends = await end_offsets(reader, [TopicPartition(topics.shipments, number) for number in range(partitions)])
    found = {number: OffsetSet() for number in range(partitions)}
    for number in range(partitions):
        async for record in _records(connection, topics.dead_letters, number):
            source = letter_of(record).source
            # Any writer can set a label, so it must name a record that exists.
            if source is not None and source.offset < ends.get(TopicPartition(*source[:2]), 0):
                found[source.partition].add(source.offset)
    return found


async def _records(connection: Connection, topic: str, number: int) -> AsyncIterator[Any]:
    """Return the records of a partition from its beginning to its present end."""
    place = [TopicPartition(topic, number)]
    async with open_reader(connection) as reader:
        starts, ends = await reader.beginning_offsets(place), await end_offsets(reader, place)
        async for records in read_to(reader, starts, ends):
            for record in records:
                yield record
