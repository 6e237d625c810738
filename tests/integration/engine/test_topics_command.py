"""`tallygate topics create|check` as an operator runs it, on a real Kafka."""

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Sequence

import pytest

from agents.kafka.connection import Connection
from agents.kafka.topic_admin import find_topics
from stream.topics import Topics
from tests.kafka.broker import Broker

pytestmark = pytest.mark.kafka


def topics(
    broker: Broker, prefix: str, *words: str, epoch: int = 1, programmes: Sequence[str] = ("us-321",)
) -> subprocess.CompletedProcess[str]:
    """Run `tallygate topics` under a prefix and an epoch, with these programmes enabled."""
    settings = {"BROKERS": broker.address, "PREFIX": prefix, "EPOCH": str(epoch), "PARTITIONS": "12"}
    environment = os.environ | {f"TALLYGATE_KAFKA__{key}": value for key, value in settings.items()}
    environment["TALLYGATE_PROGRAMMES"] = json.dumps(programmes)
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


def test_a_programme_of_years_needs_topics_that_are_kept_for_longer(broker: Broker) -> None:
    """Topics of days are too short for it: the check names each, the programme and what to do; new ones are right."""
    year = ("us-321", "ec")
    assert topics(broker, "days", "create", "--partitions", "1").returncode == 0
    checked = topics(broker, "days", "check", programmes=year)
    assert checked.returncode == 1
    assert "topic days.shipments.v1: retention.ms is 5184000000, should be 34214400000" in checked.stderr
    assert "programme ec: topics are kept for 60 days, and 396 are needed: a calendar-year of ec" in checked.stderr
    assert "or take ec out of the setting programmes" in checked.stderr
    assert topics(broker, "years", "create", "--partitions", "1", programmes=year).returncode == 0
    kept_for_longer = topics(broker, "years", "check")
    assert (kept_for_longer.returncode, kept_for_longer.stderr) == (0, "")
    unknown = topics(broker, "days", "check", programmes=("us-321", "atlantis"))
    assert unknown.returncode == 2
    assert "no programme has the id atlantis" in unknown.stderr
