"""The long fault run survives what it may meet itself: clients, a driver and the run that are killed."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.chaos.client import ClientProcess
from tests.chaos.topic_records import records_left, records_open
from tests.kafka.harness import KafkaHarness
from tests.prerequisites import ROOT
from tests.waiting import wait_for

pytestmark = [pytest.mark.kafka, pytest.mark.slow]

RUN = ("--toy", "--events", "2000", "--rounds", "2", "--faults", "0", "--seed", "3")


@pytest.mark.parametrize("how", [signal.SIGSEGV, signal.SIGKILL])
def test_clients_may_die(harness: KafkaHarness, how: signal.Signals) -> None:
    """The process of librdkafka ends as by a fault of its own; another goes on, and the audit is exact."""
    clients = ClientProcess("toy", 7, harness, 1_500)
    try:
        harness.worker()
        for count in (700, 800):
            clients.feed(harness, count)
            os.kill(clients.pid, how)
        wait_for(lambda: clients.behind(harness) == 0, "everything to be judged")
        assert clients.audit(harness) == []
    finally:
        clients.close()
    assert clients.deaths == {f"clients died with {-how}": 2}
    assert clients.accounted["applied"] > 1_300


def test_what_is_left_is_counted_by_records(harness: KafkaHarness) -> None:
    """Markers at the end of a log are nothing to judge; what an open transaction hides is still to come."""
    topic = harness.topics.postings
    with harness.producer(**{"transactional.id": f"{harness.topics.prefix}-left"}) as producer:
        producer.init_transactions(600)
        for number in range(4):
            producer.begin_transaction()
            producer.produce(topic, b"x", b"k", number)
            producer.flush()
            assert records_open(harness, [topic]) == 1
            assert records_left(harness, "toy", topic) == number
            producer.commit_transaction(600)
    wait_for(lambda: records_open(harness, [topic]) == 0, "the last marker")
    assert records_left(harness, "toy", topic) == 4
    harness.worker()
    wait_for(lambda: records_left(harness, "toy", topic) == 0, "all to be judged")
    assert len(harness.decisions()) == 4


@contextmanager
def started(*arguments: str) -> Iterator["subprocess.Popen[str]"]:
    """Start the long run, in a short form, and kill it at the end of the block."""
    command = [sys.executable, "-m", "tests.chaos", *arguments]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as run:
        try:
            yield run
        finally:
            run.kill()


def driver(report: Path, number: int) -> int:
    """Wait for the next round of the report with this number, and return the process id of its driver."""
    found: list[dict[str, Any]] = []

    def begun() -> bool:
        text = report.read_text() if report.exists() else ""
        lines = text.rpartition("\n")[0].splitlines()
        found[:] = [line for line in map(json.loads, lines) if (line["what"], line.get("round")) == ("round", number)]
        return bool(found)

    wait_for(begun, f"round {number}")
    pid: int = found[-1]["driver"]
    return pid


def group(leader: int, name: str = ".") -> str:
    """Return the processes of a group that match a name."""
    return subprocess.run(["pgrep", "-g", str(leader), name], capture_output=True, text=True, check=False).stdout


def test_a_killed_run_says_what_it_proved_and_goes_on(tmp_path: Path) -> None:
    """The driver of a round is killed, then the run itself: its file tells, nothing runs on, a later run ends it."""
    path = tmp_path / "report.jsonl"
    with started(*RUN, "--report", str(path)):
        os.kill(driver(path, 1), signal.SIGKILL)
        second = driver(path, 2)
        wait_for(lambda: group(second, "java"), "the broker of the second round")
    wait_for(lambda: not group(second), "the second round to end with its run")
    with started("--show", str(path)) as shown:
        said, _ = shown.communicate()
    assert shown.returncode == 1
    assert "round 1 ended without a result: its driver ended with -9" in said
    assert "round 2 was begun and has no end" in said
    assert "NOT ENDED: exact are 1,000 events in 1 of 2 rounds" in said.splitlines()[-1]
    with started("--resume", str(path)) as resumed:
        said, _ = resumed.communicate()
    assert resumed.returncode == 0, said
    assert "EXACT: 2,000 events in 2 of 2 rounds" in said.splitlines()[-1]
