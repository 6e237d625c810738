"""Reading the topic of dead letters, read-committed, from the beginning or a time up to its present end."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any, Final

from aiokafka import AIOKafkaConsumer, TopicPartition

from agents.engine.control import read_control
from agents.kafka.connection import Connection
from agents.kafka.log_reader import read_to
from agents.kafka.topic_admin import find_topics
from agents.ops.dead_letters.ledger import Ledger
from agents.ops.dead_letters.letter_errors import MissingTopicsError
from stream.topics import Topics

STILL_SECONDS: Final = 30.0
"""A broker that gives nothing for so long is taken to be away."""

Span = tuple[int, int]
"""First offset, and the one after the last."""


async def find_partitions(connection: Connection, topics: Topics) -> int:
    """Return the partition count of dead letters. Raise MissingTopicsError."""
    needed = (topics.shipments, topics.dead_letters, topics.control)
    found = await find_topics(connection, needed, configs=False)
    if missing := [name for name in needed if name not in found]:
        raise MissingTopicsError(missing)
    return found[topics.dead_letters].partitions


async def read_ledger(connection: Connection, topics: Topics) -> Ledger:
    """Return the marks of the letters that were sent again."""
    async with asyncio.timeout(STILL_SECONDS):
        return Ledger(topics.dead_letters, await read_control(connection, topics.control))


@asynccontextmanager
async def open_reader(connection: Connection) -> AsyncIterator[AIOKafkaConsumer]:
    """Return a connected reader that sees what is committed, and belongs to no group."""
    reader = AIOKafkaConsumer(
        isolation_level="read_committed", enable_auto_commit=False, auto_offset_reset="none", **connection.arguments()
    )
    try:
        await reader.start()
        yield reader
    finally:
        await reader.stop()


async def find_spans(reader: AIOKafkaConsumer, topic: str, partitions: int, since: int | None) -> dict[int, Span]:
    """Return the span of each partition; `since` (ms since the epoch) leaves out records that are certainly older."""
    tps = [TopicPartition(topic, number) for number in range(partitions)]
    # Of a read-committed reader these are the last stable offsets: an open transaction is not waited for.
    ends = await reader.end_offsets(tps)
    starts = await reader.beginning_offsets(tps)
    if since is not None:
        found = await reader.offsets_for_times(dict.fromkeys(tps, since))
        starts = {tp: found[tp].offset if found[tp] else ends[tp] for tp in tps}
    return {tp.partition: (starts[tp], ends[tp]) for tp in tps}


async def read_records(reader: AIOKafkaConsumer, topic: str, spans: Mapping[int, Span]) -> AsyncIterator[Any]:
    """Return the records, of each partition in order. Raise TimeoutError when the broker falls silent."""
    starts = {TopicPartition(topic, number): span[0] for number, span in spans.items()}
    ends = {TopicPartition(topic, number): span[1] for number, span in spans.items()}
    batches = aiter(read_to(reader, starts, ends))
    while True:
        async with asyncio.timeout(STILL_SECONDS):
            records = await anext(batches, None)
        if records is None:
            return
        for record in records:
            # A fetch may give more than was there when the ends were asked for.
            if record.offset < spans[record.partition][1]:
                yield record
