"""The long run: round after round, each in a process of its own, and a report that outlives whatever is killed."""

import json
import os
import select
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from typing import Any

from tests.chaos.report import Report, of_round
from tests.prerequisites import ROOT

SILENT_SECONDS = 900.0
"""A round that says nothing for so long hangs; its audit is silent for some minutes."""
TRIES = 2
"""How often a round is run that ends without a result."""


def run_rounds(report: Report, say: Callable[[str], None] = print) -> int:
    """Run the rounds that are left, and say at the end what was proved; 0 if all is exact, else 1."""
    try:
        for number in report.left():
            for _ in range(TRIES):
                with tempfile.TemporaryDirectory(prefix="tallygate-chaos-", ignore_cleanup_errors=True) as folder:
                    if _round(report, number, folder, say):
                        break
    finally:
        for line in report.proved():
            say(line)
    return 0 if report.exact else 1


def _round(report: Report, number: int, folder: str, say: Callable[[str], None]) -> bool:
    """Run one round, and note all it tells; False where it ended without a result."""
    plan = report.plan
    say(f"round {number} of {plan.rounds}, seed {plan.seed_of(number)}: {plan.events:,} events, {plan.faults} faults")
    command = [sys.executable, "-m", "tests.chaos.round", json.dumps(plan._asdict()), str(number), folder]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT, start_new_session=True)
    report.write("round", round=number, driver=process.pid)
    fed, result = 0, False
    try:
        for line in _lines(process):
            fed = line.get("fed", fed)
            report.write(**line)
            if line["what"] == "result":
                result = True
                say(of_round(line))
            if "text" in line:
                say(line["text"])
    finally:
        _end(process)
    if not result:
        report.write("ended", round=number, fed=fed, how=f"its driver ended with {process.returncode}")
        say(f"round {number} ended without a result: {process.returncode}")
    return result


def _lines(process: "subprocess.Popen[bytes]") -> Iterator[dict[str, Any]]:
    """Yield what a round tells, until it ends or falls silent."""
    assert process.stdout is not None
    text = b""
    while select.select([process.stdout], [], [], SILENT_SECONDS)[0]:
        part = os.read(process.stdout.fileno(), 65_536)
        if not part:
            process.wait()
            return
        *whole, text = (text + part).split(b"\n")
        yield from map(_told, whole)


def _told(line: bytes) -> dict[str, Any]:
    """Read a line of a round; where it failed, a line may be what its workers said at last."""
    try:
        told: dict[str, Any] = json.loads(line)
    except ValueError:
        told = {}
    return told if "what" in told else {"what": "said", "text": line.decode(errors="replace")}


def _end(process: "subprocess.Popen[bytes]") -> None:
    """Kill what is left of a round: its driver, broker and workers are one process group."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
    finally:
        process.communicate()
