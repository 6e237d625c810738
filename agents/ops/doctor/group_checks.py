"""Checks of the work itself: partitions that stand still, how far each group is behind, and whether anybody works."""

from collections.abc import AsyncIterator
from typing import Any, Final

import msgspec
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import GroupCoordinatorNotAvailableError, KafkaError

from agents.engine.control import read_halts
from agents.kafka.connection import Connection
from agents.kafka.errors import RefusedError
from agents.kafka.topic_admin import admin_client, find_topics
from agents.ops.doctor.finding import Finding, doubtful, refused, right, unknown, wrong
from agents.settings.settings import Settings
from agents.worker.rebuild_marks import check_epoch
from stream.topics import Topics

LAG_DOUBTFUL: Final = 10_000
"""Offsets; at full speed less than a second's work."""


class StoppedPartition(msgspec.Struct, frozen=True):
    """How a group stands."""

    lag: int
    members: int


_LOOKS: Final = {
    "ceiling": "tallygate dead-letters list --since 24h",
    "unreadable": "look at its row in the control topic, and at the release that runs",
}


async def halts(settings: Settings, connection: Connection) -> AsyncIterator[Finding]:
    """List partitions that stand still."""
    topics = settings.kafka.topics()
    if not await find_topics(connection, [topics.control], configs=False):
        yield unknown("halts", f"not checked: topic {topics.control} is missing, or this login may not see it")
        return
    found = await read_halts(connection, topics)
    for halt in found:
        step = halt.group.removeprefix(f"{settings.kafka.prefix}.").partition(".")[0]
        look = _LOOKS.get(halt.reason, "the log, `the step raised`")
        yield wrong("halts", halt.sentence(), f"mend the cause ({look}), then tallygate resume {step}/{halt.partition}")
    if not found:
        yield right("halts", "no partition is halted")


async def epochs(settings: Settings, connection: Connection) -> AsyncIterator[Finding]:
    """Say whether a worker of this epoch would be let work: its tables are whole, and nobody's outrank them."""
    topics = settings.kafka.topics()
    if not await find_topics(connection, [topics.control], configs=False):
        return
    for step in ("manifest", "withholding"):
        try:
            await check_epoch(connection, topics, step)
        except RefusedError as error:
            yield refused("epoch", error)
        else:
            yield right("epoch", f"{step} may work in epoch {topics.epoch_of(step)}")


async def groups(settings: Settings, connection: Connection) -> AsyncIterator[Finding]:
    """Say how far each group is behind, and how many work in it."""
    topics = settings.kafka.topics()
    sources = {"manifest": topics.shipments, "withholding": topics.postings, "projection": topics.decisions}
    for step, source in sources.items():
        try:
            standing = await group_standing(connection, topics, step, source)
        except GroupCoordinatorNotAvailableError:
            yield unknown("groups", f"{step}: the broker is still creating its topic of groups", "run it again")
            continue
        except KafkaError as error:
            yield unknown("groups", f"{step}: this login may not see it ({type(error).__name__})")
            continue
        if standing is not None:
            yield _finding(step, standing)


def _finding(step: str, standing: StoppedPartition) -> Finding:
    says = f"{step}: {standing.members} members, {standing.lag:,} offsets behind"
    command = "tallygate projection" if step == "projection" else f"tallygate worker {step}"
    if not standing.members:
        remedy = f"start it: {command}"
        return wrong("groups", says, remedy) if standing.lag else doubtful("groups", says, remedy)
    if standing.lag > LAG_DOUBTFUL:
        return doubtful("groups", says, "run it again soon; if the lag grows, start more workers or see their logs")
    return right("groups", says)


async def group_standing(connection: Connection, topics: Topics, step: str, source: str) -> StoppedPartition | None:
    """Return how a group stands in its topic, None where the topic is missing. Raise KafkaError."""
    found = await find_topics(connection, [source], configs=False)
    if source not in found:
        return None
    partitions = [TopicPartition(source, number) for number in range(found[source].partitions)]
    async with admin_client(connection) as client:
        group = topics.group(step)
        committed = await client.list_consumer_group_offsets(group, partitions=partitions)
        described: list[Any] = await client.describe_consumer_groups([group])
    reader = AIOKafkaConsumer(isolation_level="read_committed", **connection.arguments())
    await reader.start()
    try:
        ends, begins = await reader.end_offsets(partitions), await reader.beginning_offsets(partitions)
    finally:
        await reader.stop()
    at = {each: max(committed[each].offset if each in committed else -1, begins[each]) for each in partitions}
    members = sum(len(each[5]) for answer in described for each in answer.groups)
    return StoppedPartition(sum(max(0, ends[each] - at[each]) for each in partitions), members)
