"""The supervisor: one process a step, started again when it dies, stopped in order, refused for good."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.kafka.harness import KafkaHarness
from tests.prerequisites import ROOT
from tests.waiting import ended, wait_for

pytestmark = pytest.mark.kafka

STEPS = ("manifest", "withholding")


class Supervisor:
    """A `tallygate worker` and what it says."""

    def __init__(self, harness: KafkaHarness, folder: Path, **settings: str) -> None:
        """Run both steps."""
        self._log = folder / "supervisor.log"
        environment = {
            "TALLYGATE_KAFKA__BROKERS": harness.broker.address,
            "TALLYGATE_KAFKA__PREFIX": harness.topics.prefix,
        }
        command = [
            sys.executable,
            "-c",
            "from agents.cli.main import main; main()",
            "worker",
            *STEPS,
        ]
        with self._log.open("wb") as output:
            self.process = subprocess.Popen(
                command, stdout=output, stderr=output, env={**os.environ, **environment, **settings}, cwd=ROOT
            )

    def log(self) -> str:
        """Return all that was said."""
        return self._log.read_text(errors="replace")

    def wait_until_both_judge(self, after: int = 0) -> None:
        """Wait until each step's latest process, not process `after`, has all partitions."""

        def judge() -> bool:
            said = self.log()
            places = [
                (said.rfind(f"started {step} as"), said.rfind(f"{step} judges partitions [0, 1, 2, 3]"))
                for step in STEPS
            ]
            return all(0 <= started < judges for started, judges in places) and self.pids("withholding")[-1] != after

        wait_for(judge, "both steps", in_vain=ended(self))

    def pids(self, step: str) -> list[int]:
        """Return the process ids that the step has had."""
        return [int(pid) for pid in re.findall(rf"started {step} as process (\d+)", self.log())]


@pytest.fixture
def supervisor(harness: KafkaHarness, tmp_path: Path) -> Iterator[Supervisor]:
    """Yield a supervisor over both steps."""
    secret = tmp_path / "secret"
    secret.write_bytes(b"a secret made up for tests")
    made = Supervisor(harness, tmp_path, TALLYGATE_KEY__SECRET_FILE=str(secret))
    yield made
    made.process.kill()
    made.process.wait()


def gone(pid: int) -> bool:
    """Tell whether a process has ended."""
    return not Path(f"/proc/{pid}").exists()


def test_a_dead_worker_is_started_again_and_a_stop_ends_all(supervisor: Supervisor) -> None:
    """The killed step gets a new process, the other keeps its own; SIGTERM ends both in order with status 0."""
    supervisor.wait_until_both_judge()
    (first,) = supervisor.pids("withholding")
    os.kill(first, signal.SIGKILL)
    supervisor.wait_until_both_judge(after=first)
    assert len(supervisor.pids("withholding")) == 2
    assert len(supervisor.pids("manifest")) == 1
    supervisor.process.terminate()
    assert supervisor.process.wait() == 0
    assert all(gone(pid) for pid in supervisor.pids("manifest") + supervisor.pids("withholding"))


def test_no_worker_outlives_its_supervisor(supervisor: Supervisor) -> None:
    """A supervisor that is killed takes its workers along, which leave in order."""
    supervisor.wait_until_both_judge()
    supervisor.process.kill()
    wait_for(
        lambda: all(gone(pid) for pid in supervisor.pids("manifest") + supervisor.pids("withholding")), "their end"
    )
    assert supervisor.process.wait() == -signal.SIGKILL


def test_a_refused_worker_ends_the_supervisor(harness: KafkaHarness, tmp_path: Path) -> None:
    """Without a secret nothing is started again: the supervisor stops with status 78, having said why."""
    made = Supervisor(harness, tmp_path)
    wait_for(lambda: made.process.poll() is not None, "its end", in_vain=lambda: made.log() * ("judges" in made.log()))
    assert made.process.wait() == 78
    assert "TALLYGATE_KEY__SECRET_FILE" in made.log()
    time.sleep(0.1)
    assert all(gone(pid) for pid in made.pids("manifest") + made.pids("withholding"))
