"""What the broker says about groups and epochs: which epochs exist, which groups have members, and their lag."""

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from functools import partial
from typing import Final, NamedTuple, TypeVar

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import (
    GroupCoordinatorNotAvailableError,
    GroupLoadInProgressError,
    NotCoordinatorForGroupError,
)

from agents.engine.group_offsets import member_count
from agents.kafka.connection import Connection
from agents.kafka.log_reader import open_reader, read_to
from agents.kafka.topic_admin import admin_client
from stream.topics import Topics

Answer = TypeVar("Answer")
MOVING: Final = (GroupCoordinatorNotAvailableError, GroupLoadInProgressError, NotCoordinatorForGroupError)
TRIES: Final = 100
TRY_SECONDS: Final = 0.1
FEW_OFFSETS: Final = 10_000
"""With no more offsets than this left, they are read: they may be transaction markers only."""


class RebuildGroup(NamedTuple):
    """A group of a rebuild and the topic that it reads."""

    name: str
    """The name beside its bar."""
    group_id: str
    topic: str


class RebuildProgress(NamedTuple):
    """How far a group is, in offsets."""

    done: int
    total: int


class GroupLag:
    """Asks the broker about groups; belongs to one event loop."""

    def __init__(self, client: AIOKafkaAdminClient, reader: AIOKafkaConsumer, partitions: int) -> None:
        """Ask about topics with this number of partitions."""
        self._client = client
        self._reader = reader
        self.partitions = partitions

    async def epochs(self, prefix: str) -> set[int]:
        """Return the epochs that were ever used: they have a group, or records in a changelog or in the postings."""
        named = re.compile(rf"{re.escape(prefix)}\.(?:manifest|withholding|postings)\.e(\d+)(?:-changelog|\.v1)?")
        topics = [topic for topic in await self._client.list_topics() if named.fullmatch(topic)]
        used = [topic for topic in topics if any((await self.ends(topic)).values())]
        groups = [group[0] for group in await self._client.list_consumer_groups()]
        return {int(found[1]) for name in (*used, *groups) if (found := named.fullmatch(name))}

    async def outranked(self, topics: Topics) -> list[str]:
        """Return the changelogs and postings of other epochs than these."""
        prefix, own = re.escape(topics.prefix), {plan.name for plan in topics.plans()}
        named = re.compile(rf"{prefix}\.(?:(?:manifest|withholding)\.e\d+-changelog|postings(?:\.e\d+)?\.v1)")
        return sorted(name for name in await self._client.list_topics() if named.fullmatch(name) and name not in own)

    async def members(self, groups: Iterable[str]) -> dict[str, int]:
        """Return the groups that have members, and how many."""
        found = {}
        for group in groups:
            if count := await _patiently(partial(member_count, self._client, group)):
                found[group] = count
        return found

    async def committed(self, group: RebuildGroup) -> dict[int, int]:
        """Return the committed offsets of a group, by partition; a partition without one is left out."""
        found = await _patiently(lambda: self._client.list_consumer_group_offsets(group.group_id))
        return {
            partition.partition: committed.offset
            for partition, committed in found.items()
            if partition.topic == group.topic and committed.offset >= 0
        }

    async def ends(self, topic: str) -> dict[int, int]:
        """Return the last stable offsets: everything before them is committed or aborted."""
        found = await self._reader.end_offsets(self._places(topic))
        return {place.partition: end for place, end in found.items()}

    async def progress(self, group: RebuildGroup) -> RebuildProgress:
        """Return how far a group is now."""
        stands, ends = await self._stands(group), await self.ends(group.topic)
        starts = await self._reader.beginning_offsets(self._places(group.topic))
        total = sum(ends.values()) - sum(starts.values())
        return RebuildProgress(total - sum(max(0, ends[number] - stands[number]) for number in ends), total)

    async def reached(self, group: RebuildGroup, ends: Mapping[int, int]) -> bool:
        """Return whether a group has judged every record before these offsets; markers do not count."""
        stands = await self._stands(group)
        left = {number: end for number, end in ends.items() if stands[number] < end}
        if not left:
            return True
        if sum(end - stands[number] for number, end in left.items()) > FEW_OFFSETS:
            return False
        starts = {TopicPartition(group.topic, number): stands[number] for number in left}
        until = {TopicPartition(group.topic, number): end for number, end in left.items()}
        try:
            async for records in read_to(self._reader, starts, until):
                if any(record.offset < left[record.partition] for record in records):
                    return False
        finally:
            self._reader.unsubscribe()
        return True

    async def delete(self, topics: Iterable[str]) -> None:
        """Delete those of the topics that exist."""
        await self._client.delete_topics(list(topics))

    async def _stands(self, group: RebuildGroup) -> dict[int, int]:
        starts = await self._reader.beginning_offsets(self._places(group.topic))
        committed = await self.committed(group)
        return {place.partition: max(start, committed.get(place.partition, 0)) for place, start in starts.items()}

    def _places(self, topic: str) -> list[TopicPartition]:
        return [TopicPartition(topic, number) for number in range(self.partitions)]


async def _patiently(ask: Callable[[], Awaitable[Answer]]) -> Answer:
    """Ask again while the group has no coordinator yet: a new cluster first creates its internal topics."""
    for _try in range(TRIES):
        try:
            return await ask()
        except MOVING:
            await asyncio.sleep(TRY_SECONDS)
    return await ask()


@asynccontextmanager
async def open_group_lag(connection: Connection, partitions: int) -> AsyncIterator[GroupLag]:
    """Return a connected `GroupLag` for topics with this number of partitions."""
    async with admin_client(connection) as client, open_reader(connection) as reader:
        yield GroupLag(client, reader, partitions)
