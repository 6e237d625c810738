"""Outgoing records of one transaction, packed into batches for explicit partitions."""

from collections.abc import Iterable
from time import time
from typing import Any

from aiokafka import TopicPartition
from aiokafka.errors import KafkaError

from agents.engine.producer import TransactionalProducer
from agents.kafka.errors import EngineError

NO_HEADERS: list[tuple[str, bytes]] = []
"""aiokafka wants a list; it does not change it."""


class OutputTooLargeError(Exception):
    """A step made a record that the broker would not take."""


class BatchBuilder:
    """Packs the records for one partition; what it skips of aiokafka's own `append` costs more than the packing."""

    __slots__ = ("_append", "_batch", "_count", "_outbox", "_stamp", "_where")

    def __init__(self, outbox: "ProducerBatches", where: tuple[str, int], stamp: int) -> None:
        """Pack for a topic and partition; `stamp` is the time that records are created at."""
        self._outbox = outbox
        self._where = where
        self._stamp = stamp
        self._open()

    def _open(self) -> None:
        self._batch = self._outbox.new_batch()
        self._append = self._batch._builder.append
        self._count = 0

    def pack(self, key: bytes | None, value: bytes | None, headers: Iterable[tuple[str, bytes]] = ()) -> None:
        """Pack one record."""
        fields = list(headers) if headers else NO_HEADERS
        if self._append(self._count, self._stamp, key, value, fields) is None:
            self.close()
            self._open()
            self._append(0, self._stamp, key, value, fields)
        self._count += 1

    def close(self) -> None:
        """Hand the batch to the outbox."""
        self._batch._relative_offset = self._count
        self._outbox.take(self._where, self._batch, self._count)


class ProducerBatches:
    """Packs records synchronously and sends full batches when asked; remembers every batch until it is acknowledged."""

    def __init__(self, producer: TransactionalProducer, hold_bytes: int) -> None:
        """Hold full batches back until they are `hold_bytes` together, so that a transaction is opened late."""
        self._producer = producer
        self._hold_bytes = hold_bytes
        self._stamp = int(time() * 1000)
        self._packers: dict[tuple[str, int], BatchBuilder] = {}
        self._full: list[tuple[TopicPartition, int, Any]] = []
        self._full_bytes = 0
        self._pending: list[tuple[TopicPartition, int, Any]] = []
        self.records = 0
        """Records in full batches."""

    def packer(self, topic: str, partition: int) -> BatchBuilder:
        """Return the packer for a partition."""
        where = (topic, partition)
        packer = self._packers.get(where)
        if packer is None:
            packer = self._packers[where] = BatchBuilder(self, where, self._stamp)
        return packer

    def new_batch(self) -> Any:
        """Return an empty batch."""
        return self._producer.create_batch()

    def take(self, where: tuple[str, int], batch: Any, count: int) -> None:
        """Take a batch that is full, or will get no more."""
        self._full.append((TopicPartition(*where), count, batch))
        self._full_bytes += batch.size()
        self.records += count

    @property
    def due(self) -> bool:
        """Tell whether enough is packed to be sent now."""
        return self._full_bytes >= self._hold_bytes

    async def send(self) -> None:
        """Send the full batches; this opens the transaction on the broker."""
        full, self._full, self._full_bytes = self._full, [], 0
        for partition, count, batch in full:
            future = await self._producer.send_batch(batch, partition.topic, partition=partition.partition)
            self._pending.append((partition, count, future))

    async def flush(self) -> None:
        """Send everything that is packed, without waiting for the broker to acknowledge it."""
        for packer in self._packers.values():
            packer.close()
        self._packers = {}
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
