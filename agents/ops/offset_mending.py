"""Setting a group's committed offsets to the positions of its tables, for `tallygate offsets set --to-tables`.

The tables are right: their changelog holds the position beside the rows. The broker accepts offsets from outside a
group only while the group has no members, so no running worker is disturbed.
"""

import asyncio
from collections.abc import Iterable
from typing import Final

import msgspec
from aiokafka import TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import CommitFailedError, IllegalGenerationError, UnknownMemberIdError

from agents.engine.job import source_of
from agents.engine.lane import Position
from agents.engine.seating import TableStanding
from agents.engine.step_runner import POSITION_KEY
from agents.kafka.clients import make_consumer
from agents.kafka.connection import Connection
from agents.kafka.errors import EngineError
from agents.kafka.group_admin import ask_patiently, member_count, stable_offsets
from agents.kafka.log_reader import end_offsets, open_reader, read_to
from agents.kafka.topic_admin import admin_client, find_topics
from stream.topics import Topics

LOOK_SECONDS: Final = 0.5
LOOK_BACK: Final = 10_000
"""Offsets to read first, from the end of a changelog: each transaction ends with the position."""
TAKEN: Final = (CommitFailedError, IllegalGenerationError, UnknownMemberIdError)


class CannotSetError(EngineError):
    """The offsets must not be set: the message says why, and what to do."""


class Mending(msgspec.Struct, frozen=True):
    """The offsets to set for one step."""

    step: str
    group: str
    source: str
    standings: list[TableStanding]
    """Every partition, also those whose table and offset agree."""

    @property
    def offsets(self) -> dict[TopicPartition, int]:
        """Return the offsets that differ, as in the tables."""
        differing = (each for each in self.standings if not each.agrees)
        return {TopicPartition(self.source, each.partition): each.table for each in differing if each.table is not None}


async def plan_mending(connection: Connection, topics: Topics, step: str, leave_seconds: float) -> Mending:
    """Compare tables and offsets of a step, after its group has no members. Raise CannotSetError."""
    source, changelog, group = source_of(step, topics), topics.changelog(step), topics.group(step)
    found = await find_topics(connection, [source, changelog], configs=False)
    if missing := [name for name in (source, changelog) if name not in found]:
        raise CannotSetError(f"topic {missing[0]} is missing, so no table has the offsets: see `tallygate doctor`")
    if found[source].partitions != found[changelog].partitions:
        raise CannotSetError(f"{source} and {changelog} differ in partitions: see `tallygate topics check`")
    partitions = range(found[source].partitions)
    async with admin_client(connection) as client:
        await _wait_until_left(client, group, leave_seconds)
        committed = await ask_patiently(lambda: stable_offsets(client, group, source, partitions))
    tables = await read_positions(connection, changelog, partitions)
    standings = [TableStanding(number, committed[number], tables.get(number)) for number in partitions]
    mending = Mending(step, group, source, standings)
    await _check(connection, mending)
    return mending


async def _wait_until_left(client: AIOKafkaAdminClient, group: str, seconds: float) -> None:
    """Wait until dead workers are no longer members. Raise CannotSetError if there are still members."""
    until = asyncio.get_running_loop().time() + seconds
    while count := await ask_patiently(lambda: member_count(client, group)):
        if asyncio.get_running_loop().time() > until:
            raise CannotSetError(
                f"{group} has {count} members, which hold its partitions: stop the workers of the step, or wait until "
                "they have ended with status 78, and run this again"
            )
        await asyncio.sleep(LOOK_SECONDS)


async def read_positions(connection: Connection, changelog: str, partitions: Iterable[int]) -> dict[int, int]:
    """Return each table's position in its input; a table that was never written is left out."""
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
    """Raise CannotSetError if a table is behind its offset, or ahead of the end of its input."""
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
    """Commit all offsets at once. Raise CannotSetError if a worker has joined meanwhile."""
    consumer = make_consumer(connection, group=mending.group)
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
