"""A group's committed offsets, read and set from outside, while the group has no members."""

import asyncio

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from tests.kafka.harness import KafkaHarness

PAUSE_SECONDS = 0.5


async def held(harness: KafkaHarness, step: str) -> dict[TopicPartition, int]:
    """Return the offsets that a step's group has committed."""
    consumer = _consumer(harness, step)
    await consumer.start()
    try:
        places = _places(harness, step)
        consumer.assign(places)
        found = {place: await consumer.committed(place) for place in places}
        return {place: offset for place, offset in found.items() if offset is not None}
    finally:
        await consumer.stop()


async def left(harness: KafkaHarness, step: str) -> int:
    """Return how many offsets lie behind those that a step's group has committed; markers may be among them."""
    consumer = _consumer(harness, step)
    await consumer.start()
    try:
        places = _places(harness, step)
        consumer.assign(places)
        ends = await consumer.end_offsets(places)
        return sum([ends[place] - (await consumer.committed(place) or 0) for place in places])
    finally:
        await consumer.stop()


async def put(harness: KafkaHarness, step: str, offsets: dict[TopicPartition, int]) -> None:
    """Commit other offsets for a step's group, as soon as its members' sessions are over."""
    consumer = _consumer(harness, step)
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


def _consumer(harness: KafkaHarness, step: str) -> AIOKafkaConsumer:
    return AIOKafkaConsumer(
        bootstrap_servers=harness.broker.address, group_id=harness.topics.group(step), enable_auto_commit=False
    )


def _places(harness: KafkaHarness, step: str) -> list[TopicPartition]:
    topic = harness.topics.shipments if step == "manifest" else harness.topics.postings
    return [TopicPartition(topic, number) for number in range(harness.partitions)]
