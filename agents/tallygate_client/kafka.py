"""Publishing straight to Kafka, for programs that reach it; needs the extra `kafka`."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager, suppress
from types import TracebackType
from typing import Any, Final, Self, cast

from aiokafka import AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import BrokerResponseError, KafkaConnectionError, KafkaError
from aiokafka.partitioner import murmur2

from .client_errors import AwayError, RefusedError, wrong_events
from .exchange import encode_event
from .messages import Event
from .partition_queues import Keyed, PartitionQueues

TOPIC: Final = "tallygate.shipments.v1"
BATCH_BYTES: Final = 900_000
EVENT_BYTES_MAX: Final = 1_000_000
ACKNOWLEDGE_SECONDS: Final = 30.0
START_SECONDS: Final = 10.0
STOP_SECONDS: Final = 2.0


def partition_of(key: bytes, partitions: int) -> int:
    """Return the partition of a key, as Java's and aiokafka's default partitioners compute it."""
    return int(murmur2(key) & 0x7FFFFFFF) % partitions


class KafkaPublisher:
    """Publishes events into the shipments topic; made in a running event loop, used within `async with`.

    `options` go to aiokafka: `security_protocol`, `sasl_mechanism`, `ssl_context` and the like. The topic takes
    whatever is sent, and a wrong event becomes a dead letter there; the gateway refuses it.
    """

    def __init__(
        self,
        brokers: str,
        *,
        topic: str = TOPIC,
        acknowledge_seconds: float = ACKNOWLEDGE_SECONDS,
        **options: Any,
    ) -> None:
        self._brokers = brokers
        self._topic = topic
        self._seconds = acknowledge_seconds
        self._options = {**options, "bootstrap_servers": brokers.split(",")}
        self._producer: AIOKafkaProducer | None = None
        self._queues: PartitionQueues | None = None

    async def __aenter__(self) -> Self:
        """Connect. Raise AwayError, RefusedError."""
        async with self._own_errors():
            await self._check_topic()
            self._producer = AIOKafkaProducer(
                enable_idempotence=True, acks="all", max_batch_size=BATCH_BYTES,
                request_timeout_ms=int(self._seconds * 1000), **self._options,
            )  # fmt: skip
            try:
                async with asyncio.timeout(START_SECONDS):
                    await self._producer.start()
            except BaseException:
                await self._producer.stop()
                raise
            self._queues = PartitionQueues(self._producer, self._topic, partition_of)
        return self

    async def __aexit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        if self._queues is not None and self._producer is not None:
            await self._queues.end(KafkaConnectionError("the connection is given up"))
            with suppress(KafkaError, TimeoutError):
                async with asyncio.timeout(STOP_SECONDS):
                    await self._producer.stop()

    async def publish(self, events: Event | Iterable[Event]) -> int:
        """Publish one event or several; return how many all replicas have acknowledged.

        Events of one conveyance keep their order. Raise WrongEventsError: nothing was sent; AwayError: send again;
        RefusedError: for example, you may not write to the topic.
        """
        if self._queues is None:
            raise RuntimeError("a KafkaPublisher is used within `async with`")
        keyed = _keyed(cast("Mapping[str, Any] | Iterable[Mapping[str, Any]]", events))
        async with self._own_errors(), asyncio.timeout(self._seconds):
            await self._queues.send(keyed)
        return len(keyed)

    async def _check_topic(self) -> None:
        """Look for the topic with an admin client: unlike a producer's question, it never creates one."""
        admin = AIOKafkaAdminClient(**self._options)
        try:
            async with asyncio.timeout(START_SECONDS):
                await admin.start()
                (found,) = await admin.describe_topics([self._topic])
        finally:
            await admin.close()
        if found["error_code"]:
            raise RefusedError(
                0, "no topic", f"no {self._topic} at {self._brokers}: is `topic` right, and may you see it?"
            )

    @asynccontextmanager
    async def _own_errors(self) -> AsyncIterator[None]:
        try:
            yield
        except BrokerResponseError as error:
            if error.retriable:
                raise self._away(error) from None
            detail = f"{self._topic} at {self._brokers}: {type(error).__name__}; ask who runs Kafka for access"
            raise RefusedError(0, "Kafka refuses", detail) from None
        except (KafkaError, TimeoutError, OSError) as error:
            raise self._away(error) from None

    def _away(self, error: Exception) -> AwayError:
        return AwayError(f"Kafka at {self._brokers} does not answer ({type(error).__name__}): send the same again")


def _keyed(events: Mapping[str, Any] | Iterable[Mapping[str, Any]]) -> list[Keyed]:
    """Return events with their keys. Raise WrongEventsError."""
    found = []
    for index, event in enumerate([events] if isinstance(events, Mapping) else events):
        value = encode_event(index, event)
        data = event.get("data")
        key = data.get("conveyance") if isinstance(data, Mapping) else None
        if not isinstance(key, str) or not key:
            raise _wrong(index, "wrong-shape", "$.data.conveyance: expected text such as air:AF0066:2025-08-20")
        if len(value) > EVENT_BYTES_MAX:
            raise _wrong(index, "too-large", f"expected at most {EVENT_BYTES_MAX:,} bytes")
        found.append(Keyed(key.encode(), value))
    return found


def _wrong(index: int, code: str, detail: str) -> Exception:
    return wrong_events(0, "Wrong events", {"errors": [{"index": index, "code": code, "detail": detail}]})
