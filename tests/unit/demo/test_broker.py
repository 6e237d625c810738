"""The embedded broker: there with its topics, gone without a trace, and never asked to hold too much."""

from random import Random

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from agents.demo.demo_errors import DayTooLargeError
from agents.demo.fitting import fitting
from agents.demo.simulated_day import SimulatedDay
from agents.embedded.embedded_broker import PARTITION_BYTES_MAX, PARTITIONS, check_log_starts, embedded_broker
from agents.embedded.embedded_errors import LogMovedError


async def test_topics_are_there_at_once() -> None:
    """Every topic exists with four partitions before anybody asks for it, and a record goes in and comes out."""
    async with embedded_broker(["first", "second.v1"]) as broker:
        address = broker.address
        async with AIOKafkaProducer(bootstrap_servers=address) as producer:
            await producer.send_and_wait("second.v1", b"hello", partition=3)
        async with AIOKafkaConsumer(bootstrap_servers=address, auto_offset_reset="earliest") as consumer:
            assert await consumer.topics() == {"first", "second.v1"}
            consumer.assign([TopicPartition("second.v1", number) for number in range(PARTITIONS)])
            assert (await consumer.getone()).value == b"hello"


async def test_overflow_is_noticed() -> None:
    """The broker drops the oldest records of a full partition, and the log's start gives it away."""
    async with embedded_broker(["full"]) as broker:
        address = broker.address
        async with AIOKafkaProducer(bootstrap_servers=address, max_request_size=1_100_000) as producer:
            for _ in range(PARTITION_BYTES_MAX // 1_000_000 + 2):
                await producer.send_and_wait("full", bytes(1_000_000), partition=1)
        async with AIOKafkaConsumer(bootstrap_servers=address) as consumer:
            starts = await consumer.beginning_offsets([TopicPartition("full", number) for number in range(PARTITIONS)])
    with pytest.raises(LogMovedError, match="full/1; try fewer bills"):
        check_log_starts(starts)
    check_log_starts(dict.fromkeys(starts, 0))


def test_too_large_a_day_is_refused() -> None:
    """A day that the broker cannot hold is refused with what it can hold; the default day fits, unchanged."""
    day = list(SimulatedDay(Random(20_250_820), 10_000))
    assert list(fitting(day)) == day
    with pytest.raises(DayTooLargeError, match=r"about \d\d,000 bills"):
        list(fitting(SimulatedDay(Random(1), 1_000_000)))
