"""Creating the project's topics, and checking that they are what a worker needs; the plans are in `stream.topics`."""

import asyncio
import sys
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from typing import Any, Final

import msgspec
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import for_code

from agents.kafka.connection import Connection
from stream.topics import DAY_MS, TopicPlan

EXISTS: Final = 36
SEEN_TRIES: Final = 100
SEEN_SECONDS: Final = 0.1
NEEDED: Final = ("cleanup.policy", "message.timestamp.type", "max.message.bytes")
"""Settings without which a worker must not run; others, such as segment.ms, may differ for a reason."""
RETENTION: Final = "retention.ms"
"""How long records are kept; longer than planned is as good."""

HINT: Final = "run `tallygate topics check`, then `tallygate topics create` or change the topic"


class Found(msgspec.Struct, frozen=True):
    """A topic as the broker has it."""

    partitions: int
    config: Mapping[str, str]


@asynccontextmanager
async def admin_client(connection: Connection) -> AsyncIterator[AIOKafkaAdminClient]:
    """Return a connected admin client."""
    client = AIOKafkaAdminClient(**connection.arguments())
    await client.start()
    try:
        yield client
    finally:
        await client.close()


async def find_topics(connection: Connection, names: Iterable[str], *, configs: bool = True) -> dict[str, Found]:
    """Return those of the topics that exist; `configs` says whether to ask for their settings as well."""
    async with admin_client(connection) as client:
        described = await client.describe_topics(sorted(set(names)))
        partitions = {each["topic"]: len(each["partitions"]) for each in described if not each["error_code"]}
        found = await _configs(client, partitions) if configs and partitions else {}
        return {name: Found(count, found.get(name, {})) for name, count in partitions.items()}


async def _configs(client: AIOKafkaAdminClient, names: Iterable[str]) -> dict[str, dict[str, str]]:
    resources = [ConfigResource(ConfigResourceType.TOPIC, name) for name in names]
    answers = await client.describe_configs(resources)
    entries: list[Any] = [entry for answer in answers for entry in answer.resources]
    return {entry[3]: {config[0]: config[1] for config in entry[4]} for entry in entries}


async def create_topics(
    connection: Connection, plans: Iterable[TopicPlan], partitions: int, replication: int
) -> list[str]:
    """Create the topics that are not there yet; return their names. Raises what the broker says against one."""
    new_plans = list(plans)
    new = [NewTopic(plan.name, partitions, replication, topic_configs=dict(plan.config)) for plan in new_plans]
    created = []
    async with admin_client(connection) as client:
        answer = await client.create_topics(new)
        for name, code, *message in answer.topic_errors:
            if code and code != EXISTS:
                raise for_code(code)(f"{name}: {message[0] if message else ''}")
            if not code:
                created.append(name)
        await _seen(client, [plan.name for plan in new_plans])
    return created


async def _seen(client: AIOKafkaAdminClient, names: list[str]) -> None:
    """Wait until the broker itself knows the topics: its controller answers first."""
    for _ in range(SEEN_TRIES):
        if all(not each["error_code"] and each["partitions"] for each in await client.describe_topics(names)):
            return
        await asyncio.sleep(SEEN_SECONDS)


def problems(plans: Iterable[TopicPlan], found: Mapping[str, Found], needed: Iterable[str] | None = None) -> list[str]:
    """Say in a line each what is wrong with the topics: missing, differing partition counts, other settings.

    `needed` limits the settings that are looked at.
    """
    plans = tuple(plans)
    lines = [f"topic {plan.name} is missing" for plan in plans if plan.name not in found]
    counts = {plan.name: found[plan.name].partitions for plan in plans if plan.name in found}
    if len(set(counts.values())) > 1:
        listed = ", ".join(f"{name} {count}" for name, count in counts.items())
        lines.append(f"partition counts differ, but a consignee must stay on its partition: {listed}")
    for plan in plans:
        topic = found.get(plan.name)
        for key, value in plan.config.items() if topic else ():
            if topic and (needed is None or key in needed) and not _fits(key, topic.config.get(key), value):
                lines.append(f"topic {plan.name}: {key} is {topic.config.get(key)}, should be {value}")
    return lines


def kept_days(found: Mapping[str, Found]) -> int:
    """Return the days for which topics keep their records, the least of all; those that are not deleted aside."""
    kept = [int(topic.config[RETENTION]) for topic in found.values() if topic.config.get("cleanup.policy") == "delete"]
    return min((millis // DAY_MS for millis in kept if millis >= 0), default=sys.maxsize)


def _fits(key: str, found: str | None, planned: str) -> bool:
    """Whether a setting is as planned; records may be kept for longer, or for ever."""
    if key != RETENTION or found is None or not found.lstrip("-").isdigit() or planned == "-1":
        return found == planned
    return int(found) < 0 or int(found) >= int(planned)
