"""The clients of aiokafka as all of Tallygate uses them, and how they are started and let go.

Consumers read what is committed and commit nothing by themselves. Producers write no record twice, and all replicas
acknowledge each record. A limit that stands in the connection's options wins over the caller's.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any, Final

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.client import AIOKafkaClient
from aiokafka.errors import KafkaError

from agents.kafka.connection import Connection

LET_GO_SECONDS: Final = 1.0
START_GRACE_SECONDS: Final = 3.0


def make_consumer(
    connection: Connection, *topics: str, group: str | None, auto_offset_reset: str = "none", **limits: Any
) -> AIOKafkaConsumer:
    """Return a consumer, not started; without a `group` it is assigned every partition of its topics."""
    return AIOKafkaConsumer(
        *topics,
        group_id=group,
        isolation_level="read_committed",
        enable_auto_commit=False,
        auto_offset_reset=auto_offset_reset,
        **{**limits, **connection.reading, **connection.arguments()},
    )


def make_producer(connection: Connection, *, transactional_id: str | None = None, **limits: Any) -> AIOKafkaProducer:
    """Return an idempotent producer, not started."""
    return AIOKafkaProducer(
        enable_idempotence=True,
        acks="all",
        transactional_id=transactional_id,
        **{**limits, **connection.arguments()},
    )


@asynccontextmanager
async def open_producer(connection: Connection, **limits: Any) -> AsyncIterator[AIOKafkaProducer]:
    """Return a started producer; at the end what was sent is waited for. Raise KafkaError."""
    producer = make_producer(connection, **limits)
    try:
        await producer.start()
        yield producer
    finally:
        await producer.stop()


@asynccontextmanager
async def open_client(connection: Connection) -> AsyncIterator[AIOKafkaClient]:
    """Return a connected client for requests that neither consumer nor producer makes. Raise KafkaError."""
    client = AIOKafkaClient(**connection.arguments())
    try:
        await client.bootstrap()
        yield client
    finally:
        await client.close()


async def send_row(connection: Connection, topic: str, partition: int, key: bytes, value: bytes | None) -> None:
    """Write one record and wait for its acknowledgement. Raise KafkaError."""
    async with open_producer(connection) as producer:
        await producer.send_and_wait(topic, key=key, value=value, partition=partition)


async def stop_producer(producer: AIOKafkaProducer, seconds: float) -> None:
    """Wait for what is on its way, then let go; aiokafka alone waits also for what can no longer be sent."""
    with suppress(KafkaError):
        try:
            async with asyncio.timeout(seconds):
                await producer.stop()
        except TimeoutError:
            # The task that sends would stay. It ends with its last request, or at the second cancellation.
            with suppress(TimeoutError):
                async with asyncio.timeout(LET_GO_SECONDS):
                    await producer._sender.close()
    await producer.client.close()


async def start_whole(client: Any, seconds: float) -> None:
    """Start a client within so many seconds. Raise TimeoutError and what it raises; then the caller stops it.

    A client of aiokafka that is cancelled in its start leaves a connection open. So when this is cancelled it first
    waits a little for the start to end.
    """
    starting = asyncio.create_task(client.start())
    starting.add_done_callback(_look_at_error)
    try:
        async with asyncio.timeout(seconds):
            await asyncio.shield(starting)
    finally:
        await asyncio.wait([starting], timeout=START_GRACE_SECONDS)
        starting.cancel()


def _look_at_error(task: asyncio.Task[None]) -> None:
    """Look at the error, for the caller that waited may have gone."""
    if not task.cancelled():
        task.exception()
