"""Publishes the day to the shipments topic, in small batches, at a pace that makes it last as long as asked."""

import asyncio
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any, Final

from agents.demo.agenda import Planned
from agents.demo.latency import Latency
from agents.embedded.embedded_errors import BrokerError
from stream.partition import partition_of

TICK_SECONDS: Final = 0.02
"""Records due within a tick go in one batch per partition: the embedded broker returns one batch per fetch."""

GAP_SECONDS_MAX: Final = 0.25
"""The longest wait, so that the night passes quickly."""

BATCH_BYTES: Final = 900_000
"""A batch is at most this large, unless a single record is larger."""

BURST_RECORDS: Final = 1000
"""Most records to send at once when the day is behind the clock."""


class DayPlayer:
    """Publishes a day once. `producer` is a started aiokafka producer of raw batches."""

    def __init__(self, producer: Any, topic: str, partitions: int, latency: Latency) -> None:
        self._producer = producer
        self._topic = topic
        self._partitions = partitions
        self._latency = latency
        self._offsets = [0] * partitions
        self.published: Counter[str] = Counter()
        """Records acknowledged, by kind."""
        self.second = 0
        """Second of the simulated day, from its midnight, Eastern."""

    @property
    def total(self) -> int:
        """Records acknowledged."""
        return self.published.total()

    async def play(self, day: Sequence[Planned], seconds: float, stop: asyncio.Event) -> None:
        """Publish the whole day in about `seconds`, or until `stop`; returns when all that was sent is acknowledged."""
        start = time.monotonic()
        due: list[Planned] = []
        for moment, planned in schedule(day, seconds):
            wait = start + moment - time.monotonic()
            if wait > 0 or len(due) >= BURST_RECORDS:
                await self._send(due)
                due = []
                if await _stopped(stop, max(0.0, wait)):
                    return
            due.append(planned)
            self.second = planned.at
        await self._send(due)

    async def _send(self, records: list[Planned]) -> None:
        """Send records in one batch for each partition, more if one grows too large, and wait for all."""
        batches: list[tuple[int, Any, int]] = []
        open_batches: dict[int, Any] = {}
        moment = int(time.time() * 1000)
        for planned in records:
            partition = (partition_of(planned.key, self._partitions) + planned.shift) % self._partitions
            batch = open_batches.get(partition)
            if batch is None or batch.append(key=planned.key, value=planned.value, timestamp=moment) is None:
                batch = open_batches[partition] = self._producer.create_batch()
                batch.append(key=planned.key, value=planned.value, timestamp=moment)
                batches.append((partition, batch, self._offsets[partition]))
            self._offsets[partition] += 1
        await asyncio.gather(*(self._send_batch(*batch) for batch in batches))
        self.published.update(planned.kind for planned in records)

    async def _send_batch(self, partition: int, batch: Any, offset: int) -> None:
        # The demo is the only producer of its topic, so it knows the offset in advance.
        self._latency.sent(partition, offset, time.monotonic())
        future = await self._producer.send_batch(batch, self._topic, partition=partition)
        acknowledged = (await future).offset
        if acknowledged != offset:
            raise BrokerError(f"another program writes to {self._topic}/{partition}: {acknowledged}, not {offset}")


def schedule(day: Iterable[Planned], seconds: float) -> list[tuple[float, Planned]]:
    """Return each record with the moment at which it is due, in ticks from 0 to about `seconds`."""
    records = list(day)
    pace = seconds / max(1, sum(planned.delay for planned in records))
    moments, moment = [], 0.0
    for planned in records:
        moment += min(planned.delay * pace, GAP_SECONDS_MAX)
        moments.append(moment)
    # Shorter gaps make the day shorter, so stretch the rest to the length that was asked.
    stretch = seconds / moment if moment else 1.0
    ticks = (int(moment * stretch / TICK_SECONDS) for moment in moments)
    return [(tick * TICK_SECONDS, planned) for tick, planned in zip(ticks, records, strict=True)]


async def _stopped(stop: asyncio.Event, seconds: float) -> bool:
    """Wait this long, or until `stop` is set; return whether it is."""
    if stop.is_set():
        return True
    try:
        await asyncio.wait_for(stop.wait(), seconds)
    except TimeoutError:
        return False
    return True
