"""Steps of a rebuild beside the real ones: one that keeps quiet of old faults, and one that publishes the result."""

from collections.abc import Mapping
from typing import Final

import msgspec
from aiokafka import TopicPartition

from agents.engine.reading import end_offsets, open_reader, read_to
from agents.engine.settings import Connection
from state.step import Step
from state.table import Overlay
from stream.records import Fate, Outgoing, Record, Result, Sink

KNOWN: Final = "known"
"""Code of a record that went to the dead letters in a former epoch."""
OUTDONE: Final = "outdone"
"""Code of a decision that a later one of the same bill on the same conveyance has replaced."""


class QuietStep:
    """The manifest step, which sends no dead letter a second time, nor counts one against the ceiling again."""

    def __init__(self, step: Step, judged: Mapping[int, int]) -> None:
        """Take the step, and up to which offset of each partition the former epoch has judged."""
        self.name, self.fingerprint, self.reads = step.name, step.fingerprint, step.reads
        self._step = step
        self._judged = judged

    def __call__(self, record: Record, table: Overlay) -> Result:
        """Judge a record as the step does."""
        result = self._step(record, table)
        if result.fate is Fate.DEAD_LETTERED and record.offset < self._judged.get(record.partition, 0):
            return Result(Fate.STALE, KNOWN, ())
        return result

    def sweep(self, table: Overlay, budget: int) -> int:
        """Sweep as the step does."""
        return self._step.sweep(table, budget)


class Offsets:
    """A set of offsets of one partition, a bit each."""

    def __init__(self, offsets: list[int]) -> None:
        """Hold these."""
        self._bits = bytearray(max(offsets, default=0) // 8 + 1)
        for offset in offsets:
            self._bits[offset >> 3] |= 1 << (offset & 7)

    def __contains__(self, offset: int) -> bool:
        return offset >> 3 < len(self._bits) and bool(self._bits[offset >> 3] >> (offset & 7) & 1)


class PublishingStep:
    """Sends on what a rebuild has made: its table is empty but for where it stands, so nothing is sent twice."""

    fingerprint = "published-1"
    reads: tuple[str, ...] = ()

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
    """Give the decision of the highest rank of each bill on each conveyance; the topic must be at rest.

    All decisions of a bill are in one partition, those of one consignee in the order of their rank; where a bill has
    moved to another consignee, the one's may stand before or after the other's.
    """
    found: dict[int, Offsets] = {}
    async with open_reader(connection) as reader:
        # One after the other: what must be held meanwhile is an entry for each bill.
        for number in range(partitions):
            place = [TopicPartition(topic, number)]
            last: Highest = {}
            starts, ends = await reader.beginning_offsets(place), await end_offsets(reader, place)
            async for records in read_to(reader, starts, ends):
                for record in records:
                    keep_highest(last, record.value, record.offset)
            found[number] = Offsets([offset for _rank, offset in last.values()])
    return found
