"""A topic in memory: what a feed would read, what a replay would read, and readers between the two."""

from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass
from typing import Any, cast

from agents.gateway.live.feed import Feed
from agents.gateway.live.followers import Followers
from agents.gateway.live.replay import Replays
from agents.gateway.live.sse_reader import SseReader
from agents.gateway.live.wanted import WantedDecisions
from agents.gateway.live.window import Window, WindowEntry
from agents.readmodel.position import ReadModelPosition
from stream.decisions import Decision
from tests.redis.events import decision, encode

NOWHERE = Followers(cast("Any", None), "decisions")


@dataclass(frozen=True)
class Record:
    """A record as a consumer gives it."""

    partition: int
    offset: int
    value: bytes


def told(partition: int, offset: int) -> Decision:
    """Return the decision that stands there."""
    return decision(f"ACME{partition}{offset:05d}", f"air:{offset % 2}")


class Log:
    """Partitions of decisions with holes, and a feed that has read some of them."""

    def __init__(self, partitions: int, window: int, starts: Sequence[int] = ()) -> None:
        self.window = Window(window, 10**9)
        self.window.begin(starts or [0] * partitions, 0)
        self.now_ms = 1_000_000
        self.feed = Feed(NOWHERE, self.window, 10.0, lambda: self.now_ms)
        self.feed._positions = [ReadModelPosition(0)]
        self.hear_of_kafka()
        self.ends = [0] * partitions
        self.holes: set[tuple[int, int]] = set()

    def write(self, partition: int, *, hole: bool = False) -> None:
        """Add a record, or an offset that holds none, as the end of a transaction leaves."""
        if hole:
            self.holes.add((partition, self.ends[partition]))
        self.ends[partition] += 1

    def hear_of_kafka(self) -> None:
        """Let the feed be up to date now."""
        self.feed._positions[0].fresh_ms = self.now_ms

    def tell(
        self, decision: Decision, partition: int = 0, record_ms: int | None = None, *, is_past: bool = False
    ) -> None:
        """Let the feed read a decision, with the timestamp of its record if it is not from now."""
        moment = self.now_ms if record_ms is None else record_ms
        entry = WindowEntry(partition, self.ends[partition], decision, 500, self.now_ms, moment, is_past=is_past)
        self.ends[partition] += 1
        self.window.add(entry)
        for hear in self.feed.heard:
            hear([entry])

    def read(self, partition: int) -> None:
        """Let the feed read on in a partition, to its end."""
        came = []
        for offset in range(self.window.ends[partition], self.ends[partition]):
            if (partition, offset) not in self.holes:
                entry = WindowEntry(partition, offset, told(partition, offset), 500, 0, 0)
                self.window.add(entry)
                came.append(entry)
        self.window.reach(partition, self.ends[partition])
        for hear in self.feed.heard:
            hear(came)

    def records(self, partition: int, start: int, stop: int) -> list[Record]:
        """Return what a consumer would be given."""
        return [
            Record(partition, offset, encode(told(partition, offset)))
            for offset in range(start, min(stop, self.ends[partition]))
            if (partition, offset) not in self.holes
        ]


class LogReplays(Replays):
    """Replays out of such a log, a few offsets at a time; everything else is as it is."""

    def __init__(self, log: Log, batch: int) -> None:
        super().__init__(NOWHERE, log.feed, 1)
        self._log = log
        self._batch = batch

    async def turn(self, places: list[int]) -> AsyncGenerator[list[Any], None]:
        """Read on where the reader is behind the window."""
        for number, start in enumerate(self._log.window.starts):
            while places[number] < start:
                stop = places[number] + self._batch
                yield self._log.records(number, places[number], stop)
                places[number] = max(places[number], min(stop, self._log.ends[number]))


def reader_of(log: Log, places: list[int] | None, batch: int = 3, wanted: WantedDecisions | None = None) -> SseReader:
    """Return a reader."""
    return SseReader(log.feed, LogReplays(log, batch), wanted or WantedDecisions(), 0.01, places)
