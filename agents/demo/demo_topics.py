"""The demo's own topics on a Kafka of the user: created before the day, deleted after it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from aiokafka.errors import KafkaConnectionError, KafkaError

from agents.demo.demo_errors import BrokerAwayError
from agents.embedded.embedded_errors import BrokerError
from agents.kafka.connection import Connection
from agents.kafka.topic_admin import admin_client, create_topics
from stream.topics import KEPT_DAYS, Topics

REPLICAS_MAX: Final = 3
"""As many replicas as there are brokers, up to this many."""


@asynccontextmanager
async def own_topics(brokers: str, topics: Topics, partitions: int, days: int = KEPT_DAYS) -> AsyncIterator[None]:
    """Create the topics under the demo's prefix, and delete them at the end in every case. Raise BrokerError."""
    connection = Connection(brokers)
    names = [plan.name for plan in topics.plans()]
    try:
        async with admin_client(connection) as client:
            replicas = min(REPLICAS_MAX, len((await client.describe_cluster())["brokers"]))
        await create_topics(connection, topics.plans(days), partitions, replicas)
    except KafkaConnectionError as error:
        raise BrokerAwayError(f"no Kafka at {brokers}") from error
    except KafkaError as error:
        raise BrokerError(f"{brokers} does not create the topics of the demo: {error}") from error
    try:
        yield
    finally:
        async with admin_client(connection) as client:
            await client.delete_topics(names)
