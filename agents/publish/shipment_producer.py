"""The one producer of shipment events: idempotent, to all replicas, one batch per partition on its way at a time.

`Publisher` opens one for programs and files; the gateway keeps one open as long as it runs. The batches are built in
`partition_queues` of the client, since aiokafka's own `send` writes every value into its log at debug, names included.
"""

import asyncio
from collections.abc import Sequence
from typing import Any, Final

from aiokafka.errors import KafkaConnectionError

from agents.kafka.clients import make_producer, start_whole, stop_producer
from agents.kafka.connection import Connection
from agents.tallygate_client.partition_queues import Keyed, PartitionQueues
from stream.partition import partition_of

BATCH_BYTES: Final = 900_000
START_SECONDS: Final = 10.0
STOP_SECONDS: Final = 2.0


class ShipmentProducer:
    """A producer for one topic, made in a running event loop; its errors are aiokafka's own."""

    def __init__(self, connection: Connection, topic: str, acknowledge_seconds: float) -> None:
        self._topic = topic
        self._seconds = acknowledge_seconds
        self._producer: Any = make_producer(
            connection, max_batch_size=BATCH_BYTES, request_timeout_ms=int(acknowledge_seconds * 1000)
        )
        self._queues = PartitionQueues(self._producer, topic, partition_of)

    @property
    def waiting_bytes(self) -> int:
        """Bytes of events that are not acknowledged, or were given up after a batch had taken them."""
        return self._queues.waiting_bytes

    async def start(self) -> None:
        """Connect. Raise KafkaError, TimeoutError; then call `stop`."""
        await start_whole(self._producer, START_SECONDS)

    async def send(self, events: Sequence[Keyed]) -> None:
        """Send events in order by partition; return when all are acknowledged. Raise KafkaError, TimeoutError.

        After an error some may be there, or may still arrive.
        """
        async with asyncio.timeout(self._seconds):
            await self._queues.send(events)

    async def answers(self) -> bool:
        """Return whether a broker answers. Raise KafkaError, TimeoutError: the topic is missing, for example."""
        async with asyncio.timeout(START_SECONDS):
            found = await self._producer.client.force_metadata_update()
            return bool(found and await self._producer.partitions_for(self._topic))

    async def stop(self) -> None:
        """Drop what waits, wait a moment for what is on its way, and disconnect."""
        await self._queues.end(KafkaConnectionError("the connection is given up"))
        await stop_producer(self._producer, STOP_SECONDS)
