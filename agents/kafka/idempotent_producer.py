"""Producers that write no record twice: every record is acknowledged by all replicas."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any, Final

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from agents.kafka.connection import Connection

LET_GO_SECONDS: Final = 1.0


def make_producer(connection: Connection, *, transactional_id: str | None = None, **limits: Any) -> AIOKafkaProducer:
    """Return an idempotent producer, not started. A limit that stands in the connection's options wins over ours."""
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
