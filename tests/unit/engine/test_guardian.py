"""The guardian ends a process in which one C call keeps every thread from its turn, and no other."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator

import pytest

from agents.engine import guardian
from tests.prerequisites import ROOT

HOLDS = {
    "a pattern without end": "import re; re.match('(a+)+b', 'a' * 99)",
    "a sum": "sum(range(10**15))",
    "a power": "pow(7, 10**9)",
}
WORKER = """
import faulthandler
from agents.engine.guardian import Guardian
from agents.engine.watchdog import Watchdog
faulthandler.enable()
Watchdog(lambda: ("", None), 99, print, Guardian("toy", 2).beat).start()
def judge():
    {hold}
judge()
"""


@pytest.mark.parametrize("hold", HOLDS.values(), ids=HOLDS)
def test_a_call_that_holds_the_interpreter_ends_the_process(hold: str) -> None:
    """The watchdog gets no turn, yet the process ends; the stacks name the function, the log the incident."""
    command = [sys.executable, "-c", WORKER.format(hold=hold)]
    # The guardian has the worker's errors too, so these end when both have ended.
    ended = subprocess.run(command, cwd=ROOT, stderr=subprocess.PIPE, text=True, check=False)
    assert ended.returncode == -signal.SIGABRT
    assert "in judge" in ended.stderr
    assert '"incident":"stall"' in ended.stderr.replace('": ', '":')


@pytest.fixture
def worker() -> Iterator[subprocess.Popen[bytes]]:
    """Start a process that does nothing."""
    with subprocess.Popen(["sleep", "600"]) as made:
        yield made
        made.kill()


def test_a_stopped_process_is_let_live(monkeypatch: pytest.MonkeyPatch, worker: subprocess.Popen[bytes]) -> None:
    """Silence while it is stopped does not count, however long; once it goes on, it does."""
    looks = threading.Semaphore(0)
    stopped = guardian._stopped

    def look(process: int) -> bool:
        looks.release()
        return stopped(process)

    monkeypatch.setattr(guardian, "TICK_SECONDS", 0.001)
    monkeypatch.setattr(guardian, "LAST_SECONDS", 0.001)
    monkeypatch.setattr(guardian, "_stopped", look)
    monkeypatch.setattr(guardian, "_say", lambda *_said: None)
    worker.send_signal(signal.SIGSTOP)
    while not stopped(worker.pid):
        pass
    silent, kept = os.pipe()
    guarding = threading.Thread(target=guardian.guard, args=(worker.pid, 5, "toy", silent))
    guarding.start()
    for _ in range(50):
        looks.acquire()
    assert worker.poll() is None
    worker.send_signal(signal.SIGCONT)
    assert worker.wait() == -signal.SIGABRT
    guarding.join()
    os.close(kept)


def test_beats_keep_a_process_alive_and_its_end_is_noticed(
    monkeypatch: pytest.MonkeyPatch, worker: subprocess.Popen[bytes]
) -> None:
    """As long as it is heard it is let live; when its end of the pipe is closed, the guardian goes."""
    monkeypatch.setattr(guardian, "TICK_SECONDS", 60.0)
    heard, beating = os.pipe()
    guarding = threading.Thread(target=guardian.guard, args=(worker.pid, 1, "toy", heard))
    guarding.start()
    for _ in range(50):
        os.write(beating, b".")
    os.close(beating)
    guarding.join()
    assert worker.poll() is None


def test_a_guardian_that_is_gone_is_started_again() -> None:
    """Somebody ends the guardian; the next beat starts another."""
    made = guardian.Guardian("toy", 60)
    made.beat()
    first = made._process
    assert first is not None
    first.kill()
    first.wait()
    made.beat()
    assert made._process is not None
    assert made._process.poll() is None
    assert made._process.pid != first.pid
    made.leave()
    assert made._process.returncode == 0
