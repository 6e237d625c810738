"""A rebuild that cannot be says why in one line, and leaves nothing behind."""

import subprocess
from pathlib import Path

import pytest
from confluent_kafka import Consumer, TopicPartition
from confluent_kafka.admin import AdminClient

from tests.integration.ops.rebuild.rebuild_system import RebuildSystem
from tests.kafka.harness import KafkaHarness

pytestmark = pytest.mark.kafka


def refused(system: RebuildSystem, status: int, **more: str) -> str:
    """Run the command with further settings; give what it says when it refuses with this status."""
    _epoch, command, environment = system.command("postings", **more)
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == status, done.stderr
    assert "Traceback" not in done.stderr
    return done.stderr


def test_rebuilds_that_cannot_be(harness: KafkaHarness, tmp_path: Path) -> None:
    """Another prefix, a broker that is away, a secret that is not there, an epoch that was used."""
    system = RebuildSystem(harness, tmp_path)
    there = AdminClient({"bootstrap.servers": harness.broker.address})
    before = {name for name in there.list_topics().topics if name.startswith(harness.topics.prefix)}
    assert "topic elsewhere.shipments.v1 is missing" in refused(system, 78, kafka__prefix="elsewhere")
    assert "Kafka at 127.0.0.1:9" in refused(system, 75, kafka__brokers="127.0.0.1:9")
    assert "no-such-file" in refused(system, 78, key__secret_file="no-such-file")
    assert {name for name in there.list_topics().topics if name.startswith(harness.topics.prefix)} == before

    group = f"{harness.topics.prefix}.withholding.e4"
    consumer = Consumer({"bootstrap.servers": harness.broker.address, "group.id": group})
    consumer.commit(offsets=[TopicPartition(harness.topics.postings, 0, 0)], asynchronous=False)
    consumer.close()
    assert "2 is not new, 4 is the highest so far: --epoch 5" in refused(system, 2)
