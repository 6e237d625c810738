"""Steps of a rebuild beside the real ones: one that keeps quiet of old faults, and one that publishes the result."""

from collections.abc import AsyncIterator, Iterable, Mapping
from types import MappingProxyType
from typing import Any, Final

import msgspec
from aiokafka import TopicPartition

from agents.dead_letters.letter import letter_of
from agents.engine.errors import RefusedError
from agents.engine.reading import end_offsets, open_reader, read_to
from agents.engine.settings import Connection
from state.step import Step
from state.table import Overlay
from stream.records import Fate, Outgoing, Record, Result, Sink
from stream.topics import Topics

KNOWN: Final = "known"
"""Code of a record that went to the dead letters in a former epoch."""
OUTDONE: Final = "outdone"
"""Code of a decision that a later one of the same bill on the same conveyance has replaced."""


class Offsets:
    """A set of offsets of one partition, a bit each."""

    def __init__(self, offsets: Iterable[int] = ()) -> None:
        """Hold these."""
        self._bits = bytearray()
        for offset in offsets:
            self.add(offset)

    def add(self, offset: int) -> None:
        """Hold one more."""
        if offset >> 3 >= len(self._bits):
            self._bits.extend(bytes((offset >> 3) + 1 - len(self._bits)))
        self._bits[offset >> 3] |= 1 << (offset & 7)

    def __contains__(self, offset: int) -> bool:
        return offset >> 3 < len(self._bits) and bool(self._bits[offset >> 3] >> (offset & 7) & 1)


class QuietStep:
    """The manifest step, which sends no dead letter a second time, nor counts one against the ceiling again.

    A record that was none before, under other rules or another release, is told of as ever.
    """

    def __init__(self, step: Step, known: Mapping[int, Offsets]) -> None:
        """Take the step, and the offsets of each partition that are dead letters already."""
        self.name, self.fingerprint, self.reads = step.name, step.fingerprint, step.reads
        self.programmes = step.programmes
        self._step = step
        self._known = known

    def __call__(self, record: Record, table: Overlay) -> Result:
        """Judge a record as the step does."""
        result = self._step(record, table)
        if result.fate is Fate.DEAD_LETTERED and record.offset in self._known.get(record.partition, ()):
            return Result(Fate.STALE, KNOWN, ())
        return result

    def sweep(self, table: Overlay, budget: int) -> int:
        """Sweep as the step does."""
        return self._step.sweep(table, budget)


class PublishingStep:
    """Sends on what a rebuild has made: its table is empty but for where it stands, so nothing is sent twice."""

    fingerprint = "published-1"
    reads: tuple[str, ...] = ()
    programmes: Mapping[str, str] = MappingProxyType({})

    def __init__(self, name: str, sink: Sink, finals: Mapping[int, Offsets] | None = None) -> None:
        """Send to a sink; `finals` are the only offsets that are sent, None sends all."""
        self.name = name
        self._sink = sink
        self._finals = finals

    def __call__(self, record: Record, table: Overlay) -> Result:  # noqa: ARG002 - it keeps nothing
        """Send a record on as it is, or leave it out."""
        if self._finals is not None and record.offset not in self._finals[record.partition]:
            return Result(Fate.STALE, OUTDONE, ())
        sent = Outgoing(self._sink, record.partition, record.key, record.value, tuple(record.headers))
        return Result(Fate.APPLIED, "", (sent,))

    def sweep(self, table: Overlay, budget: int) -> int:  # noqa: ARG002
        """Sweep nothing."""
        return 0


class _Named(msgspec.Struct):
    id: str


_decode = msgspec.json.Decoder(_Named).decode


Highest = dict[str, tuple[tuple[int, ...], int]]
"""By bill and conveyance the highest rank, and the offset of the decision that has it."""


def subject(decision: bytes) -> tuple[str, tuple[int, ...]]:
    """Give bill and conveyance of a decision, and its rank, out of its id."""
    named, *rank = _decode(decision).id.rsplit("/", 4)
    return named, tuple(map(int, rank))


def keep_highest(found: Highest, decision: bytes, offset: int) -> None:
    """Note a decision at an offset, unless one of a higher rank is known."""
    named, rank = subject(decision)
    found[named] = max(found.get(named, ((), -1)), (rank, offset))


async def read_finals(connection: Connection, topic: str, partitions: int) -> dict[int, Offsets]:
    """Return the decision of the highest rank of each bill on each conveyance; the topic must be at rest.

    All decisions of a bill are in one partition, those of one consignee in the order of their rank; where a bill has
    moved to another consignee, the one's may stand before or after the other's. Raise RefusedError at a record that is
    no decision.
    """
    found: dict[int, Offsets] = {}
    # One after the other: what must be held meanwhile is an entry for each bill.
    for number in range(partitions):
        last: Highest = {}
        async for record in _records(connection, topic, number):
            try:
                keep_highest(last, record.value, record.offset)
            except (RecursionError, TypeError, ValueError) as error:
                # The error's own text might quote the record.
                place = f"offset {record.offset} of partition {number} of {topic}"
                raise RefusedError(
                    f"the record at {place} is not a decision ({type(error).__name__}), so nothing is published: only "
                    "a rebuild may write there; take another epoch"
                ) from None
        found[number] = Offsets(offset for _rank, offset in last.values())
    return found


async def read_known(connection: Connection, topics: Topics, partitions: int) -> dict[int, Offsets]:
    """Return the offsets of the shipments that are dead letters already, by partition."""
    async with open_reader(connection) as reader:
        ends = await end_offsets(reader, [TopicPartition(topics.shipments, number) for number in range(partitions)])
    found = {number: Offsets() for number in range(partitions)}
    for number in range(partitions):
        async for record in _records(connection, topics.dead_letters, number):
            source = letter_of(record).source
            # A label is what its writer made it: it must name a record that there is.
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
