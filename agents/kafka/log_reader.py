"""Reading a log without a group: read-committed, from an offset that the caller names, up to an end."""

from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager, suppress
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from agents.kafka.clients import make_consumer, start_whole
from agents.kafka.connection import Connection

READ_UNCOMMITTED = 0


@asynccontextmanager
async def open_reader(
    connection: Connection,
    *topics: str,
    auto_offset_reset: str = "none",
    start_seconds: float | None = None,
    **limits: Any,
) -> AsyncIterator[AIOKafkaConsumer]:
    """Return a started reader that sees what is committed and belongs to no group.

    It has every partition of `topics`, or what the caller assigns. Raise KafkaError, and TimeoutError when the start
    takes longer than `start_seconds`.
    """
    reader = make_consumer(connection, *topics, group=None, auto_offset_reset=auto_offset_reset, **limits)
    try:
        if start_seconds is None:
            await reader.start()
        else:
            await start_whole(reader, start_seconds)
        yield reader
    finally:
        # What was read counts, however its connections end.
        with suppress(KafkaError):
            await reader.stop()


async def end_offsets(reader: AIOKafkaConsumer, partitions: Iterable[TopicPartition]) -> dict[TopicPartition, int]:
    """Return the high watermarks; a read-committed reader is told the last stable offsets, which may lie before."""
    fetcher = reader._fetcher
    level, fetcher._isolation_level = fetcher._isolation_level, READ_UNCOMMITTED
    try:
        ends: dict[TopicPartition, int] = await reader.end_offsets(list(partitions))
        return ends
    finally:
        fetcher._isolation_level = level


async def topic_partitions(reader: AIOKafkaConsumer, topic: str) -> list[TopicPartition]:
    """Return a topic's partitions. Raise UnknownTopicOrPartitionError when it does not come to be."""
    return [TopicPartition(topic, number) for number in sorted(await reader._client._wait_on_metadata(topic))]


async def read_to(
    reader: AIOKafkaConsumer, starts: Mapping[TopicPartition, int], ends: Mapping[TopicPartition, int]
) -> AsyncIterator[list[Any]]:
    """Return lists of records of one partition each, until every partition has been read up to its end."""
    async for _partition, records in read_partitions_to(reader, starts, ends):
        yield records


async def read_partitions_to(
    reader: AIOKafkaConsumer, starts: Mapping[TopicPartition, int], ends: Mapping[TopicPartition, int]
) -> AsyncIterator[tuple[TopicPartition, list[Any]]]:
    """Return lists as `read_to` does, each with its partition.

    The last offsets may belong to control records or to nothing at all, so the reader's position counts.
    """
    left = {partition for partition in starts if starts[partition] < ends[partition]}
    if not left:
        return
    reader.assign(sorted(left))
    for partition in left:
        reader.seek(partition, starts[partition])
    while left:
        for partition, records in (await reader.getmany(*left, timeout_ms=200)).items():
            yield partition, records
        done = {partition for partition in left if await reader.position(partition) >= ends[partition]}
        if done:
            left -= done
            reader.pause(*done)
