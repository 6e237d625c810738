"""Outgoing records of one transaction, packed into batches for explicit partitions."""

from collections.abc import Iterable
from typing import Any

from aiokafka import TopicPartition
from aiokafka.errors import KafkaError

from agents.engine.errors import EngineError
from agents.engine.producer import TransactionalProducer


NO_HEADERS: list[tuple[str, bytes]] = []
"""aiokafka wants a list; it does not change it."""


class OutputTooLargeError(Exception):
    """A step made a record that the broker would not take."""


class Outbox:
    """Packs records synchronously and sends full batches when asked; remembers every batch until it is acknowledged."""

    def __init__(self, producer: TransactionalProducer, hold_bytes: int) -> None:
        """Hold full batches back until they are `hold_bytes` together, so that a transaction is opened late."""
        self._producer = producer
        self._hold_bytes = hold_bytes
        self._open: dict[tuple[str, int], Any] = {}
        self._full: list[tuple[str, int, Any]] = []
        self._full_bytes = 0
        self._pending: list[tuple[TopicPartition, int, Any]] = []
        self.records = 0

    def append(
        self,
        topic: str,
        partition: int,
        key: bytes | None,
        value: bytes | None,
        headers: Iterable[tuple[str, bytes]] = (),
    ) -> None:
        """Pack one record."""
        fields = list(headers) if headers else NO_HEADERS
        where = (topic, partition)
        batch = self._open.get(where)
        if batch is None:
            batch = self._open[where] = self._producer.create_batch()
        if batch.append(timestamp=None, key=key, value=value, headers=fields) is None:
            self._close(where, batch)
            batch = self._open[where] = self._producer.create_batch()
            batch.append(timestamp=None, key=key, value=value, headers=fields)
        self.records += 1

    def _close(self, where: tuple[str, int], batch: Any) -> None:
        self._full.append((*where, batch))
        self._full_bytes += batch.size()

    @property
    def due(self) -> bool:
        """Tell whether enough is packed to be sent now."""
        return self._full_bytes >= self._hold_bytes

    async def send(self) -> None:
        """Send the full batches; this opens the transaction on the broker."""
        full, self._full, self._full_bytes = self._full, [], 0
        for topic, partition, batch in full:
            count = batch.record_count()
            future = await self._producer.send_batch(batch, topic, partition=partition)
            self._pending.append((TopicPartition(topic, partition), count, future))

    async def flush(self) -> None:
        """Send everything that is packed, without waiting for the broker to acknowledge it."""
        for where, batch in self._open.items():
            self._close(where, batch)
        self._open = {}
        await self.send()

    async def acknowledged(self) -> dict[TopicPartition, int]:
        """Wait for the broker to have every batch; give the offset after the last record for each partition.

        A batch that failed does not fail aiokafka's commit, so each is looked at here, before it.
        """
        ends: dict[TopicPartition, int] = {}
        failed = None
        for partition, count, future in self._pending:
            try:
                sent = await future
            except KafkaError as error:
                failed = failed or EngineError(f"a batch for {partition.topic}-{partition.partition} failed: {error!r}")
            else:
                ends[partition] = sent.offset + count
        if failed:
            raise failed
        return ends
