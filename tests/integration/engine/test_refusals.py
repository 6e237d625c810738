"""A worker that must not run says why, where and what to do, and exits with status 78."""

import asyncio
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from confluent_kafka import Consumer, TopicPartition

from agents.kafka.topic_admin import create_topics, find_topics, problems
from stream.topics import TopicPlan, Topics
from tests.kafka.broker import Broker
from tests.kafka.harness import KafkaHarness

pytestmark = pytest.mark.kafka

REFUSED = 78


@pytest.fixture
def bare(broker: Broker, tmp_path: Path) -> Iterator[KafkaHarness]:
    """Yield a harness whose topics are yet to be made."""
    with KafkaHarness(broker, f"bare{uuid.uuid4().hex[:8]}", tmp_path) as made:
        yield made


def refusal(harness: KafkaHarness, **settings: str) -> str:
    """Start a worker that must refuse; give what it said."""
    worker = harness.worker(**settings)
    assert worker.refused() == REFUSED, worker.log()
    return worker.log()


def buried_refusal(harness: KafkaHarness, **settings: str) -> str:
    """As `refusal`, and have it leave the group: the next worker need not wait for its session to be over."""
    said = refusal(harness, **settings)
    harness.bury()
    return said


def test_a_missing_topic(bare: KafkaHarness) -> None:
    """The missing topic is named, and the command that makes it."""
    bare.create_topics(2, leave_out=[bare.topics.control])
    said = refusal(bare)
    assert f"topic {bare.topics.control} is missing" in said
    assert "tallygate topics create" in said


def test_differing_partition_counts(bare: KafkaHarness) -> None:
    """A topic with more partitions than the others is refused."""
    bare.create_topics(2, leave_out=[bare.topics.decisions])
    plan = next(plan for plan in bare.topics.plans() if plan.name == bare.topics.decisions)
    asyncio.run(create_topics(bare.connection, [plan], 3, 1))
    assert f"{bare.topics.decisions} 3" in refusal(bare)


def test_a_changelog_that_is_not_compacted(bare: KafkaHarness) -> None:
    """A changelog that deletes would lose rows."""
    name = bare.topics.changelog("withholding")
    bare.create_topics(2, leave_out=[name])
    asyncio.run(create_topics(bare.connection, [TopicPlan(name, {"cleanup.policy": "delete"})], 2, 1))
    found = asyncio.run(find_topics(bare.connection, [plan.name for plan in bare.topics.plans()]))
    assert f"topic {name}: cleanup.policy is delete, should be compact" in problems(bare.topics.plans(), found)
    worker = bare.worker(step="withholding", key__secret_file="unused")
    assert worker.refused() == REFUSED
    assert "cleanup.policy is delete, should be compact" in worker.log()


def test_shipments_without_the_brokers_time(bare: KafkaHarness) -> None:
    """Stream time in the future is judged against the broker's clock, so shipments must carry it."""
    bare.create_topics(2, leave_out=[bare.topics.shipments])
    asyncio.run(create_topics(bare.connection, [TopicPlan(bare.topics.shipments, {})], 2, 1))
    worker = bare.worker(step="manifest", key__secret_file="unused")
    assert worker.refused() == REFUSED
    assert "message.timestamp.type is CreateTime, should be LogAppendTime" in worker.log()


def test_another_fingerprint(harness: KafkaHarness) -> None:
    """Tables of another secret or policy are refused, saying what is needed; once that session is over others go on."""
    harness.produce([b"x"] * 5, 0)
    harness.worker().ready()
    harness.wait_for_decisions(5)
    assert harness.workers[0].stop() == 0
    said = refusal(harness, toy_fingerprint="toy-2")
    assert "toy-1, now toy-2" in said
    assert "new epoch" in said
    harness.worker().ready()


def test_programmes_of_another_structure_or_none(harness: KafkaHarness) -> None:
    """A programme that the tables know is never left out or changed; a new one joins, and is held to from then on."""
    harness.produce([b"x"] * 5, 0)
    harness.worker(toy_programmes="az=1").ready()
    harness.wait_for_decisions(5)
    assert harness.workers[-1].stop() == 0
    assert "az has another structure (1, now 2)" in buried_refusal(harness, toy_programmes="az=2")
    assert "az is not enabled, and the table was built with it" in buried_refusal(harness)
    harness.produce([b"x"] * 5, 0)
    harness.worker(toy_programmes="az=1 kr=1").ready()
    harness.wait_for_decisions(10)
    assert harness.workers[-1].stop() == 0
    said = refusal(harness, toy_programmes="az=1")
    assert "kr is not enabled" in said
    assert "Enable each as it was" in said


def test_a_record_that_these_settings_cannot_judge(harness: KafkaHarness) -> None:
    """A step that refuses a record ends its worker, as often as it is started; no suspicion stays, and none is lost."""
    harness.produce([b"x"] * 5 + [b"!refuse kr"] + [b"x"] * 5, 0, key=b"k")
    for _ in range(4):
        assert "kr is not enabled" in buried_refusal(harness)
    assert harness.halts() == []
    harness.worker(toy_programmes="kr=1").ready()
    decided = harness.wait_for_decisions(11)
    assert [int(each.split()[1]) for each in decided] == list(range(1, 12))


def test_a_lost_changelog(harness: KafkaHarness) -> None:
    """A group that has committed and a changelog that is gone do not agree; it does not start from earliest."""
    harness.produce([b"x"] * 20, 0)
    harness.worker().ready()
    harness.wait_for_decisions(20)
    assert harness.workers[0].stop() == 0
    other = Topics(prefix=harness.topics.prefix, epoch=2)
    asyncio.run(
        create_topics(harness.connection, [TopicPlan(other.changelog("toy"), {"cleanup.policy": "compact"})], 4, 1)
    )
    group = Consumer({"bootstrap.servers": harness.broker.address, "group.id": other.group("toy")})
    group.commit(offsets=[TopicPartition(harness.topics.postings, 0, 20)], asynchronous=False)
    group.close()
    said = refusal(harness, kafka__epoch="2", kafka__manifest_epoch="1")
    assert "committed offset is 20, but its table has no position" in said


def test_settings_that_are_none(harness: KafkaHarness) -> None:
    """A setting out of its range is refused before anything is connected."""
    assert "SESSION_TIMEOUT_MS" in refusal(harness, worker__session_timeout_ms="5")
