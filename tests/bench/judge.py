"""`tallygate judge` over a file of a simulated day."""

import cProfile
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from agents.demo.choosing import NEED_A_BROKER
from agents.judge import JudgeOptions, judge_file, open_outputs
from tests.bench.floor import floors
from tests.bench.mix import day_rows
from tests.bench.observing import profile_text
from tests.bench.report import Figure
from tests.prerequisites import ROOT

GOAL = 16_000
FLOOR_BILLS = 20_000
COMMAND = "from agents.cli.main import main; main()"


@contextmanager
def day_file(bills: int) -> Iterator[tuple[Path, int]]:
    """Yield a file of a day's events and how many there are; gone afterwards.

    Bad records that only a broker refuses stay out, as in `tallygate demo --save`. `judge` takes any `time`, so one
    event dated 2125 would close every day of the file.
    """
    with tempfile.TemporaryDirectory(prefix="tallygate-bench-") as folder:
        file, events = Path(folder) / "day.jsonl", 0
        with file.open("wb") as lines:
            for _, _, value in day_rows(bills, 1, without=NEED_A_BROKER):
                # A bad record may hold a line break, which is white space in JSON.
                lines.write(value.replace(b"\n", b" ") + b"\n")
                events += 1
        yield file, events


def run(file: Path, output: Path = Path(os.devnull)) -> tuple[float, float, str]:
    """Judge a file by the command; give seconds, processor seconds, and the summary."""
    begun = time.perf_counter()
    with output.open("wb") as decisions:
        command = [sys.executable, "-c", COMMAND, "judge", str(file)]
        with subprocess.Popen(command, stdout=decisions, stderr=subprocess.PIPE, cwd=ROOT) as process:
            summary = process.stderr.read().decode() if process.stderr else ""
            _, status, used = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(summary)
    return time.perf_counter() - begun, used.ru_utime + used.ru_stime, summary


def measure(bills: int, runs: int) -> Iterator[Figure]:
    """Yield the processor time of an event, and events judged a second."""
    floor = floors(day_rows(min(bills, FLOOR_BILLS), 1, without=NEED_A_BROKER)).judge
    with day_file(bills) as (file, events):
        took = [run(file) for _ in range(runs)]
    words = f"{events:,} events of a simulated day, decisions to {os.devnull}; the whole command, its start included"
    samples = tuple(processor / events * 1e6 for _, processor, _ in took)
    yield Figure("tallygate judge: processor time", "µs/event", samples, words, floor=floor)
    speeds = tuple(events / seconds for seconds, _, _ in took)
    yield Figure("tallygate judge", "events/s", speeds, "the same runs, by the clock", GOAL)


def profile(bills: int) -> str:
    """Return the functions in which the time goes."""
    profiled = cProfile.Profile()
    with (
        day_file(bills) as (file, _),
        Path(os.devnull).open("wb") as nowhere,
        open_outputs(nowhere, None, None) as outputs,
    ):
        profiled.runcall(judge_file, str(file), JudgeOptions(), outputs)
    return profile_text(profiled)
