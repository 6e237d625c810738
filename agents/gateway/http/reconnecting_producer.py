"""Keeps the producer of shipments connected, through brokers that are away.

It asks every two seconds whether Kafka is there. While it is not, publishers are told at once and do not wait.
"""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Final

from aiokafka.errors import KafkaError, UnknownTopicOrPartitionError

from agents.kafka.backoff import Backoff
from agents.kafka.connection import Connection
from agents.kafka.topic_admin import HINT
from agents.publish.publish_errors import PublishAwayError
from agents.publish.shipment_producer import ShipmentProducer
from agents.tallygate_client.partition_queues import Keyed

log = logging.getLogger(__name__)

PROBE_SECONDS: Final = 2.0
WAITING_BYTES_MAX: Final = 64 * 1024 * 1024
"""So much may wait for acknowledgement, including events whose publisher has been answered with 503 meanwhile."""


class ReconnectingProducer:
    """The producer of the gateway; `run` keeps it connected."""

    def __init__(self, connection: Connection, topic: str, seconds: float) -> None:
        """Publish to `topic`; all events of a request are acknowledged within `seconds`, or the request failed."""
        self._connection = connection
        self._topic = topic
        self._seconds = seconds
        self._producer: ShipmentProducer | None = None
        self._lost = asyncio.Event()
        """The producer cannot be used any more."""
        self.problem: str | None = "Kafka has not been reached yet"
        """Why nothing can be published now; None: it can."""

    async def publish(self, events: Sequence[Keyed]) -> None:
        """Send all events, each partition's in order, and wait for every acknowledgement. Raise PublishAwayError.

        After an error some may be there, or may still arrive.
        """
        producer = self._producer
        if producer is None or self.problem is not None:
            raise PublishAwayError(self.problem)
        if producer.waiting_bytes + sum(len(event.value) for event in events) > WAITING_BYTES_MAX:
            raise PublishAwayError("too many events wait for Kafka already")
        try:
            await producer.send(events)
        except TimeoutError:
            self._away("Kafka does not acknowledge in time")
            raise PublishAwayError(self.problem) from None
        except KafkaError as error:
            self._away(f"Kafka refuses: {type(error).__name__}")
            self._lost.set()
            raise PublishAwayError(self.problem) from None

    def _away(self, problem: str) -> None:
        if self.problem != problem:
            log.warning("nothing can be published: %s", problem)
        self.problem = problem

    async def run(self) -> None:
        """Stay connected, and connect again whenever it is needed; never returns."""
        backoff = Backoff()
        while True:
            self._lost.clear()
            try:
                async with self._connected() as producer:
                    backoff.reset()
                    await self._probe(producer)
            except UnknownTopicOrPartitionError:
                self._away(f"topic {self._topic} is missing: {HINT}")
            except (KafkaError, OSError) as error:
                self._away(f"Kafka at {self._connection.brokers} is away ({type(error).__name__})")
            await asyncio.sleep(backoff.next())

    @asynccontextmanager
    async def _connected(self) -> AsyncIterator[ShipmentProducer]:
        producer = ShipmentProducer(self._connection, self._topic, self._seconds)
        try:
            await producer.start()
            self._producer = producer
            yield producer
        finally:
            self._producer = None
            await producer.stop()

    async def _probe(self, producer: ShipmentProducer) -> None:
        """Ask for the topic every now and then, until the producer is lost. Raise KafkaError."""
        while not self._lost.is_set():
            if not await producer.answers():
                self._away(f"Kafka at {self._connection.brokers} does not answer")
            elif self.problem is not None:
                log.info("events can be published to %s", self._topic)
                self.problem = None
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._lost.wait(), PROBE_SECONDS)
