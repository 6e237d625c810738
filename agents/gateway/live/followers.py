"""Consumers of the decisions topic without a group: read-committed, and never set to another offset by themselves."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final

import msgspec
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError, UnknownTopicOrPartitionError

from agents.kafka.connection import Connection
from agents.kafka.log_reader import open_reader

REQUEST_MS: Final = 10_000
ASK_SECONDS: Final = 15.0
NO_ANSWER: Final = "no answer about the topic's offsets"
FETCH_BYTES: Final = 256 * 1024
"""A partition's share of one fetch: what a consumer holds in memory for it."""


class Bounds(msgspec.Struct, frozen=True):
    """The range of the topic that can be read, by partition."""

    begins: list[int]
    ends: list[int]
    """Ends of what is committed, the last stable offsets: no consumer can have come further."""


class Followers(msgspec.Struct, frozen=True):
    """Where decisions come from."""

    connection: Connection
    topic: str
    fetch_wait_ms: int = 100

    @asynccontextmanager
    async def consumer(self) -> AsyncIterator[AIOKafkaConsumer]:
        """Yield a started consumer of all partitions, without a position. Raise KafkaError, also without a topic."""
        async with open_reader(
            self.connection,
            self.topic,
            start_seconds=REQUEST_MS / 1000,
            request_timeout_ms=REQUEST_MS,
            fetch_max_wait_ms=self.fetch_wait_ms,
            max_partition_fetch_bytes=FETCH_BYTES,
        ) as consumer:
            if not consumer.assignment():
                raise UnknownTopicOrPartitionError(self.topic)
            yield consumer

    def partition(self, number: int) -> TopicPartition:
        """Name a partition."""
        return TopicPartition(self.topic, number)

    async def bounds(self, consumer: AIOKafkaConsumer) -> Bounds:
        """Ask what of the topic can be read; also while the consumer is reading. Raise KafkaError."""
        wanted = [self.partition(number) for number in range(len(consumer.assignment()))]
        try:
            async with asyncio.timeout(ASK_SECONDS):
                begins = await consumer.beginning_offsets(wanted)
                ends = await consumer.end_offsets(wanted)
        except TimeoutError:
            raise KafkaError(NO_ANSWER) from None
        found: list[Any] = [[offsets[where] for where in wanted] for offsets in (begins, ends)]
        return Bounds(*found)

    async def since(self, consumer: AIOKafkaConsumer, millis: int) -> list[int | None]:
        """Ask for the first offset of each partition whose record is not older; None: it has none. Raise KafkaError."""
        wanted = [self.partition(number) for number in range(len(consumer.assignment()))]
        try:
            async with asyncio.timeout(ASK_SECONDS):
                found = await consumer.offsets_for_times(dict.fromkeys(wanted, millis))
        except TimeoutError:
            raise KafkaError(NO_ANSWER) from None
        return [None if found[where] is None else found[where].offset for where in wanted]
