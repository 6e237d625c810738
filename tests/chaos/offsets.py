"""A group's committed offsets, read and set from outside, while the group has no members."""

import asyncio

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from tests.kafka.field import Field

PAUSE_SECONDS = 0.5


async def held(field: Field, step: str) -> dict[TopicPartition, int]:
    """Return the offsets that a step's group has committed."""
    consumer = _consumer(field, step)
    await consumer.start()
    try:
        places = _places(field, step)
        consumer.assign(places)
        found = {place: await consumer.committed(place) for place in places}
        return {place: offset for place, offset in found.items() if offset is not None}
    finally:
        await consumer.stop()


async def put(field: Field, step: str, offsets: dict[TopicPartition, int]) -> None:
    """Commit other offsets for a step's group, as soon as its members' sessions are over."""
    consumer = _consumer(field, step)
    await consumer.start()
    try:
        consumer.assign(list(offsets))
        while offsets:
            try:
                await consumer.commit(offsets)
            except KafkaError:  # a member that left without a word is one until its session ends
                await asyncio.sleep(PAUSE_SECONDS)
            else:
                return
    finally:
        await consumer.stop()


def _consumer(field: Field, step: str) -> AIOKafkaConsumer:
    return AIOKafkaConsumer(
        bootstrap_servers=field.broker.address, group_id=field.topics.group(step), enable_auto_commit=False
    )


def _places(field: Field, step: str) -> list[TopicPartition]:
    topic = field.topics.shipments if step == "manifest" else field.topics.postings
    return [TopicPartition(topic, number) for number in range(field.partitions)]
