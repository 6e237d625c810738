"""The typed client: events of `stream.events` into the shipments topic, under the right key, acknowledged by Kafka."""

from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from types import TracebackType
from typing import Final, Self

import msgspec
from aiokafka.errors import BrokerResponseError, KafkaError, KafkaTimeoutError

from agents.kafka.connection import Connection
from agents.kafka.errors import RefusedError as NotAsConfiguredError
from agents.kafka.probing import explained
from agents.kafka.topic_admin import find_topics
from agents.publish.event_checks import Good
from agents.publish.publish_errors import PublishAwayError, PublishError, PublishRefusedError, WrongEventError
from agents.publish.shipment_producer import ShipmentProducer
from agents.settings.settings import KafkaSettings, read_settings
from agents.tallygate_client.partition_queues import Keyed
from stream.events import Shipment
from stream.faultfinding import FaultFound
from stream.reading import Reader
from stream.records import PlainRecord

ACKNOWLEDGE_SECONDS: Final = 30.0

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
        self._producer: ShipmentProducer | None = None

    async def __aenter__(self) -> Self:
        """Connect.

        Raise PublishAwayError if Kafka does not answer, PublishRefusedError if it refuses or has no such topic.
        """
        connection = self._connection()
        async with self._own_errors():
            await self._check_topic(connection)
            self._producer = ShipmentProducer(connection, self._topic, self._seconds)
            try:
                await self._producer.start()
            except BaseException:
                await self._producer.stop()
                raise
        return self

    async def __aexit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        await self._opened().stop()

    @property
    def place(self) -> str:
        """Where events go, for people."""
        return f"{self._topic} at {self._kafka.brokers}"

    async def publish(self, event: Shipment) -> None:
        """Publish one event. Raise WrongEventError, PublishAwayError, PublishRefusedError."""
        await self.publish_all([event])

    async def publish_all(self, events: Iterable[Shipment]) -> int:
        """Publish events that fit into memory, and return how many; if one is wrong, none is sent.

        Raise WrongEventError, PublishAwayError, PublishRefusedError.
        """
        checked = [self._checked(index, event) for index, event in enumerate(events)]
        await self.send(checked)
        return len(checked)

    async def send(self, events: Sequence[Good]) -> None:
        """Send events that were checked. Raise PublishAwayError, PublishRefusedError."""
        keyed = [Keyed(event.conveyance.encode(), event.value) for event in events]
        async with self._own_errors():
            await self._opened().send(keyed)

    def _opened(self) -> ShipmentProducer:
        if self._producer is None:
            raise RuntimeError("a Publisher is used within `async with`")
        return self._producer

    def _connection(self) -> Connection:
        try:
            return self._kafka.connection()
        except NotAsConfiguredError as error:
            raise PublishRefusedError(str(error)) from None

    async def _check_topic(self, connection: Connection) -> None:
        """Look for the topic with an admin client: unlike a producer's question, it never creates one."""
        if self._topic not in await find_topics(connection, [self._topic], configs=False):
            hint = "is TALLYGATE_KAFKA__PREFIX right? else run `tallygate topics create`"
            raise PublishRefusedError(f"no topic {self._topic} at {self._kafka.brokers}: {hint}")

    def _checked(self, index: int, event: Shipment) -> Good:
        value = _encode(event)
        # Types do not hold everything that the schema says, and are not checked when an event is made.
        found = self._read(PlainRecord("", 0, 0, -1, None, value))
        if isinstance(found, FaultFound):
            raise WrongEventError(index, found)
        return Good(index, value, found.data.conveyance)

    @asynccontextmanager
    async def _own_errors(self) -> AsyncIterator[None]:
        try:
            yield
        except (KafkaError, TimeoutError, OSError) as error:
            raise await self._meaning(error) from None

    async def _meaning(self, error: Exception) -> PublishError:
        """Ask Kafka once more why it refuses, since the error of a client seldom says."""
        asked = error if isinstance(error, KafkaError) else KafkaTimeoutError("it did not acknowledge in time")
        found = await explained(self._kafka.connection(), asked)
        for_good = isinstance(error, BrokerResponseError) and not error.retriable
        return (
            PublishRefusedError(str(found))
            if for_good or isinstance(found, NotAsConfiguredError)
            else PublishAwayError(str(found))
        )
