"""Filling a topic fast: batches for explicit partitions, many at a time."""

import asyncio
import time
from collections.abc import Iterable
from typing import Any, Final

from aiokafka import AIOKafkaProducer

from agents.kafka.connection import Connection

BATCH_BYTES: Final = 250_000
PENDING_MAX: Final = 64

Row = tuple[int, bytes | None, bytes]
"""Partition, key and value of a record to load."""


async def load(connection: Connection, topic: str, rows: Iterable[Row]) -> int:
    """Append the rows to their partitions in their order; give how many there were."""
    producer = AIOKafkaProducer(max_batch_size=BATCH_BYTES, linger_ms=0, **connection.arguments())
    await producer.start()
    try:
        return await _Loading(producer, topic).run(rows)
    finally:
        await producer.stop()


class _Loading:
    def __init__(self, producer: Any, topic: str) -> None:
        self._producer = producer
        self._topic = topic
        self._batches: dict[int, Any] = {}
        self._pending: set[asyncio.Future[Any]] = set()

    async def run(self, rows: Iterable[Row]) -> int:
        count, stamp, batches = 0, int(time.time() * 1000), self._batches
        for partition, key, value in rows:
            batch = batches.get(partition)
            if batch is None or batch.append(key=key, value=value, timestamp=stamp) is None:
                await self._send(partition)
                batch = batches[partition] = self._producer.create_batch()
                batch.append(key=key, value=value, timestamp=stamp)
            count += 1
        for partition in list(batches):
            await self._send(partition)
        await asyncio.gather(*self._pending)
        return count

    async def _send(self, partition: int) -> None:
        batch = self._batches.pop(partition, None)
        if batch is not None:
            self._pending.add(await self._producer.send_batch(batch, self._topic, partition=partition))
        if len(self._pending) > PENDING_MAX:
            done, self._pending = await asyncio.wait(self._pending, return_when=asyncio.FIRST_COMPLETED)
            for future in done:
                future.result()
