"""Setting a group's committed offsets to where its tables stand, for `tallygate offsets set --to-tables`.

The tables hold what is true: a position is in the log itself, beside the rows. The broker takes offsets from outside a
group only while the group has no member, so whoever judges cannot be disturbed.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from typing import Final, TypeVar

import msgspec
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import (
    CommitFailedError,
    GroupCoordinatorNotAvailableError,
    GroupLoadInProgressError,
    IllegalGenerationError,
    NotCoordinatorForGroupError,
    UnknownMemberIdError,
)

from agents.engine.errors import EngineError
from agents.engine.group import member_count, stable_offsets
from agents.engine.job import source_of
from agents.engine.judging import POSITION_KEY
from agents.engine.lane import Position
from agents.engine.reading import end_offsets, open_reader, read_to
from agents.engine.seating import Standing
from agents.engine.settings import Connection
from agents.topics_admin import admin_client, find_topics
from stream.topics import Topics

LOOK_SECONDS: Final = 0.5
LOOK_BACK: Final = 10_000
"""Offsets read at first from the end of a changelog: each transaction ends with the position."""
MOVING: Final = (GroupCoordinatorNotAvailableError, GroupLoadInProgressError, NotCoordinatorForGroupError)
TAKEN: Final = (CommitFailedError, IllegalGenerationError, UnknownMemberIdError)

Answer = TypeVar("Answer")


class CannotSetError(EngineError):
    """The offsets are not to be set: the message says why, and what to do."""


class Mending(msgspec.Struct, frozen=True):
    """What is to be set for one step."""

    step: str
    group: str
    source: str
    standings: list[Standing]
    """Every partition, those that agree among them."""

    @property
    def offsets(self) -> dict[TopicPartition, int]:
        """Return the offsets that differ, as the tables have them."""
        differing = (each for each in self.standings if not each.agrees)
        return {TopicPartition(self.source, each.partition): each.table for each in differing if each.table is not None}


async def plan_mending(connection: Connection, topics: Topics, step: str, leave_seconds: float) -> Mending:
    """Compare tables and offsets of a step, once its group has no members. Raise CannotSetError."""
    source, changelog, group = source_of(step, topics), topics.changelog(step), topics.group(step)
    found = await find_topics(connection, [source, changelog], configs=False)
    if missing := [name for name in (source, changelog) if name not in found]:
        raise CannotSetError(f"topic {missing[0]} is missing, so no table has the offsets: see `tallygate doctor`")
    if found[source].partitions != found[changelog].partitions:
        raise CannotSetError(f"{source} and {changelog} differ in partitions: see `tallygate topics check`")
    partitions = range(found[source].partitions)
    async with admin_client(connection) as client:
        await _wait_until_left(client, group, leave_seconds)
        committed = await _patiently(lambda: stable_offsets(client, group, source, partitions))
    tables = await read_positions(connection, changelog, partitions)
    standings = [Standing(number, committed[number], tables.get(number)) for number in partitions]
    mending = Mending(step, group, source, standings)
    await _check(connection, mending)
    return mending


async def _wait_until_left(client: AIOKafkaAdminClient, group: str, seconds: float) -> None:
    """Wait for as long as a worker that died stays a member. Raise CannotSetError while there are others."""
    until = asyncio.get_running_loop().time() + seconds
    while count := await _patiently(lambda: member_count(client, group)):
        if asyncio.get_running_loop().time() > until:
            raise CannotSetError(
                f"{group} has {count} members, which hold its partitions: stop the workers of the step, or wait until "
                "they have ended with status 78, and run this again"
            )
        await asyncio.sleep(LOOK_SECONDS)


async def read_positions(connection: Connection, changelog: str, partitions: Iterable[int]) -> dict[int, int]:
    """Return where each table stands in its input; one that was never written is left out."""
    found: dict[int, int] = {}
    async with open_reader(connection) as reader:
        places = [TopicPartition(changelog, number) for number in partitions]
        ends, begins = await end_offsets(reader, places), await reader.beginning_offsets(places)
        back = LOOK_BACK
        while left := [place for place in places if place.partition not in found]:
            starts = {place: max(begins[place], ends[place] - back) for place in left}
            async for records in read_to(reader, starts, {place: ends[place] for place in left}):
                for record in records:
                    if record.key == POSITION_KEY and record.value is not None:
                        found[record.partition] = Position.decode(record.value).offset
            if all(starts[place] == begins[place] for place in left):
                break
            back *= 10
    return found


async def _check(connection: Connection, mending: Mending) -> None:
    """Raise CannotSetError where a table is behind its offset, or has judged more than its input has left."""
    behind = [each for each in mending.standings if not each.agrees and not each.ahead]
    if behind:
        raise CannotSetError(
            f"tables of {mending.group} are behind its offsets: {'; '.join(each.sentence() for each in behind)}. Rows "
            "of the changelog were lost: `tallygate rebuild tables --epoch N`"
        )
    if not mending.offsets:
        return
    async with open_reader(connection) as reader:
        ends = await end_offsets(reader, mending.offsets)
    beyond = [place for place, offset in mending.offsets.items() if offset > ends[place]]
    if beyond:
        raise CannotSetError(
            f"{mending.source} ends before its tables, in partitions {sorted(p.partition for p in beyond)}: "
            "records of the input were lost as well. Publish the events again, then `tallygate rebuild tables "
            "--epoch N`"
        )


async def mend(connection: Connection, mending: Mending) -> None:
    """Commit the offsets, all at once. Raise CannotSetError if a worker has joined meanwhile."""
    consumer = AIOKafkaConsumer(group_id=mending.group, enable_auto_commit=False, **connection.arguments())
    await consumer.start()
    try:
        consumer.assign(list(mending.offsets))
        await consumer.commit(mending.offsets)
    except TAKEN:
        raise CannotSetError(
            f"a worker has joined {mending.group} meanwhile, nothing was set: stop the workers of the step"
        ) from None
    finally:
        await consumer.stop()


async def _patiently(ask: Callable[[], Awaitable[Answer]], tries: int = 30) -> Answer:
    """Ask again while no broker looks after the group yet."""
    for _try in range(tries):
        with suppress(*MOVING):
            return await ask()
        await asyncio.sleep(LOOK_SECONDS)
    return await ask()
