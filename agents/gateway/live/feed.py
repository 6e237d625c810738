"""The feed: one tail of the decisions topic for the whole process; it decodes each record once and hands it on.

It begins a little before the end, so that a subscriber that comes back after a restart finds what it missed in memory.
If Kafka goes away, the feed waits and goes on exactly where it stopped. If the topic no longer holds that place, since
it was created again or lost its end, the feed starts again and tells its listeners: no subscriber can go on from there.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import msgspec
from aiokafka import AIOKafkaConsumer
from aiokafka.errors import KafkaError, OffsetOutOfRangeError

from agents.gateway.live.followers import Bounds, Followers
from agents.gateway.live.window import Window, WindowEntry
from agents.readmodel.position import ReadModelPosition
from stream.decisions import Decision
from stream.partition import partition_of

log = logging.getLogger(__name__)

RECORDS_A_TURN: Final = 500
"""About five milliseconds of decoding, in which nothing else runs; what is bounded must have room for a turn."""
POLL_MS: Final = 200
WAIT_SECONDS: Final = (0.1, 0.25, 0.5, 1.0, 2.0)
BOUNDS_SECONDS: Final = 1.0
CLOCKS: Final = timedelta(seconds=1)
"""How far two clocks may differ, with the network between them, before times cannot show that nothing is missing."""
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)

_decision: Final = msgspec.json.Decoder(Decision).decode


def clock_ms() -> int:
    """Return the time, in milliseconds since 1970."""
    return time.time_ns() // 1_000_000


def read_decision(record: Any) -> Decision | None:
    """Return the decision in a record of the topic, None where there is none."""
    try:
        return _decision(record.value or b"")
    except (ValueError, RecursionError):
        return None


class Feed:
    """Runs until it is cancelled; everything else is called from its event loop."""

    def __init__(
        self, source: Followers, window: Window, stale_seconds: float, clock: Callable[[], int] = clock_ms
    ) -> None:
        self.window = window
        self.heard: list[Callable[[Sequence[WindowEntry]], None]] = []
        """Called with what has come, at once."""
        self.restarted: list[Callable[[], None]] = []
        """Called when the topic is another one, or was cut: earlier places mean nothing any more."""
        self.unreadable = 0
        """Records of the topic that are no decisions; passed over."""
        self.away = False
        """Kafka does not answer at all."""
        self._source = source
        self._stale_ms = int(stale_seconds * 1_000)
        self.clock = clock
        self._positions: list[ReadModelPosition] = []
        self._past: list[int] = []
        """Of each partition, the end of what was there before the feed began."""
        self._lag = 0
        self._polled_ms: dict[int, int | None] = {}
        """When Kafka last answered for each partition."""
        self._consumer: AIOKafkaConsumer | None = None
        self._asking = asyncio.Lock()
        self._bounds: tuple[float, Bounds] | None = None

    @property
    def fresh_ms(self) -> int | None:
        """Return the time up to which all that was committed has been read; None: not known yet."""
        times = [position.fresh_ms for position in self._positions]
        known = [moment for moment in times if moment is not None]
        return min(known) if known and len(known) == len(times) else None

    @property
    def live(self) -> bool:
        """Return whether what it has read is up to date."""
        fresh_ms = self.fresh_ms
        return fresh_ms is not None and self.clock() - fresh_ms <= self._stale_ms

    @property
    def lag(self) -> int:
        """Return its lag in offsets when it last looked."""
        return self._lag

    def as_of(self) -> datetime | None:
        """Return the time up to which everything committed has been read; None: not known yet."""
        fresh_ms = self.fresh_ms
        return None if fresh_ms is None else _EPOCH + timedelta(milliseconds=fresh_ms)

    def since(self) -> datetime | None:
        """Return the time after which every committed decision is in the window; None: it is empty, or not live."""
        since_ms = self.window.since_ms
        return None if since_ms is None or not self.live else _EPOCH + timedelta(milliseconds=since_ms) + CLOCKS

    def decisions(self, bill: str) -> Sequence[Decision]:
        """Return the bill's decisions in the window, outranked ones too."""
        return [entry.decision for entry in self.window.of_bill(bill)]

    def follows(self, bill: str, reached: Mapping[int, int]) -> bool:
        """Return whether the window goes on from a read model's offset in the bill's partition."""
        window = self.window
        if not window.partitions:
            return False
        number = partition_of(bill.encode(), window.partitions)
        return reached.get(number, -1) >= window.starts[number]

    async def run(self) -> None:
        """Read for ever; whatever Kafka does, it tries again."""
        failures = 0
        while True:
            try:
                async with self._source.consumer() as consumer:
                    await self._place(consumer)
                    failures = 0
                    self._back(consumer)
                    await self._follow(consumer)
            except OffsetOutOfRangeError:
                self._restart()
            except (KafkaError, OSError) as error:
                if not self.away:
                    log.warning("Kafka is away for the live feed (%s: %s); trying again", type(error).__name__, error)
                self.away = True
                await asyncio.sleep(WAIT_SECONDS[min(failures, len(WAIT_SECONDS) - 1)])
                failures += 1
            except Exception:
                self._restart()  # whatever it was, a listener may not have been told
                raise
            finally:
                self._consumer = self._bounds = None

    async def bounds(self) -> Bounds:
        """Return what of the topic can be read, not older than a second. Raise KafkaError while Kafka is away."""
        async with self._asking:
            moment = time.monotonic()
            if self._bounds is None or moment - self._bounds[0] > BOUNDS_SECONDS:
                if self._consumer is None:
                    raise KafkaError("the live feed has no connection")
                self._bounds = moment, await self._source.bounds(self._consumer)
            return self._bounds[1]

    async def places_since(self, millis: int) -> list[int]:
        """Return the offset of each partition from which no record is left out that is not older. Raise KafkaError."""
        # The ends come first: where no such record is known, one may come after them.
        ends = (await self.bounds()).ends
        if self._consumer is None:
            raise KafkaError("the live feed has no connection")
        found = await self._source.since(self._consumer, millis)
        return [end if first is None else min(first, end) for first, end in zip(found, ends, strict=True)]

    def _back(self, consumer: AIOKafkaConsumer) -> None:
        self._consumer = consumer
        self._polled_ms.clear()
        if self.away:
            log.warning("Kafka is back for the live feed")
        self.away = False

    async def _place(self, consumer: AIOKafkaConsumer) -> None:
        """Seek to where it stopped, or near the end if it never ran; the fetch will tell whether that place is there.

        Raise OffsetOutOfRangeError if the topic has another number of partitions.
        """
        bounds = await self._source.bounds(consumer)
        window = self.window
        if not window.partitions:
            back = window.records_max // 2 // len(bounds.ends)
            starts = [max(begin, end - back) for begin, end in zip(bounds.begins, bounds.ends, strict=True)]
            window.begin(starts, self.clock())
            self._positions = [ReadModelPosition(start) for start in starts]
            self._past = [*bounds.ends]
        elif len(bounds.ends) != window.partitions:
            raise OffsetOutOfRangeError
        for number, position in enumerate(window.ends):
            consumer.seek(self._source.partition(number), position)

    def _restart(self) -> None:
        log.error("the decisions topic no longer holds the live feed's place; the feed starts again at its end")
        self.window.forget()
        self._positions = []
        for tell in self.restarted:
            tell()

    async def _follow(self, consumer: AIOKafkaConsumer) -> None:
        while True:
            fetched = await consumer.getmany(timeout_ms=POLL_MS, max_records=RECORDS_A_TURN)
            # No pause between reading and telling: what is in the window has been told to every listener.
            arrived = self.clock()
            came = [
                entry
                for where, records in fetched.items()
                for record in records
                if (entry := self._take(where.partition, record, arrived)) is not None
            ]
            if came:
                for tell in self.heard:
                    tell(came)
            await self._look(consumer)

    def _take(self, partition: int, record: Any, arrived_ms: int) -> WindowEntry | None:
        decision = read_decision(record)
        if decision is None:
            self.unreadable += 1
            log.warning("partition %d, offset %d: no decision of ours; passed over", partition, record.offset)
            return None
        is_past = record.offset < self._past[partition]
        size, moment = len(record.value), record.timestamp
        entry = WindowEntry(partition, record.offset, decision, size, arrived_ms, moment, is_past=is_past)
        self.window.add(entry)
        return entry

    async def _look(self, consumer: AIOKafkaConsumer) -> None:
        """Note how far each partition has been read, and how far it goes."""
        lag = 0
        for number, read in enumerate(self._positions):
            where = self._source.partition(number)
            position, end = await consumer.position(where), consumer.last_stable_offset(where)
            self.window.reach(number, position)
            polled_ms, before_ms = consumer.last_poll_timestamp(where), self._polled_ms.get(number)
            if polled_ms != before_ms:
                # The broker stated this end after its answer before: all that was committed by then lies before it.
                read.reach(position, end, before_ms)
                self._polled_ms[number] = polled_ms
            else:
                read.reach(position, None, None)
            lag += max(0, (end or 0) - position)
        self._lag = lag
