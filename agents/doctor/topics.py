"""Checks of topics and changelogs: there, alike, set as they must be, and made under the same secret and policy."""

from collections.abc import AsyncIterator, Iterator
from typing import Any, Final

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError, TopicAuthorizationFailedError

from agents.connections.probing import open_connection
from agents.doctor.finding import Finding, right, unknown, wrong
from agents.doctor.wire import TopicsAsked
from agents.engine.errors import RefusedError
from agents.engine.lane import FINGERPRINT
from agents.engine.reading import read_to
from agents.engine.settings import Connection
from agents.settings import Settings
from agents.steps import manifest_step, withholding_step
from agents.topics_admin import NEEDED, find_topics, problems
from state.table import PARTITION_ROOT, changelog_key
from stream.topics import TopicPlan

SEARCHED: Final = 2_000
"""The fingerprint is among the first rows of a changelog, since compaction keeps the order."""


async def topics(settings: Settings, connection: Connection) -> AsyncIterator[Finding]:
    """Compare the topics with their plans; those that this login may not see are named apart."""
    plans = settings.kafka.topics().plans()
    closed = await hidden(connection, [plan.name for plan in plans])
    plans = tuple(plan for plan in plans if plan.name not in closed)
    if closed:
        yield unknown("topics", f"this login may not see {', '.join(sorted(closed))}", "run it with an operator login")
    found = await find_topics(connection, [plan.name for plan in plans])
    counts = {topic.partitions for topic in found.values()}
    lines = problems(plans, found)
    for line in lines:
        yield wrong("topics", line, _remedy(line, plans))
    if plans and not lines:
        yield right("topics", f"{len(plans)} topics of {counts.pop()} partitions, as they must be")


async def hidden(connection: Connection, names: list[str]) -> set[str]:
    """Give those of the topics of which this login may not even know whether they are there."""
    opened = await open_connection(connection)
    try:
        answer: Any = await opened.send(TopicsAsked(names))
    finally:
        opened.close()
    return {each[1] for each in answer.topics if each[0] == TopicAuthorizationFailedError.errno}


def _remedy(line: str, plans: tuple[TopicPlan, ...]) -> str:
    if "is missing" in line:
        return "tallygate topics create"
    if "partition counts differ" in line:
        return (
            "delete an empty new topic and run tallygate topics create; if both have records, only another "
            "TALLYGATE_KAFKA__PREFIX helps"
        )
    name, key = line.removeprefix("topic ").split(": ")[0], line.split(": ")[1].split(" ", maxsplit=1)[0]
    value = next((plan.config[key] for plan in plans if plan.name == name), "")
    weight = "" if key in NEEDED else "; if the difference is intended, leave it"
    return f"kafka-configs.sh --alter --entity-type topics --entity-name {name} --add-config {key}={value}{weight}"


def expected_fingerprints(settings: Settings) -> Iterator[tuple[str, str]]:
    """Give each step with the fingerprint that the settings make. Raises RefusedError where they make none."""
    yield "manifest", manifest_step(settings, 1).fingerprint
    yield "withholding", withholding_step(settings, 1).fingerprint


async def changelogs(settings: Settings, connection: Connection) -> AsyncIterator[Finding]:
    """Compare the fingerprints kept in the changelogs with what the settings make."""
    area = "changelogs"
    try:
        expected = dict(expected_fingerprints(settings))
    except RefusedError as error:
        yield unknown(area, f"not compared: {str(error).partition(':')[0]}")
        return
    for step, fingerprint in expected.items():
        try:
            kept = await kept_fingerprints(connection, settings.kafka.topics().changelog(step))
        except KafkaError as error:
            yield unknown(area, f"that of {step} cannot be read by this login ({type(error).__name__})")
            continue
        if kept is None:
            yield unknown(area, f"that of {step} is missing, or this login may not see it")
            continue
        other = kept - {fingerprint}
        if other:
            yield wrong(
                area,
                f"that of {step} was made under another secret, match, canonical form or policy "
                f"({', '.join(sorted(other))}, now {fingerprint})",
                "put the former settings back; if the change is intended, tallygate rebuild tables with a new epoch",
            )
        else:
            yield right(area, f"that of {step} {'fits the settings' if kept else 'is empty'}")


async def kept_fingerprints(connection: Connection, topic: str) -> set[str] | None:
    """Give the fingerprints in the partitions of a changelog, None where it is missing. Raises KafkaError."""
    there = await find_topics(connection, [topic], configs=False)
    if not there:
        return None
    partitions = [TopicPartition(topic, number) for number in range(there[topic].partitions)]
    reader = AIOKafkaConsumer(
        isolation_level="read_committed", enable_auto_commit=False, auto_offset_reset="none", **connection.arguments()
    )
    await reader.start()
    found: set[str] = set()
    key = changelog_key(PARTITION_ROOT, FINGERPRINT)
    try:
        starts = await reader.beginning_offsets(partitions)
        ends = await reader.end_offsets(partitions)
        stops = {each: min(ends[each], starts[each] + SEARCHED) for each in partitions}
        async for records in read_to(reader, starts, stops):
            found |= {record.value.decode() for record in records if record.key == key and record.value}
    finally:
        await reader.stop()
    return found
