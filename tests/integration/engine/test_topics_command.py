"""`tallygate topics create|check` as an operator runs it, on a real Kafka."""

import asyncio
import os
import subprocess
import sys

import pytest

from agents.engine.settings import Connection
from agents.topics_admin import find_topics
from stream.topics import Topics
from tests.kafka.broker import Broker

pytestmark = pytest.mark.kafka


def topics(broker: Broker, prefix: str, *words: str, epoch: int = 1) -> subprocess.CompletedProcess[str]:
    """Run `tallygate topics` under a prefix and an epoch."""
    settings = {"BROKERS": broker.address, "PREFIX": prefix, "EPOCH": str(epoch), "PARTITIONS": "12"}
    environment = os.environ | {f"TALLYGATE_KAFKA__{key}": value for key, value in settings.items()}
    command = [sys.executable, "-c", "from agents.cli.main import main; main()", "topics", *words]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


def test_topics_are_created_once_and_checked(broker: Broker) -> None:
    """The first run creates all topics, a second none, and both end with a check that finds nothing wrong."""
    first = topics(broker, "once", "create", "--partitions", "3")
    assert first.returncode == 0, first.stderr
    assert first.stdout.count("created once.") == len(Topics("once").plans())
    second = topics(broker, "once", "create")
    assert (second.returncode, second.stdout.count("created")) == (0, 0)
    assert "all as they must be" in second.stdout


def test_a_new_epoch_takes_the_partition_count_that_was_fixed(broker: Broker) -> None:
    """New changelogs get as many partitions as the topics that exist; another count is refused with exit status 2."""
    assert topics(broker, "later", "create", "--partitions", "3").returncode == 0
    assert topics(broker, "later", "create", epoch=2).returncode == 0
    names = [plan.name for plan in Topics("later", 2).plans()]
    found = asyncio.run(find_topics(Connection(broker.address), names, configs=False))
    assert {topic.partitions for topic in found.values()} == {3}
    refused = topics(broker, "later", "create", "--partitions", "5", epoch=3)
    assert refused.returncode == 2
    assert "leave out --partitions" in refused.stderr


def test_missing_topics_are_named(broker: Broker) -> None:
    """A check before anything was created names each topic and ends with status 1."""
    checked = topics(broker, "never", "check")
    assert checked.returncode == 1
    assert checked.stderr.count("is missing") == len(Topics("never").plans())
