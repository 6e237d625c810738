"""The typed client: events of `stream.events` into the shipments topic, under the right key, acknowledged by Kafka."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from types import TracebackType
from typing import Any, Final, Self

import msgspec
from aiokafka.errors import BrokerResponseError, KafkaError, KafkaTimeoutError

from agents.kafka.errors import RefusedError as NotAsConfiguredError
from agents.kafka.idempotent_producer import make_producer, stop_producer
from agents.kafka.probing import explained
from agents.kafka.topic_admin import find_topics
from agents.publish.event_checks import Good
from agents.publish.publish_errors import PublishAwayError, PublishError, PublishRefusedError, WrongEventError
from agents.settings.settings import KafkaSettings, read_settings
from stream.decisions import STRUCTURED
from stream.events import Shipment
from stream.faultfinding import FaultFound
from stream.partition import partition_of
from stream.reading import Reader
from stream.records import PlainRecord
from stream.topics import TOPIC_RECORD_BYTES

BATCH_BYTES: Final = 500_000
ACKNOWLEDGE_SECONDS: Final = 30.0
STOP_SECONDS: Final = 2.0

_encode: Final = msgspec.json.Encoder().encode


class Publisher:
    """Publishes shipment events; made in a running event loop, used as an async context manager.

    Takes the environment's `TALLYGATE_KAFKA__*` unless given settings. What one call hands over is acknowledged by all
    replicas when it returns; events of one conveyance keep their order. After an error send again: none counts twice.
    """

    def __init__(self, kafka: KafkaSettings | None = None, *, acknowledge_seconds: float = ACKNOWLEDGE_SECONDS) -> None:
        try:
            self._kafka = read_settings().kafka if kafka is None else kafka
        except NotAsConfiguredError as error:
            raise PublishRefusedError(str(error)) from None
        self._topic = self._kafka.topics().shipments
        self._seconds = acknowledge_seconds
        self._read = Reader(None).read
        self._partitions = 0
        self._producer: Any = None

    async def __aenter__(self) -> Self:
        """Connect. Raises AwayError where Kafka does not answer, RefusedError where it refuses or has no such topic."""
        try:
            connection = self._kafka.connection()
        except NotAsConfiguredError as error:
            raise PublishRefusedError(str(error)) from None
        self._producer = make_producer(
            connection, linger_ms=0, max_batch_size=BATCH_BYTES, max_request_size=2 * TOPIC_RECORD_BYTES
        )
        try:
            async with self._own_errors():
                self._partitions = await self._count_partitions()
                await self._producer.start()
        except BaseException:
            await stop_producer(self._producer, STOP_SECONDS)
            raise
        return self

    async def __aexit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        await stop_producer(self._producer, STOP_SECONDS)

    @property
    def place(self) -> str:
        """Where events go, for people."""
        return f"{self._topic} at {self._kafka.brokers}"

    async def publish(self, event: Shipment) -> None:
        """Publish one event. Raises WrongEventError, AwayError, RefusedError."""
        await self.publish_all([event])

    async def publish_all(self, events: Iterable[Shipment]) -> int:
        """Publish events that fit into memory, checked first: none is sent if one is wrong. Gives how many there were.

        Raises WrongEventError, AwayError, RefusedError.
        """
        checked = [self._checked(index, event) for index, event in enumerate(events)]
        await self.send(checked)
        return len(checked)

    async def send(self, events: Sequence[Good]) -> None:
        """Send events that were checked. Raises AwayError, RefusedError."""
        async with self._own_errors():
            async with asyncio.timeout(self._seconds):
                sent = [
                    await self._producer.send_batch(batch, self._topic, partition=to)
                    for to, batch in self._batches(events)
                ]
                await asyncio.gather(*sent)

    async def _count_partitions(self) -> int:
        found = await find_topics(self._kafka.connection(), [self._topic], configs=False)
        if self._topic not in found:
            hint = "is TALLYGATE_KAFKA__PREFIX right? else run `tallygate topics create`"
            raise PublishRefusedError(f"no topic {self._topic} at {self._kafka.brokers}: {hint}")
        return found[self._topic].partitions

    def _checked(self, index: int, event: Shipment) -> Good:
        value = _encode(event)
        # Types do not hold everything that the schema says, and are not checked when an event is made.
        found = self._read(PlainRecord("", 0, 0, -1, None, value))
        if isinstance(found, FaultFound):
            raise WrongEventError(index, found)
        return Good(index, value, found.data.conveyance)

    def _batches(self, events: Sequence[Good]) -> list[tuple[int, Any]]:
        batches: list[tuple[int, Any]] = []
        latest: dict[int, Any] = {}
        for event in events:
            key = event.conveyance.encode()
            to = partition_of(key, self._partitions)
            record = {"key": key, "value": event.value, "timestamp": None, "headers": list(STRUCTURED)}
            if to not in latest or latest[to].append(**record) is None:
                latest[to] = self._producer.create_batch()
                latest[to].append(**record)
                batches.append((to, latest[to]))
        return batches

    @asynccontextmanager
    async def _own_errors(self) -> AsyncIterator[None]:
        try:
            yield
        except (KafkaError, TimeoutError, OSError) as error:
            raise await self._meaning(error) from None

    async def _meaning(self, error: Exception) -> PublishError:
        """Ask once more what keeps us out, since the error of a client seldom says."""
        asked = error if isinstance(error, KafkaError) else KafkaTimeoutError("it did not acknowledge in time")
        found = await explained(self._kafka.connection(), asked)
        for_good = isinstance(error, BrokerResponseError) and not error.retriable
        return (
            PublishRefusedError(str(found))
            if for_good or isinstance(found, NotAsConfiguredError)
            else PublishAwayError(str(found))
        )
