"""A broker with a folder: the next one has the same records at the same offsets, and no open transaction."""

import asyncio
import os
import signal
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from agents.embedded.embedded_broker import PARTITION_BYTES_MAX, embedded_broker
from agents.embedded.embedded_errors import ChildDiedError, EmbeddedError
from agents.embedded.kept_log import ENDS, KeptLog, Place
from agents.kafka.clients import stop_producer
from tests.waiting import wait_for

if TYPE_CHECKING:
    from agents.embedded.messages import BrokerReport

TOPICS = ("source", "made")
SOURCE, MADE = TopicPartition("source", 1), TopicPartition("made", 2)


async def records(address: str, partition: TopicPartition) -> list[tuple[int, bytes]]:
    """Return offset and value of each record."""
    found: list[tuple[int, bytes]] = []
    reading = {"check_crcs": False, "auto_offset_reset": "earliest"}
    async with AIOKafkaConsumer(bootstrap_servers=address, **reading) as consumer:
        consumer.assign([partition])
        end = (await consumer.end_offsets([partition]))[partition]
        while await consumer.position(partition) < end:
            fetched = await consumer.getmany(timeout_ms=100)
            found += [(each.offset, each.value) for each in fetched.get(partition, ())]
    return found


async def publish(address: str, *values: bytes) -> None:
    """Write records to the source."""
    async with AIOKafkaProducer(bootstrap_servers=address, max_request_size=1_100_000) as producer:
        for value in values:
            await producer.send_and_wait(SOURCE.topic, value, partition=SOURCE.partition)


async def commit(producer: AIOKafkaProducer, value: bytes) -> int:
    """Write a record in a transaction, and return its offset."""
    async with producer.transaction():
        return int((await producer.send_and_wait(MADE.topic, value, partition=MADE.partition)).offset)


async def test_next_broker_goes_on_at_the_same_offsets(tmp_path: Path) -> None:
    """Records and the ends of transactions come back; one that is open does not; new records follow."""
    async with embedded_broker(TOPICS, tmp_path) as broker:
        await publish(broker.address, b"in 0", b"in 1")
        producer = AIOKafkaProducer(bootstrap_servers=broker.address, transactional_id="step", compression_type="lz4")
        await producer.start()
        assert [await commit(producer, b"out 0"), await commit(producer, b"out 1")] == [0, 2]
        await producer.begin_transaction()
        await producer.send_and_wait(MADE.topic, b"open", partition=MADE.partition)
    await stop_producer(producer, 0.1)
    async with embedded_broker(TOPICS, tmp_path) as broker:
        assert await records(broker.address, SOURCE) == [(0, b"in 0"), (1, b"in 1")]
        assert await records(broker.address, MADE) == [(0, b"out 0"), (2, b"out 1")]
        async with AIOKafkaProducer(bootstrap_servers=broker.address, transactional_id="step") as again:
            assert await commit(again, b"next") == 4
    async with embedded_broker(TOPICS, tmp_path) as broker:
        assert await records(broker.address, MADE) == [(0, b"out 0"), (2, b"out 1"), (4, b"next")]


async def test_what_is_copied_survives_a_broker_that_is_killed(tmp_path: Path) -> None:
    """A copy is made while the broker runs; that it was killed is said."""
    async with embedded_broker(TOPICS, tmp_path) as broker:
        await publish(broker.address, b"in 0")
        await asyncio.to_thread(wait_for, (tmp_path / ENDS).exists, "the first copy")
        os.kill(broker.process, signal.SIGKILL)
        with pytest.raises(ChildDiedError, match="the embedded broker ended by itself, code -9"):
            await broker.died()
    async with embedded_broker(TOPICS, tmp_path) as broker:
        assert await records(broker.address, SOURCE) == [(0, b"in 0")]


async def test_broker_that_overflows_ends_and_keeps_what_was_whole(tmp_path: Path) -> None:
    """How full it is comes first; when it drops records it ends with a sentence, and the copy is still whole."""
    told: list[BrokerReport] = []
    async with embedded_broker(TOPICS, tmp_path) as broker:
        half = [bytes(1_000_000)] * (PARTITION_BYTES_MAX // 2_000_000)
        dying = asyncio.create_task(broker.died(told.append))
        await publish(broker.address, *half)
        await asyncio.to_thread(wait_for, lambda: bool(told), "the broker to say how full it is")
        await publish(broker.address, *half, *half, *half)
        with pytest.raises(EmbeddedError, match="full, and dropped records of source/1") as raised:
            await dying
    assert raised.value.status == 78
    assert told[-1].fullest == "source-1"
    kept = KeptLog(tmp_path)
    place = Place(*SOURCE)
    assert [batch.base for batch in kept.read(place)] == list(range(kept.end(place).offset))


async def test_damaged_folder_is_one_sentence(tmp_path: Path) -> None:
    """A broker that cannot use its folder does not start, and says why."""
    (tmp_path / ENDS).write_text("no JSON")
    with pytest.raises(EmbeddedError, match=r"ends\.json cannot be used"):
        async with embedded_broker(TOPICS, tmp_path):
            pass
