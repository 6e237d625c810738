"""Writes states of webhooks to the control topic, over brokers that go away and come back."""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from typing import Final

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError, KafkaTimeoutError

from agents.kafka.clients import make_producer, start_whole, stop_producer
from agents.kafka.connection import Connection
from agents.webhooks.delivery_state import PARTITION

WRITE_SECONDS: Final = 10.0
STOP_SECONDS: Final = 1.0
REQUEST_MS: Final = 5_000


class StateWriter:
    """Holds a producer while Kafka answers."""

    def __init__(self, connection: Connection, topic: str) -> None:
        self._connection = connection
        self._topic = topic
        self._producer: AIOKafkaProducer | None = None

    async def write(self, rows: Mapping[bytes, bytes]) -> None:
        """Write rows and wait until they are acknowledged. Raise KafkaError, OSError; then some may be there."""
        try:
            async with asyncio.timeout(WRITE_SECONDS):
                producer = await self._started()
                sends = [
                    await producer.send(self._topic, key=key, value=value, partition=PARTITION)
                    for key, value in rows.items()
                ]
                await asyncio.gather(*sends)
        except TimeoutError:
            await self.close()
            raise KafkaTimeoutError from None
        except (KafkaError, OSError):
            await self.close()
            raise

    async def close(self) -> None:
        """Let go of the producer; the next `write` starts another."""
        producer, self._producer = self._producer, None
        if producer is not None:
            with suppress(KafkaError, OSError):
                await stop_producer(producer, STOP_SECONDS)

    async def _started(self) -> AIOKafkaProducer:
        if self._producer is None:
            # An idempotent producer whose batch timed out cannot go on, so each outage ends with a new one.
            self._producer = make_producer(self._connection, request_timeout_ms=REQUEST_MS)
            await start_whole(self._producer, WRITE_SECONDS)
        return self._producer
