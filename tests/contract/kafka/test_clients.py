"""What the factories of clients rely on in aiokafka, against a real broker."""

import pytest
from aiokafka import TopicPartition

from agents.kafka.clients import make_consumer, make_producer, send_row, stop_producer
from agents.kafka.group_admin import ask_patiently, member_count, stable_offsets
from agents.kafka.log_reader import open_reader, read_to, topic_partitions
from agents.kafka.probing import open_connection, versions_of
from agents.kafka.topic_admin import admin_client
from tests.kafka.harness import KafkaHarness

pytestmark = pytest.mark.kafka


async def test_a_reader_learns_the_partitions_of_a_topic(harness: KafkaHarness) -> None:
    """A reader that follows nothing is told the partitions of any topic, in order."""
    async with open_reader(harness.connection) as reader:
        found = await topic_partitions(reader, harness.topics.control)
    assert found == [TopicPartition(harness.topics.control, number) for number in range(4)]


async def test_a_reader_of_topics_has_all_their_partitions(harness: KafkaHarness) -> None:
    """A reader without a group is assigned every partition of its topics when it starts."""
    async with open_reader(harness.connection, harness.topics.control, start_seconds=60) as reader:
        assert reader.assignment() == {TopicPartition(harness.topics.control, number) for number in range(4)}


async def test_a_row_is_written_and_taken_away(harness: KafkaHarness) -> None:
    """What `send_row` wrote is there when it returns; without a value it is a tombstone."""
    for value in (b"x", None):
        await send_row(harness.connection, harness.topics.control, 2, b"key", value)
    where = TopicPartition(harness.topics.control, 2)
    async with open_reader(harness.connection) as reader:
        rows = [record async for records in read_to(reader, {where: 0}, {where: 2}) for record in records]
    assert [(row.key, row.value) for row in rows] == [(b"key", b"x"), (b"key", None)]


async def test_the_coordinator_counts_members_and_tells_offsets(harness: KafkaHarness) -> None:
    """A group has no member, then one that commits, then none; its offset stays."""
    group, where = harness.topics.group("toy"), TopicPartition(harness.topics.control, 1)
    async with admin_client(harness.connection) as client:
        counts = [await ask_patiently(lambda: member_count(client, group))]
        consumer = make_consumer(harness.connection, group=group)
        consumer.subscribe([harness.topics.control])
        await consumer.start()
        counts.append(await member_count(client, group))
        await consumer.commit({where: 5})
        await consumer.stop()
        counts.append(await member_count(client, group))
        assert counts == [0, 1, 0]
        assert await stable_offsets(client, group, where.topic, [0, 1]) == {0: None, 1: 5}


async def test_a_producer_is_let_go_while_the_broker_is_silent(harness: KafkaHarness) -> None:
    """What cannot be sent does not hold the end up, and the task that sends has ended."""
    producer = make_producer(harness.connection)
    await producer.start()
    await producer.send_and_wait(harness.topics.decisions, b"there", partition=0)
    harness.broker.freeze()
    try:
        sent = await producer.send(harness.topics.decisions, b"held", partition=0)
        await stop_producer(producer, 0.1)
        assert producer._sender.sender_task.done()
        assert not sent.done()
    finally:
        harness.broker.thaw()
    sent.cancel()


async def test_a_producer_that_is_not_silenced_sends_all(harness: KafkaHarness) -> None:
    """What was sent before the stop is acknowledged by its end, in order."""
    producer = make_producer(harness.connection)
    await producer.start()
    sent = [await producer.send(harness.topics.decisions, b"%d" % number, partition=3) for number in range(50)]
    await stop_producer(producer, 60)
    assert [(await each).offset for each in sent] == list(range(50))


async def test_versions_are_those_of_the_broker(harness: KafkaHarness) -> None:
    """A bare connection knows the versions of requests that the doctor looks at."""
    opened = await open_connection(harness.connection)
    versions = versions_of(opened)
    opened.close()
    assert versions[9][1] >= 7
    assert versions[28][1] >= 3
