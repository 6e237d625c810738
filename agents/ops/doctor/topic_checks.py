"""Checks of topics and changelogs: they exist, have the right settings, and were made under this secret and policy."""

from collections.abc import AsyncIterator
from typing import Any, Final

from aiokafka import TopicPartition
from aiokafka.errors import KafkaError, TopicAuthorizationFailedError

from agents.engine.lane import FINGERPRINT
from agents.kafka.connection import Connection
from agents.kafka.describing import TopicsAsked
from agents.kafka.errors import RefusedError
from agents.kafka.log_reader import open_reader, read_to
from agents.kafka.probing import open_connection
from agents.kafka.topic_admin import NEEDED, find_topics, kept_days, problems
from agents.ops.doctor.finding import Finding, right, unknown, wrong
from agents.settings.enabled_rules import rulebook_of
from agents.settings.settings import Settings
from agents.worker.steps import manifest_step, withholding_step
from state.rules import RulebookError
from state.step import Step
from state.structures import PROGRAMME_ROW, refused_structures
from state.table import PARTITION_ROOT, changelog_key
from stream.topics import TopicPlan

SEARCHED: Final = 2_000
"""The fingerprint is among the first rows of a changelog, since compaction keeps the order; a programme that was
enabled later may not be, so its structure is left to the worker."""


async def topics(settings: Settings, connection: Connection) -> AsyncIterator[Finding]:
    """Compare the topics with their plans; name those that this login may not see."""
    names = settings.kafka.topics()
    try:
        rulebook = rulebook_of(settings)
    except RefusedError:
        rulebook = None  # the area `rules` says why
    plans = names.plans(rulebook.topic_days) if rulebook else names.plans()
    closed = await hidden(connection, [plan.name for plan in plans])
    plans = tuple(plan for plan in plans if plan.name not in closed)
    if closed:
        yield unknown("topics", f"this login may not see {', '.join(sorted(closed))}", "run it with an operator login")
    found = await find_topics(connection, [plan.name for plan in plans])
    counts = {topic.partitions for topic in found.values()}
    lines = problems(plans, found)
    for line in lines:
        yield wrong("topics", line, _remedy(line, plans))
    if rulebook:
        try:
            rulebook.check_retention(kept_days({name: found[name] for name in names.record if name in found}))
        except RulebookError as error:
            yield wrong("topics", f"{error.entry}: {error.problem}", error.remedy)
    if plans and not lines:
        yield right("topics", f"{len(plans)} topics of {counts.pop()} partitions, as they must be")


async def hidden(connection: Connection, names: list[str]) -> set[str]:
    """Return the topics that this login may not describe."""
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


async def changelogs(settings: Settings, connection: Connection) -> AsyncIterator[Finding]:
    """Compare the fingerprints in the changelogs with those that the settings make."""
    area = "changelogs"
    try:
        steps: list[Step] = [manifest_step(settings, 1), withholding_step(settings, 1)]
    except RefusedError as error:
        yield unknown(area, f"not compared: {str(error).partition(':')[0]}")
        return
    for step in steps:
        try:
            kept = await kept_rows(connection, settings.kafka.topics().changelog(step.name))
        except KafkaError as error:
            yield unknown(area, f"that of {step.name} cannot be read by this login ({type(error).__name__})")
            continue
        if kept is None:
            yield unknown(area, f"that of {step.name} is missing, or this login may not see it")
        else:
            yield _compared(area, step, kept)


def _compared(area: str, step: Step, kept: set[tuple[bytes, bytes]]) -> Finding:
    """Compare what a changelog depends on with what a step of these settings depends on."""
    other = {value.decode() for suffix, value in kept if suffix == FINGERPRINT} - {step.fingerprint}
    remedy = "put the former settings back; if the change is intended, tallygate rebuild tables with a new epoch"
    if other:
        return wrong(
            area,
            f"that of {step.name} was made under another secret, match, canonical form or policy "
            f"({', '.join(sorted(other))}, now {step.fingerprint})",
            remedy,
        )
    # Two partitions hold the same programmes, or one has yet to add a newer one.
    refused = {line for suffix, value in kept for line in refused_structures({suffix: value}, step.programmes)}
    if refused:
        return wrong(area, f"that of {step.name} was made under other programmes: {'; '.join(sorted(refused))}", remedy)
    return right(area, f"that of {step.name} {'fits the settings' if kept else 'is empty'}")


async def kept_rows(connection: Connection, topic: str) -> set[tuple[bytes, bytes]] | None:
    """Return the rows that say what the tables of a changelog depend on, None where it is missing. Raise KafkaError.

    Each is the suffix of its key, and its value: the fingerprint, and the structures of programmes.
    """
    there = await find_topics(connection, [topic], configs=False)
    if not there:
        return None
    partitions = [TopicPartition(topic, number) for number in range(there[topic].partitions)]
    found: set[tuple[bytes, bytes]] = set()
    own = changelog_key(PARTITION_ROOT, b"")
    async with open_reader(connection) as reader:
        starts = await reader.beginning_offsets(partitions)
        ends = await reader.end_offsets(partitions)
        stops = {each: min(ends[each], starts[each] + SEARCHED) for each in partitions}
        async for records in read_to(reader, starts, stops):
            suffixes = ((record.key.removeprefix(own), record) for record in records if record.key.startswith(own))
            found |= {
                (suffix, record.value)
                for suffix, record in suffixes
                if record.value and (suffix == FINGERPRINT or suffix.startswith(PROGRAMME_ROW))
            }
    return found
