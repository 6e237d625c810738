"""Looking at the broker from outside the engine: which epochs there are, who is at work, and how much is left."""

import re
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from functools import partial
from typing import Final, NamedTuple

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient

from agents.kafka.connection import Connection
from agents.kafka.group_admin import ask_patiently, member_count
from agents.kafka.log_reader import open_reader, read_to
from agents.kafka.topic_admin import admin_client
from stream.topics import Topics

FEW_OFFSETS: Final = 10_000
"""With no more than this left, it is looked whether these are records at all, or markers only."""


class RebuildCourse(NamedTuple):
    """A group on its way through a topic."""

    name: str
    """What an operator reads beside the bar."""
    group: str
    topic: str


class RebuildLag(NamedTuple):
    """How far a course is, in offsets."""

    done: int
    total: int


class GroupLag:
    """Asks the broker; belongs to one event loop."""

    def __init__(self, client: AIOKafkaAdminClient, reader: AIOKafkaConsumer, partitions: int) -> None:
        """Ask about topics of so many partitions."""
        self._client = client
        self._reader = reader
        self.partitions = partitions

    async def epochs(self, prefix: str) -> set[int]:
        """Give the epochs that were ever at work: there is a group, or something in a changelog or in the postings."""
        named = re.compile(rf"{re.escape(prefix)}\.(?:manifest|withholding|postings)\.e(\d+)(?:-changelog|\.v1)?")
        topics = [topic for topic in await self._client.list_topics() if named.fullmatch(topic)]
        used = [topic for topic in topics if any((await self.ends(topic)).values())]
        groups = [group[0] for group in await self._client.list_consumer_groups()]
        return {int(found[1]) for name in (*used, *groups) if (found := named.fullmatch(name))}

    async def outranked(self, topics: Topics) -> list[str]:
        """Give the changelogs and postings of other epochs than these."""
        prefix, own = re.escape(topics.prefix), {plan.name for plan in topics.plans()}
        named = re.compile(rf"{prefix}\.(?:(?:manifest|withholding)\.e\d+-changelog|postings(?:\.e\d+)?\.v1)")
        return sorted(name for name in await self._client.list_topics() if named.fullmatch(name) and name not in own)

    async def members(self, groups: Iterable[str]) -> dict[str, int]:
        """Give the groups that have members, and how many."""
        found = {}
        for group in groups:
            if count := await ask_patiently(partial(member_count, self._client, group)):
                found[group] = count
        return found

    async def committed(self, course: RebuildCourse) -> dict[int, int]:
        """Give where the group stands, by partition; those it has never committed are left out."""
        found = await ask_patiently(lambda: self._client.list_consumer_group_offsets(course.group))
        return {
            partition.partition: committed.offset
            for partition, committed in found.items()
            if partition.topic == course.topic and committed.offset >= 0
        }

    async def ends(self, topic: str) -> dict[int, int]:
        """Give the last stable offsets: up to there everything is committed or aborted."""
        found = await self._reader.end_offsets(self._places(topic))
        return {place.partition: end for place, end in found.items()}

    async def way(self, course: RebuildCourse) -> RebuildLag:
        """Say how far a course is now."""
        stands, ends = await self._stands(course), await self.ends(course.topic)
        starts = await self._reader.beginning_offsets(self._places(course.topic))
        total = sum(ends.values()) - sum(starts.values())
        return RebuildLag(total - sum(max(0, ends[number] - stands[number]) for number in ends), total)

    async def reached(self, course: RebuildCourse, ends: Mapping[int, int]) -> bool:
        """Tell whether a group has judged everything before these offsets; the last ones may be markers only."""
        stands = await self._stands(course)
        left = {number: end for number, end in ends.items() if stands[number] < end}
        if not left:
            return True
        if sum(end - stands[number] for number, end in left.items()) > FEW_OFFSETS:
            return False
        starts = {TopicPartition(course.topic, number): stands[number] for number in left}
        until = {TopicPartition(course.topic, number): end for number, end in left.items()}
        try:
            async for records in read_to(self._reader, starts, until):
                if any(record.offset < left[record.partition] for record in records):
                    return False
        finally:
            self._reader.unsubscribe()
        return True

    async def delete(self, topics: Iterable[str]) -> None:
        """Delete topics; those that are not there do no harm."""
        await self._client.delete_topics(list(topics))

    async def _stands(self, course: RebuildCourse) -> dict[int, int]:
        starts = await self._reader.beginning_offsets(self._places(course.topic))
        committed = await self.committed(course)
        return {place.partition: max(start, committed.get(place.partition, 0)) for place, start in starts.items()}

    def _places(self, topic: str) -> list[TopicPartition]:
        return [TopicPartition(topic, number) for number in range(self.partitions)]


@asynccontextmanager
async def open_gauge(connection: Connection, partitions: int) -> AsyncIterator[GroupLag]:
    """Give a connected gauge for topics of so many partitions."""
    async with admin_client(connection) as client, open_reader(connection) as reader:
        yield GroupLag(client, reader, partitions)
