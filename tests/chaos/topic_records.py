"""Looks at a broker from outside: what a topic holds, and what a group has not judged yet."""

import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import cache

from confluent_kafka import (
    Consumer,
    ConsumerGroupTopicPartitions,
    KafkaError,
    KafkaException,
    Message,
    TopicPartition,
)
from confluent_kafka.admin import AdminClient

from stream.records import PlainRecord
from tests.kafka.harness import TURN_SECONDS, KafkaHarness
from tests.waiting import HANG_SECONDS

Log = dict[int, list[PlainRecord]]
"""Records by partition."""

COUNTED_RECORDS = 20_000
"""More than so many offsets behind are not worth a count of the records among them."""


@cache
def _admin(address: str) -> AdminClient:
    """Return the one admin client for a broker: an answer comes from a thread of its own, which must not lose it."""
    return AdminClient({"bootstrap.servers": address, "log_level": 0})


@contextmanager
def _consumer(harness: KafkaHarness, isolation: str = "read_committed") -> Iterator[Consumer]:
    consumer = Consumer(
        {
            "bootstrap.servers": harness.broker.address,
            "group.id": "auditor",
            "enable.auto.commit": False,
            "isolation.level": isolation,
            "enable.partition.eof": True,
            "fetch.wait.max.ms": 10,
            "log_level": 0,
        }
    )
    try:
        yield consumer
    finally:
        consumer.close()


def _messages(consumer: Consumer, places: list[TopicPartition]) -> Iterator[Message]:
    """Yield all committed messages from these places to the present ends."""
    consumer.assign(places)
    left = {place.partition for place in places}
    while left:
        for message in consumer.consume(10_000, TURN_SECONDS):
            if message.error():
                left.discard(message.partition() or 0)
            else:
                yield message


def log_of(harness: KafkaHarness, topic: str) -> Log:
    """Read a topic with the broker's timestamps, read-committed, to its end."""
    found: Log = {}
    with _consumer(harness) as consumer:
        for message in _messages(consumer, [TopicPartition(topic, number, 0) for number in range(harness.partitions)]):
            number, stamp = message.partition() or 0, message.timestamp()[1]
            record = PlainRecord(topic, number, message.offset() or 0, stamp, message.key(), message.value())
            found.setdefault(number, []).append(record)
    return found


def records_of(harness: KafkaHarness, topic: str, number: int) -> Iterator[PlainRecord]:
    """Yield the committed records of one partition, headers included: a topic that memory does not hold is read so."""
    with _consumer(harness) as consumer:
        for message in _messages(consumer, [TopicPartition(topic, number, 0)]):
            stamp, headers = message.timestamp()[1], dict(message.headers() or [])
            told = tuple((name, value if isinstance(value, bytes) else b"") for name, value in headers.items())
            yield PlainRecord(topic, number, message.offset() or 0, stamp, message.key(), message.value(), told)


def records_left(harness: KafkaHarness, step: str, topic: str) -> int:
    """Count the committed records behind a group's offsets; of very many, give the offsets instead."""
    group = harness.topics.group(step)
    asking = [ConsumerGroupTopicPartitions(group)]
    answers = _admin(harness.broker.address).list_consumer_group_offsets(asking, request_timeout=HANG_SECONDS)
    asked = answers[group].result()
    committed = {each.partition: each.offset for each in asked.topic_partitions or [] if each.topic == topic}
    with _consumer(harness) as consumer:
        ends = _ends(consumer, harness, topic)
        places = [TopicPartition(topic, number, max(0, committed.get(number, 0))) for number in ends]
        # A log may end in nothing but markers, so the offsets alone do not tell.
        behind = sum(ends[place.partition] - place.offset for place in places)
        return behind if behind > COUNTED_RECORDS else sum(1 for _ in _messages(consumer, places))


def records_open(harness: KafkaHarness, topics: Iterable[str]) -> int:
    """Count the offsets that no reader of committed records may see yet, since a transaction is open before them."""
    with _consumer(harness) as stable, _consumer(harness, "read_uncommitted") as all_of:
        return sum(
            sum(_ends(all_of, harness, topic).values()) - sum(_ends(stable, harness, topic).values())
            for topic in topics
        )


def _ends(consumer: Consumer, harness: KafkaHarness, topic: str) -> dict[int, int]:
    return {number: _end(consumer, TopicPartition(topic, number)) for number in range(harness.partitions)}


def _end(consumer: Consumer, place: TopicPartition) -> int:
    """Return a partition's end; a topic made a moment ago may still be without a leader that this client knows."""
    while True:
        try:
            end: int = consumer.get_watermark_offsets(place, HANG_SECONDS)[1]
        except KafkaException as error:
            if error.args[0].code() != KafkaError.NOT_LEADER_FOR_PARTITION:
                raise
            consumer.list_topics(place.topic, HANG_SECONDS)
            time.sleep(0.05)
        else:
            return end
