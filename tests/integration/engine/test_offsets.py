"""Offsets that went back: the worker asks again, then refuses, and `tallygate offsets set` mends it, exactly."""

import os
import subprocess
import sys

import pytest
from confluent_kafka import Consumer, Producer, TopicPartition
from confluent_kafka.admin import AdminClient

from agents.kafka.errors import EXIT_REFUSED
from stream.topics import Topics
from tests.integration.engine.test_judging import exact
from tests.kafka.harness import KafkaHarness
from tests.waiting import ended, wait_for

pytestmark = pytest.mark.kafka

TOY_IS_THE_ONLY_STEP = """
from enum import StrEnum
from typing import Annotated
import typer
from agents.cli import offsets
from agents.cli.main import main

class StepName(StrEnum):
    TOY = "toy"

offsets.StepName = StepName
offsets.set_offsets.__annotations__["steps"] = Annotated[list[StepName] | None, typer.Argument()]
main()
"""


def commit(harness: KafkaHarness, offsets: dict[int, int], topics: Topics | None = None) -> None:
    """Commit offsets of the toy's group from outside, as a broker that came back with old ones shows them."""
    group = Consumer({"bootstrap.servers": harness.broker.address, "group.id": (topics or harness.topics).group("toy")})
    places = [TopicPartition(harness.topics.postings, number, offset) for number, offset in offsets.items()]
    group.commit(offsets=places, asynchronous=False)
    group.close()


def commit_under_members(harness: KafkaHarness, partition: int, offset: int) -> None:
    """Change an offset although the group has a member: in a transaction of a client that names no generation."""
    outside = Consumer({"bootstrap.servers": harness.broker.address, "group.id": harness.topics.group("toy")})
    producer = Producer({"bootstrap.servers": harness.broker.address, "transactional.id": harness.topics.prefix})
    producer.init_transactions()
    producer.begin_transaction()
    places = [TopicPartition(harness.topics.postings, partition, offset)]
    producer.send_offsets_to_transaction(places, outside.consumer_group_metadata())
    producer.commit_transaction()
    outside.close()


def committed(harness: KafkaHarness) -> list[int]:
    """Return the committed offsets of the toy's group."""
    group = Consumer({"bootstrap.servers": harness.broker.address, "group.id": harness.topics.group("toy")})
    found = group.committed([TopicPartition(harness.topics.postings, number) for number in range(4)])
    group.close()
    return [place.offset for place in found]


def offsets_set(harness: KafkaHarness, *words: str) -> subprocess.CompletedProcess[str]:
    """Run `tallygate offsets set` on the toy step."""
    settings = {"KAFKA__BROKERS": harness.broker.address, "KAFKA__PREFIX": harness.topics.prefix}
    settings["WORKER__SESSION_TIMEOUT_MS"] = "6000"
    environment = os.environ | {f"TALLYGATE_{key}": value for key, value in settings.items()}
    command = [sys.executable, "-c", TOY_IS_THE_ONLY_STEP, "offsets", "set", *words]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


@pytest.fixture
def judged(harness: KafkaHarness) -> KafkaHarness:
    """Return a harness where 20 records of each partition are judged, and no worker is left."""
    for partition in range(4):
        harness.produce([b"x"] * 20, partition, key=b"k%d" % partition)
    worker = harness.worker()
    worker.ready()
    harness.wait_for_decisions(80)
    assert worker.stop() == 0
    return harness


