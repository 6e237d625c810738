"""The demo as a newcomer runs it: it adds up, ends by itself or on Ctrl-C, and leaves nothing behind."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

from agents.demo.simulated_day import SimulatedDay
from tests.prerequisites import ROOT
from tests.waiting import HANG_SECONDS, wait_for

pytestmark = pytest.mark.slow

CHILDREN = 7
"""Broker, Redis with its shell, two workers, projection, gateway."""
GUARDIANS = 2
"""Those of the workers, once these have begun to join their groups."""
COMMAND = (sys.executable, "-c", "from agents.cli.main import main; main()", "demo", "--plain")


def children_of(parent: int) -> set[int]:
    """Return the processes that a process has started, and those that these have."""
    found: set[int] = set()
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = status.read_text().rpartition(")")[2].split()
        except OSError:
            continue  # it ended while we looked
        if int(fields[1]) == parent:
            child = int(status.parent.name)
            found |= {child} | children_of(child)
    return found


def lives(process: int) -> bool:
    """Return whether a process runs; one that ended and was not yet reaped does not."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def gone(processes: set[int]) -> bool:
    """Wait until the processes run no more."""
    deadline = time.monotonic() + HANG_SECONDS
    while any(map(lives, processes)):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


class Run:
    """A running demo, its output and the children it was seen to have."""

    def __init__(self, *options: str) -> None:
        self.process = subprocess.Popen(
            (*COMMAND, *options), cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip
        self.children: set[int] = set()
        self.output = ""

    def read_until(self, pattern: str) -> None:
        """Read lines until one matches."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.output += line
            self.children |= children_of(self.process.pid)
            if re.search(pattern, line):
                return
        raise AssertionError(f"ended without {pattern}:\n{self.output}")

    def end(self) -> int:
        """Read the rest and give the exit code."""
        assert self.process.stdout is not None
        self.output += self.process.stdout.read()
        return self.process.wait()

    def check_sums(self) -> dict[str, int]:
        """Check that every sum of the summary holds; give its numbers."""
        assert "Traceback" not in self.output
        assert "WRONG" not in self.output
        events = re.search(
            r"ok +([\d,]+) events published = ([\d,]+) applied \+ ([\d,]+) stale \+ ([\d,]+) dead", self.output
        )
        bills = re.search(r"ok +([\d,]+) bills manifested = ([\d,]+) bills with a decision", self.output)
        assert events is not None, self.output
        assert bills is not None, self.output
        published, *fates, known = (int(number.replace(",", "")) for number in (*events.groups(), bills[2]))
        assert published == sum(fates)
        return {"published": published, "dead": fates[-1], "bills": known}


@pytest.fixture
def runs() -> Iterator[list[Run]]:
    started: list[Run] = []
    yield started
    for run in started:
        if run.process.poll() is None:
            run.process.kill()
            run.process.wait()
        if run.process.stdout is not None:
            run.process.stdout.close()


def test_small_day_from_start_to_end(runs: list[Run]) -> None:
    """A small day ends by itself with code 0, its numbers add up, and its processes are gone."""
    runs.append(run := Run("--bills", "400", "--seconds", "3"))
    run.read_until("Tallygate demo: 100%")
    assert len(run.children) == CHILDREN + GUARDIANS
    assert run.end() == 0, run.output
    numbers = run.check_sums()
    assert numbers["bills"] == 400
    assert numbers["dead"] == 9
    assert "judge day.jsonl" in run.output
    assert gone(run.children)


def test_weeks_under_a_programme(runs: list[Run]) -> None:
    """With --programme the weeks add up, the year turns while one watches, and everything is in its currency."""
    runs.append(run := Run("--programme", "ec", "--bills", "300", "--seconds", "4"))
    run.read_until("a year of ec begins: 2026-01-01/2026-12-31")
    assert run.end() == 0, run.output
    numbers = run.check_sums()
    assert numbers["bills"] == 300
    assert numbers["dead"] == 9
    assert "Programme ec, 1,600 USD a year per person; amounts in USD" in run.output
    assert "$" not in run.output
    assert gone(run.children)


def ask(address: str, token: str, bill: str) -> tuple[int, dict[str, Any]]:
    """Ask the gateway for a bill; return the status and what it says."""
    request = Request(  # noqa: S310 - the address is the demo's own
        f"{address}/v1/bills/{bill}", headers={"Authorization": f"Bearer {token}"}
    )
    try:
        with urlopen(request) as answer:  # noqa: S310 - as above
            return answer.status, json.load(answer)
    except HTTPError as error:
        with error:
            return error.code, json.load(error)


def test_bills_of_a_day_that_stays_can_be_scanned(runs: list[Run]) -> None:
    """With --stay the gateway answers for the day's bills until Ctrl-C, to the token in the page's address."""
    day = SimulatedDay(Random(20_250_820), 200)
    bill = next(json.loads(planned.value)["data"]["bill"] for planned in day if planned.kind == "bill.manifested")
    runs.append(run := Run("--bills", "200", "--seconds", "1", "--stay"))
    run.read_until("Scan its bills at ")
    address, _, token = run.output.rpartition("Scan its bills at ")[2].strip().partition("/#")
    wait_for(lambda: ask(address, token, bill)[0] == 200, "the bill to be known")
    assert ask(address, token, bill)[1]["bill"] == bill
    assert ask(address, token[:-1], bill)[0] == 401
    run.process.send_signal(signal.SIGINT)
    assert run.end() == 0, run.output
    assert gone(run.children)


@pytest.mark.parametrize("moment", ["join their groups", " ET  "])
def test_ctrl_c_ends_it_in_order(runs: list[Run], moment: str) -> None:
    """Ctrl-C while the workers join, or in the middle of the day, ends with a summary that adds up and code 0."""
    runs.append(run := Run("--bills", "3000", "--seconds", "60"))
    run.read_until(moment)
    run.process.send_signal(signal.SIGINT)
    assert run.end() == 0, run.output
    assert run.check_sums()["bills"] < 3000
    assert gone(run.children)


def test_death_of_a_worker_is_said(runs: list[Run]) -> None:
    """When a worker dies the demo ends with code 1 and one plain sentence, and takes the others with it."""
    runs.append(run := Run("--bills", "3000", "--seconds", "60"))
    run.read_until(" ET  ")
    worker = next(
        child
        for child in sorted(run.children)
        if b"agents.embedded.child_process" in Path(f"/proc/{child}/cmdline").read_bytes()
    )
    os.kill(worker, signal.SIGKILL)
    assert run.end() == 1
    assert "the manifest process ended by itself" in run.output
    assert "Traceback" not in run.output
    assert gone(run.children)


def test_death_of_the_demo_leaves_nothing(runs: list[Run]) -> None:
    """Even when the demo itself is killed, its broker and workers end."""
    runs.append(run := Run("--bills", "3000", "--seconds", "60"))
    run.read_until(" ET  ")
    run.process.kill()
    run.process.wait()
    assert len(run.children) == CHILDREN + GUARDIANS
    assert gone(run.children)


def test_nobody_reads_on(runs: list[Run]) -> None:
    """When its output is closed (`| head`) the demo ends in order, without a word, and its processes are gone."""
    runs.append(run := Run("--bills", "3000", "--seconds", "60"))
    run.read_until("join their groups")
    assert run.process.stdout is not None
    run.process.stdout.close()
    assert run.process.wait() == -signal.SIGPIPE
    assert len(run.children) in range(CHILDREN, CHILDREN + GUARDIANS + 1)
    assert gone(run.children)


@pytest.mark.parametrize(
    ("options", "said", "status"),
    [
        (("--bills", "1000000"), "5 MiB a partition", 2),
        (("--broker", "127.0.0.1:1"), "no Kafka at 127.0.0.1:1", 75),
        (("--programme", "zz"), "no programme has the id zz; there are az, ec", 2),
    ],
)
def test_refusals_are_one_sentence(runs: list[Run], options: tuple[str, ...], said: str, status: int) -> None:
    """A day that is too large, or a broker that is not there, is refused in one sentence."""
    runs.append(run := Run(*options))
    assert run.end() == status
    lines = run.output.splitlines()
    assert said in lines[-1]
    assert len(lines) == 1
