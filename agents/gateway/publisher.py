"""Sends checked events to Kafka, idempotently and to all replicas; lives through a broker that is away.

Whether Kafka is there is asked every two seconds: while it is not, publishers hear so at once instead of waiting.
Batches are made by hand, since aiokafka's `send` writes every value into its log at debug, names and all.
"""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaConnectionError, KafkaError, UnknownTopicOrPartitionError

from agents.engine.settings import MIB, Connection
from agents.gateway.gathering import Gathering, Keyed
from agents.gateway.starting import start_whole
from agents.projection.backoff import Backoff
from agents.topics_admin import HINT

log = logging.getLogger(__name__)

PROBE_SECONDS: Final = 2.0
START_SECONDS: Final = 10.0
STOP_SECONDS: Final = 5.0
BATCH_BYTES: Final = 900_000
WAITING_BYTES_MAX: Final = 64 * MIB
"""So much may wait for acknowledgement, also of what was answered with 503 meanwhile."""


class KafkaAwayError(Exception):
    """Nothing, or not all, is known to have arrived; sending the same again does no harm."""


class Publisher:
    """The one producer of the gateway; `run` keeps it connected."""

    def __init__(self, connection: Connection, topic: str, seconds: float) -> None:
        """Publish to `topic`; all of a request is acknowledged within `seconds`, or it failed."""
        self._connection = connection
        self._topic = topic
        self._seconds = seconds
        self._gathering: Gathering | None = None
        self._lost = asyncio.Event()
        """The producer is of no use any more."""
        self.problem: str | None = "Kafka has not been reached yet"
        """Why nothing can be published now; None: it can."""

    async def publish(self, events: Sequence[Keyed]) -> None:
        """Send all events, each partition's in order, and wait until every one is acknowledged. Raises KafkaAwayError.

        Where it raises, some may be there, or may still arrive.
        """
        gathering = self._gathering
        if gathering is None or self.problem is not None:
            raise KafkaAwayError(self.problem)
        if gathering.waiting_bytes + sum(len(event.value) for event in events) > WAITING_BYTES_MAX:
            raise KafkaAwayError("too many events wait for Kafka already")
        try:
            async with asyncio.timeout(self._seconds):
                await gathering.send(events)
        except TimeoutError:
            self._away("Kafka does not acknowledge in time")
            raise KafkaAwayError(self.problem) from None
        except KafkaError as error:
            self._away(f"Kafka refuses: {type(error).__name__}")
            self._lost.set()
            raise KafkaAwayError(self.problem) from None

    def _away(self, problem: str) -> None:
        if self.problem != problem:
            log.warning("nothing can be published: %s", problem)
        self.problem = problem

    async def run(self) -> None:
        """Stay connected, and connect anew whenever it must be; never returns."""
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
    async def _connected(self) -> AsyncIterator[Any]:
        gathering: Gathering | None = None
        limits = {"request_timeout_ms": int(self._seconds * 1000)}
        producer = AIOKafkaProducer(
            enable_idempotence=True,
            acks="all",
            max_batch_size=BATCH_BYTES,
            **{**limits, **self._connection.arguments()},
        )
        try:
            await start_whole(producer, START_SECONDS)
            gathering = self._gathering = Gathering(producer, self._topic)
            yield producer
        finally:
            self._gathering = None
            if gathering is not None:
                await gathering.end(KafkaConnectionError("the connection is given up"))
            await _close(producer)

    async def _probe(self, producer: Any) -> None:
        """Ask for the topic every now and then, until the producer is lost. Raises KafkaError."""
        while not self._lost.is_set():
            async with asyncio.timeout(START_SECONDS):
                there = await producer.client.force_metadata_update() and await producer.partitions_for(self._topic)
            if not there:
                self._away(f"Kafka at {self._connection.brokers} does not answer")
            elif self.problem is not None:
                log.info("events can be published to %s", self._topic)
                self.problem = None
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._lost.wait(), PROBE_SECONDS)


async def _close(producer: Any) -> None:
    """Wait a little for what is on its way, then let go."""
    with contextlib.suppress(TimeoutError, KafkaError):
        async with asyncio.timeout(STOP_SECONDS):
            await producer.stop()
    await producer.client.close()
