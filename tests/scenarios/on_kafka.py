"""Send events to a real Kafka and read what comes back, with plain clients that share no code with the engine."""

import time
from collections.abc import Iterable
from typing import NamedTuple

import msgspec
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from stream.notices import Notice
from stream.topics import Topics
from tests.scenarios.events import Event
from tests.waiting import HANG_SECONDS

QUIET_SECONDS = 1.5
"""How long nothing more may come after all that was expected."""


class Collected(NamedTuple):
    """What was read, in the order of the topics."""

    decisions: list[bytes]
    alerts: list[bytes]
    dead_letters: list[tuple[int, str]]
    """Offset of the shipment record, and the error code."""
    notices: list[tuple[int, str]]
    """What was told of each dead letter; the same."""

    @property
    def counts(self) -> tuple[int, int, int]:
        """How many of each."""
        return len(self.decisions), len(self.alerts), len(self.dead_letters)


async def publish(bootstrap: str, topic: str, events: Iterable[Event]) -> None:
    """Send events one after another, each when the one before is there."""
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap, acks="all")
    await producer.start()
    try:
        for event in events:
            await producer.send_and_wait(topic, event.value, event.key)
    finally:
        await producer.stop()


async def collect(bootstrap: str, topics: Topics, counts: tuple[int, int, int]) -> Collected:
    """Read until so many decisions, alerts and dead letters have come, and a little longer; or give what came."""
    found = Collected([], [], [], [])
    names = (topics.decisions, topics.alerts, topics.dead_letters, topics.notices)
    places = [TopicPartition(name, 0) for name in names]
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap, isolation_level="read_committed")
    await consumer.start()
    try:
        consumer.assign(places)
        await consumer.seek_to_beginning(*places)
        deadline = time.monotonic() + HANG_SECONDS
        while found.counts != counts and time.monotonic() < deadline:
            await _read(consumer, topics, found, 500)
        await _read(consumer, topics, found, int(QUIET_SECONDS * 1000))
    finally:
        await consumer.stop()
    assert found.notices == found.dead_letters, "a dead letter and its notice come together"
    return found


async def _read(consumer: AIOKafkaConsumer, topics: Topics, found: Collected, wait_ms: int) -> None:
    for place, records in (await consumer.getmany(timeout_ms=wait_ms)).items():
        for record in records:
            if place.topic == topics.decisions:
                found.decisions.append(record.value)
            elif place.topic == topics.alerts:
                found.alerts.append(record.value)
            elif place.topic == topics.notices:
                told = msgspec.json.decode(record.value, type=Notice).data
                found.notices.append((told.record.offset, told.code))
            else:
                headers = dict(record.headers)
                found.dead_letters.append((int(headers["x-offset"]), headers["x-error"].decode()))