def test_offsets_that_went_back_are_refused_after_asking_again_and_then_set(judged: KafkaHarness) -> None:
    """Every partition is named at once; the command sets them as the tables stand, and judging goes on exactly."""
    right = committed(judged)
    commit(judged, {0: 7, 1: 0, 3: 19})
    refused = judged.worker(worker__stale_offsets_seconds="5")
    assert refused.refused() == EXIT_REFUSED
    said = refused.log().rpartition("ends: RefusedError")[2]
    for place in (
        "0: committed offset is 7, but its table stands at ",
        "1: committed offset is 0, but",
        "3: committed offset is",
    ):
        assert f"partition {place}" in said
    assert "partition 2" not in said
    assert "tallygate offsets set --to-tables" in said
    assert "asks again for 5 s" in refused.log()
    judged.bury()  # of one that waits for the session, see test_a_table_behind_its_offset_is_no_case_for_setting
    done = offsets_set(judged, "--to-tables", "toy")
    assert done.returncode == 0, done.stderr
    assert "3 offsets set" in done.stdout
    table = [[int(word) for word in line.split()] for line in done.stdout.splitlines()[2:]]
    assert table == [[0, 7, right[0]], [1, 0, right[1]], [2, right[2], right[2]], [3, 19, right[3]]]
    assert committed(judged) == right
    judged.worker().ready()
    for partition in range(4):
        judged.produce([b"x"] * 10, partition, key=b"k%d" % partition)
    decisions = judged.wait_for_decisions(120)
    assert len(decisions) == 120
    assert exact(decisions)


def test_a_group_that_lost_all_its_offsets_is_mended_as_well(judged: KafkaHarness) -> None:
    """Offsets go when a group was empty for longer than the broker keeps them; the tables still know."""
    right = committed(judged)
    admin = AdminClient({"bootstrap.servers": judged.broker.address})
    admin.delete_consumer_groups([judged.topics.group("toy")])[judged.topics.group("toy")].result()
    done = offsets_set(judged, "--to-tables")
    assert done.returncode == 0, done.stderr
    assert committed(judged) == right
    again = offsets_set(judged, "--to-tables")
    assert "nothing to set" in again.stdout, again.stderr
    assert again.returncode == 0


def test_a_worker_goes_on_by_itself_once_the_broker_knows_better(judged: KafkaHarness) -> None:
    """While it asks again the right offsets come back, as after a further restart of the broker: it judges."""
    right = committed(judged)
    commit(judged, {0: 7})
    worker = judged.worker(worker__stale_offsets_seconds="300", worker__stall_seconds="10")
    wait_for(lambda: "asks again" in worker.log(), "the worker to wait", in_vain=ended(worker))
    commit_under_members(judged, 0, right[0])
    worker.ready()
    assert "offsets and tables agree again" in worker.log()
    judged.produce([b"x"] * 10, 0, key=b"k0")
    assert exact(judged.wait_for_decisions(90))


def test_offsets_are_not_set_under_workers(judged: KafkaHarness) -> None:
    """While a worker holds the partitions nothing is set, and it is said who has to go."""
    worker = judged.worker()
    worker.ready()
    refused = offsets_set(judged, "--to-tables", "toy")
    assert refused.returncode == 1
    assert "has 1 members, which hold its partitions: stop the workers" in refused.stderr
    assert worker.alive


def test_a_table_behind_its_offset_is_no_case_for_setting(judged: KafkaHarness) -> None:
    """An offset ahead of the table means lost rows: worker and command refuse at once, and nothing is set."""
    commit(judged, {0: 7, 1: 999})
    worker = judged.worker()
    assert worker.refused() == EXIT_REFUSED
    assert "asks again" not in worker.log()
    assert "partition 1: committed offset is 999, but its table stands at" in worker.log()
    refused = offsets_set(judged, "--to-tables", "toy")
    assert (refused.returncode, refused.stdout) == (1, "")
    assert "behind its offsets: partition 1: committed offset is 999" in refused.stderr
    assert committed(judged)[:2] == [7, 999]


def test_without_a_changelog_there_is_nothing_to_go_by(judged: KafkaHarness) -> None:
    """A missing changelog is named; so is a missing word."""
    admin = AdminClient({"bootstrap.servers": judged.broker.address})
    admin.delete_topics([judged.topics.changelog("toy")])[judged.topics.changelog("toy")].result()
    refused = offsets_set(judged, "--to-tables", "toy")
    assert refused.returncode == 1
    assert f"topic {judged.topics.changelog('toy')} is missing" in refused.stderr
    assert offsets_set(judged, "toy").returncode == 2
