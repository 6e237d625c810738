"""Queues of events by partition: while a batch is on its way, the next one fills up.

So a thousand publishers of single events cost Kafka little more than one publisher of batches. It is also needed: if
many tasks call aiokafka's `send_batch` for one partition, it counts waiting time twice and times out too early.
"""

import asyncio
import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any, Final, NamedTuple

HEADERS: Final = [("content-type", b"application/cloudevents+json")]
"""Headers that tell CloudEvents readers the structured mode (CloudEvents Kafka binding 1.0, section 3.3)."""
EVENTS_A_TURN: Final = 200
"""Events whose partitions are computed before other tasks get a turn."""


class Keyed(NamedTuple):
    """An event and its record key."""

    key: bytes
    value: bytes


class BatchShare:
    """One caller's events for one partition."""

    def __init__(self, events: Sequence[Keyed]) -> None:
        """Wait for a batch."""
        self.events = events
        self.taken = 0
        """How many are in batches already."""
        self.size = sum(len(event.value) for event in events)
        self.acknowledged: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.acknowledged.add_done_callback(_seen)

    def fill(self, batch: Any, moment_ms: int) -> bool:
        """Put as many events as fit into a batch; return whether all are in."""
        for event in self.events[self.taken :]:
            if batch.append(key=event.key, value=event.value, timestamp=moment_ms, headers=HEADERS) is None:
                return False
            self.taken += 1
        return True


def _seen(future: asyncio.Future[None]) -> None:
    """Look at the error, since the caller that waited may have gone."""
    if not future.cancelled():
        future.exception()


class PartitionQueues:
    """The queues of all partitions of a topic, for one producer; they end with it."""

    def __init__(self, producer: Any, topic: str, partition_of: Callable[[bytes, int], int]) -> None:
        self._producer = producer
        self._topic = topic
        self._partition_of = partition_of
        self._queues: dict[int, deque[BatchShare]] = {}
        self._senders: dict[int, asyncio.Task[None]] = {}
        self._ended: Exception | None = None
        self.waiting_bytes = 0
        """Of events that are not acknowledged, or were given up after a batch had taken them."""

    async def send(self, events: Sequence[Keyed]) -> None:
        """Send events in order by partition; return when all are acknowledged. Raise KafkaError.

        If cancelled, it takes back what is not in a batch yet.
        """
        partitions = len(await self._producer.partitions_for(self._topic))
        split: dict[int, list[Keyed]] = {}
        for number, event in enumerate(events, 1):
            if not number % EVENTS_A_TURN:
                await asyncio.sleep(0)
            split.setdefault(self._partition_of(event.key, partitions), []).append(event)
        shares = [self._join(partition, BatchShare(mine)) for partition, mine in split.items()]
        try:
            for share in shares:
                await share.acknowledged
        finally:
            for share in shares:
                share.acknowledged.cancel()

    def _join(self, partition: int, share: BatchShare) -> BatchShare:
        self.waiting_bytes += share.size
        self._queues.setdefault(partition, deque()).append(share)
        if partition not in self._senders:
            self._senders[partition] = asyncio.create_task(self._run(partition))
        return share

    async def _run(self, partition: int) -> None:
        """Send one batch after another until nothing waits."""
        queue = self._queues[partition]
        whole: list[BatchShare] = []
        try:
            while queue:
                batch, whole = self._fill(queue)
                if batch.record_count():
                    await (await self._producer.send_batch(batch, self._topic, partition=partition))
                self._finish(whole, None)
        except asyncio.CancelledError:
            self._finish(whole, self._ended)
            raise
        except Exception as error:  # noqa: BLE001 - whatever it is, the callers that wait must get it
            self._finish([*whole, *queue], error)
            queue.clear()
        finally:
            del self._senders[partition]

    def _fill(self, queue: deque[BatchShare]) -> tuple[Any, list[BatchShare]]:
        """Return a batch, and the shares that are complete with it."""
        batch, whole = self._producer.create_batch(), []
        moment_ms = int(time.time() * 1000)
        while queue:
            share = queue[0]
            given_up = share.taken == 0 and share.acknowledged.cancelled()
            if not given_up and not share.fill(batch, moment_ms):
                break
            whole.append(queue.popleft())
        return batch, whole

    def _finish(self, shares: list[BatchShare], error: Exception | None) -> None:
        for share in shares:
            self.waiting_bytes -= share.size
            if not share.acknowledged.done():
                if error is None:
                    share.acknowledged.set_result(None)
                else:
                    share.acknowledged.set_exception(error)

    async def end(self, error: Exception) -> None:
        """Drop everything that waits; its callers get the error."""
        self._ended = error
        senders = [*self._senders.values()]
        for sender in senders:
            sender.cancel()
        for queue in self._queues.values():
            self._finish([*queue], error)
            queue.clear()
        if senders:
            await asyncio.wait(senders)
