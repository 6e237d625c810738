"""Restoring: long restores keep the place in the group, a change in the group cancels them, lost input is refused."""

import time
from collections.abc import Iterator

import pytest
from confluent_kafka import Consumer, Producer, TopicPartition
from confluent_kafka.admin import AdminClient

from agents.engine.lane import FINGERPRINT, Position
from agents.engine.step_runner import POSITION_KEY
from state.table import PARTITION_ROOT, Table
from tests.integration.engine.test_judging import exact
from tests.kafka.harness import KafkaHarness
from tests.toy.step import COUNT, COUNT_SUFFIX
from tests.waiting import wait_for

pytestmark = pytest.mark.kafka

ROWS = 900_000
SHORT_SESSION = {"worker__session_timeout_ms": "1500"}


def rows(partition: int) -> Iterator[tuple[bytes, bytes]]:
    """Make a changelog of many rows that stands at offset 1 of the input."""
    table = Table()
    overlay = table.overlay()
    for number in range(ROWS // 4):
        overlay.group(b"old-%d-%d" % (partition, number)).put(COUNT_SUFFIX, COUNT.pack(1, 0))
    overlay.group(PARTITION_ROOT).put(FINGERPRINT, b"toy-1")
    for key, value in overlay.changes():
        yield key, value or b""
    yield POSITION_KEY, Position(1, 1, overlay.totals).encode()


@pytest.fixture
def large(harness: KafkaHarness) -> KafkaHarness:
    """Return a harness whose tables take longer to restore than the session lasts, here and on a fast machine."""
    producer = Producer(
        {"bootstrap.servers": harness.broker.address, "linger.ms": 20, "queue.buffering.max.messages": 10**6}
    )
    for partition in range(4):
        for key, value in rows(partition):
            producer.produce(harness.topics.changelog("toy"), value, key, partition)
        producer.produce(harness.topics.postings, b"x", b"judged before", partition)
        producer.flush()
    group = Consumer({"bootstrap.servers": harness.broker.address, "group.id": harness.topics.group("toy")})
    group.commit(
        offsets=[TopicPartition(harness.topics.postings, number, 1) for number in range(4)], asynchronous=False
    )
    group.close()
    return harness


def test_a_restore_longer_than_the_session_keeps_its_place(large: KafkaHarness) -> None:
    """Heartbeats go on: the worker takes its partitions over once, and judges."""
    large.produce([b"x"] * 10, 0, key=b"k")
    worker = large.worker(**SHORT_SESSION)
    worker.ready()
    assert exact(large.wait_for_decisions(10))
    (ready,) = [line for line in worker.lines() if "ready" in line]
    assert ready["restored"] == ROWS + 8
    assert ready["seconds"] > 1.5
    assert "Heartbeat failed" not in worker.log()


def test_a_change_in_the_group_cancels_a_restore(large: KafkaHarness) -> None:
    """Workers that come while others restore: what was read in vain is not used, every count is right."""
    for partition in range(4):
        large.produce([b"x"] * 50, partition, key=b"old-%d-1" % partition)
    first = large.worker("0")
    wait_for(lambda: "restored" not in first.log() and first.alive, "the first worker")
    time.sleep(2)
    second = large.worker("1")
    second.ready()
    decisions = large.wait_for_decisions(200)
    assert sorted(int(each.split(b" ")[1]) for each in decisions) == sorted(list(range(2, 52)) * 4)
    assert first.alive
    assert second.alive


def test_input_that_retention_has_removed_is_refused(harness: KafkaHarness) -> None:
    """The committed offset is no longer in the log: records were lost, and the worker says so instead of skipping."""
    harness.produce([b"x"] * 10, 1)
    harness.worker().ready()
    harness.wait_for_decisions(10)
    assert harness.workers[0].stop() == 0
    harness.produce([b"x"] * 10, 1)
    admin = AdminClient({"bootstrap.servers": harness.broker.address})
    for future in admin.delete_records([TopicPartition(harness.topics.postings, 1, 15)]).values():
        future.result()
    worker = harness.worker()
    assert worker.refused() == 78
    assert "no longer holds the committed offset" in worker.log()
    assert len(harness.decisions()) == 10


def test_a_full_lane_holds_up_no_other(harness: KafkaHarness) -> None:
    """While one partition is full of slow records the others are judged; in the end all are."""
    harness.produce([b"!sleep 0.02"] * 100, 0)
    harness.produce([b"x" * 100_000] * 100, 1)
    harness.produce([b"x"] * 100, 2)
    worker = harness.worker(worker__lane_mib="1", worker__portion_records="20")
    worker.ready()
    assert len(harness.wait_for_decisions(200)) == 200
    assert worker.alive
