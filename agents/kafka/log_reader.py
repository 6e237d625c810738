"""Reading a log to its end: read-committed, in batches, without a group."""

from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition

from agents.kafka.connection import Connection

READ_UNCOMMITTED = 0


@asynccontextmanager
async def open_reader(connection: Connection) -> AsyncIterator[AIOKafkaConsumer]:
    """Give a connected reader that sees what is committed, and belongs to no group."""
    reader = AIOKafkaConsumer(
        isolation_level="read_committed", enable_auto_commit=False, auto_offset_reset="none", **connection.arguments()
    )
    try:
        await reader.start()
        yield reader
    finally:
        await reader.stop()


async def end_offsets(reader: AIOKafkaConsumer, partitions: Iterable[TopicPartition]) -> dict[TopicPartition, int]:
    """Give the high watermarks; a read-committed reader would be told the last stable offsets, which may lie before."""
    fetcher = reader._fetcher
    level, fetcher._isolation_level = fetcher._isolation_level, READ_UNCOMMITTED
    try:
        ends: dict[TopicPartition, int] = await reader.end_offsets(list(partitions))
        return ends
    finally:
        fetcher._isolation_level = level


async def read_to(
    reader: AIOKafkaConsumer, starts: Mapping[TopicPartition, int], ends: Mapping[TopicPartition, int]
) -> AsyncIterator[list[Any]]:
    """Give lists of records of one partition each, until every partition has been read up to its end.

    The last offsets may belong to control records or to nothing at all, so the reader's position counts.
    """
    left = {partition for partition in starts if starts[partition] < ends[partition]}
    if not left:
        return
    reader.assign(sorted(left))
    for partition in left:
        reader.seek(partition, starts[partition])
    while left:
        for records in (await reader.getmany(*left, timeout_ms=200)).values():
            yield records
        done = {partition for partition in left if await reader.position(partition) >= ends[partition]}
        if done:
            left -= done
            reader.pause(*done)
