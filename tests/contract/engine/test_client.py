"""How aiokafka's clients behave where the engine depends on it, against a real broker."""

import asyncio

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import MessageSizeTooLargeError

from agents.engine.engine_settings import EngineSettings
from agents.engine.group_offsets import GroupOffsets
from agents.engine.producer import TransactionalProducer
from agents.kafka.errors import FencedError
from agents.kafka.log_reader import end_offsets, open_reader, read_to
from agents.kafka.protocol import GroupMember
from tests.kafka.harness import KafkaHarness

pytestmark = pytest.mark.kafka


def settings(harness: KafkaHarness, name: str = "contract") -> EngineSettings:
    """Return settings for a producer of this test."""
    return EngineSettings(
        connection=harness.connection, transactional_id=f"{harness.topics.prefix}-{name}", batch_bytes=3_000_000
    )


async def test_a_failed_batch_does_not_fail_the_commit(harness: KafkaHarness) -> None:
    """A batch too large for the topic fails its own future only; the transaction commits all the same (so we look)."""
    producer = TransactionalProducer(settings(harness))
    await producer.start()
    await producer.begin_transaction()
    large, small = producer.create_batch(), producer.create_batch()
    large.append(timestamp=None, key=b"large", value=b"x" * 2_000_000)
    small.append(timestamp=None, key=b"small", value=b"x")
    failing = await producer.send_batch(large, harness.topics.decisions, partition=0)
    sent = await producer.send_batch(small, harness.topics.decisions, partition=1)
    await sent
    with pytest.raises(MessageSizeTooLargeError):
        await failing
    await producer.commit_transaction()
    await producer.stop()
    assert {partition: len(rows) for partition, rows in harness.read(harness.topics.decisions).items()} == {1: 1}


async def test_an_offset_under_a_foreign_generation_is_refused_and_can_be_aborted(harness: KafkaHarness) -> None:
    """The broker refuses the offset, the transaction is aborted on the broker as well, and the next one works."""
    consumer = AIOKafkaConsumer(harness.topics.postings, group_id="fenced", **harness.connection.arguments())
    await consumer.start()
    member = GroupMember(consumer._coordinator.generation, consumer._coordinator.member_id)
    producer = TransactionalProducer(settings(harness))
    await producer.start()
    partition = TopicPartition(harness.topics.postings, 0)
    for wrong in (GroupMember(member.generation + 1, member.member_id), GroupMember(member.generation, "nobody")):
        await producer.begin_transaction()
        await producer.send(harness.topics.decisions, b"wrong", partition=0)
        with pytest.raises(FencedError, match="refused"):
            await producer.commit_offsets("fenced", {partition: 5}, wrong)
        await producer.abort_transaction()
    await producer.begin_transaction()
    await producer.send(harness.topics.decisions, b"right", partition=0)
    await producer.commit_offsets("fenced", {partition: 7}, member)
    await producer.commit_transaction()
    assert await GroupOffsets(producer, "fenced", harness.topics.postings, mock_broker=False).stable([0, 1]) == {
        0: 7,
        1: None,
    }
    await producer.stop()
    await consumer.stop()
    assert harness.decisions() == [b"right"]


async def test_stable_offsets_wait_for_the_open_transaction(harness: KafkaHarness) -> None:
    """While a transaction over a partition is open its offset is not given; after the commit the new one is."""
    holder, asker = TransactionalProducer(settings(harness)), TransactionalProducer(settings(harness, "asker"))
    await holder.start()
    await asker.start()
    await holder.begin_transaction()
    await holder.commit_offsets("stable", {TopicPartition(harness.topics.postings, 0): 3}, GroupMember(-1, ""))
    asking = asyncio.ensure_future(
        GroupOffsets(asker, "stable", harness.topics.postings, mock_broker=False).stable([0])
    )
    done, _ = await asyncio.wait([asking], timeout=1)
    assert not done
    await holder.commit_transaction()
    assert await asking == {0: 3}
    await holder.stop()
    await asker.stop()


async def test_a_log_is_read_to_its_high_watermark_past_control_records(harness: KafkaHarness) -> None:
    """The end is the high watermark, behind the commit marker; reading stops there and sees committed records only."""
    producer = TransactionalProducer(settings(harness))
    await producer.start()
    for value, commit in ((b"1", True), (b"2", False), (b"3", True)):
        await producer.begin_transaction()
        await producer.send(harness.topics.decisions, value, partition=0)
        await (producer.commit_transaction() if commit else producer.abort_transaction())
    await producer.stop()
    partitions = [TopicPartition(harness.topics.decisions, number) for number in range(2)]
    async with open_reader(harness.connection) as reader:
        ends = await end_offsets(reader, partitions)
        starts = await reader.beginning_offsets(partitions)
        values = [record.value async for records in read_to(reader, starts, ends) for record in records]
    assert ends == {partitions[0]: 6, partitions[1]: 0}
    assert values == [b"1", b"3"]
