"""A broker whose disk fills up: told before it is full, and once it is, by the doctor and by a worker."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.ops.doctor.doctor_runs import environment, examined
from tests.kafka.broker import Broker
from tests.kafka.harness import KafkaHarness
from tests.prerequisites import require
from tests.waiting import wait_for

pytestmark = [pytest.mark.kafka, pytest.mark.slow]

MIB = 1 << 20
SIZE = 64 * MIB
LEFT = 2 * MIB
AWAY = "Kafka, or one of its brokers, is away"
BACK = "Kafka is back"


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """Return a disk of 64 MiB, in memory."""
    require("mount")
    folder = tmp_path / "disk"
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={SIZE}", "tmpfs", folder], check=True)
    yield folder
    subprocess.run(["umount", "--lazy", folder], check=True)


def fill(disk: Path, left: int) -> None:
    """Leave so many bytes of room."""
    room = os.statvfs(disk)
    with (disk / "ballast").open("ab") as ballast:
        ballast.write(bytes(max(0, room.f_bavail * room.f_frsize - left)))


def test_a_disk_that_fills_up(disk: Path, tmp_path: Path) -> None:
    """Nearly full it is wrong, with what to do; full, the broker ends, and each says so in one clear sentence."""
    broker = Broker(disk / "broker", extra="log.segment.bytes=1048576\nlog.index.size.max.bytes=65536\n")
    broker.format().start()
    settings = environment(broker.address, "cramped", tmp_path)
    try:
        with KafkaHarness(broker, "cramped", tmp_path) as harness:
            harness.create_topics(1)
            worker = harness.worker()
            worker.ready()
            # A new broker may have no coordinator at first; what follows within ten seconds is one outage with that.
            wait_for(lambda: worker.log().count(AWAY) == worker.log().count(BACK), "the worker to have Kafka")
            said = worker.log().count(AWAY)
            fill(disk, LEFT)
            answer = examined(settings)
            (found,) = answer.of("disk", "wrong")
            assert found.startswith("broker 1: 0.0 of 0.1 GiB are free -> make room before the disk is full")
            assert answer.status == 1
            fill(disk, 0)
            with harness.producer(**{"message.timeout.ms": 5000, "message.max.bytes": 900_000}) as producer:
                producer.produce(harness.topics.postings, bytes(800_000), b"key", 0)
            wait_for(lambda: worker.log().count(AWAY) > said, "the worker to say that Kafka is away")
            assert worker.log().count(AWAY) == said + 1
            (found,) = examined(settings).of("kafka", "wrong")
            assert "does not answer (Connection refused) -> start it" in found
            assert found.endswith("if it ended by itself, its own log says why, most often a full disk")
    finally:
        broker.kill()
