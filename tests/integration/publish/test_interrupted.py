"""A large file whose publishing is killed half-way: run again everything is there; and memory does not grow with it."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.integration.publish.installation import TALLYGATE, tallygate
from tests.kafka.harness import KafkaHarness
from tests.prerequisites import ROOT
from tests.unit.publish.files import event, line
from tests.waiting import wait_for

pytestmark = [pytest.mark.kafka]

EVENTS = 40_000
PEAK = (
    "import resource; from agents.cli.main import main\n"
    "try: main()\n"
    "finally: print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)"
)
"""The command, and then the most memory that it had, in KiB."""


def write(path: Path, count: int) -> None:
    """Write so many bills on a hundred trips."""
    text = line(event(bill="BILL", conveyance="TRIP"))
    with path.open("wb") as file:
        for number in range(count):
            changed = text.replace(b'"BILL"', b'"ACME%08d"' % number).replace(b'"TRIP"', b'"air:%d"' % (number % 100))
            file.write(changed + b"\n")


def bills(harness: KafkaHarness) -> list[str]:
    """Return the bills in the topic, partition by partition."""
    return [json.loads(value)["data"]["bill"] for value in harness.values(harness.topics.shipments)]


def test_killed_half_way_and_run_again_nothing_is_missing(harness: KafkaHarness, tmp_path: Path) -> None:
    """A publisher that is killed has sent a part; the same command again leaves every event in the topic."""
    path = tmp_path / "events.jsonl"
    write(path, EVENTS)
    environment = {"TALLYGATE_KAFKA__BROKERS": harness.broker.address, "TALLYGATE_KAFKA__PREFIX": harness.topics.prefix}
    with subprocess.Popen(
        [*TALLYGATE, "publish", str(path)], cwd=ROOT, env={**os.environ, **environment}, stdout=subprocess.DEVNULL
    ) as process:
        wait_for(lambda: process.poll() is not None or harness.values(harness.topics.shipments), "something to be sent")
        process.kill()
    before = len(bills(harness))
    done = tallygate(environment, "publish", str(path))
    assert (done.returncode, done.stderr) == (0, b"")
    found = bills(harness)
    assert len(found) >= before + EVENTS  # more, where the broker still took in what the killed one had on its way
    assert len(set(found)) == EVENTS


def peak(path: Path) -> int:
    """Check a file in a process of its own; return the most memory that it had, in KiB."""
    done = subprocess.run(
        [sys.executable, "-c", PEAK, "publish", "--check", str(path)], cwd=ROOT, capture_output=True, check=True
    )
    said, memory = done.stdout.splitlines()[-2:]
    assert said.endswith(b" events are right; nothing was sent")
    return int(memory)


def test_memory_does_not_grow_with_the_file(tmp_path: Path) -> None:
    """A file of twice as many lines, all of bills that are no longer looked back on, needs about as much memory."""
    small, large = tmp_path / "small.jsonl", tmp_path / "large.jsonl"
    write(small, 110_000)
    write(large, 220_000)
    assert peak(large) - peak(small) < 24_000  # the lines themselves are 60 MB more
