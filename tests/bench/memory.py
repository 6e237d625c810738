"""Memory for each live bill, both tables together, in a fresh process that is fed a simulated day."""

import ctypes
import gc
import json
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, BinaryIO

from state.manifest.step import ManifestStep
from state.rules.loading import load_rulebook
from state.table import Overlay, Table
from state.withholding import WithholdingStep
from stream.consignee import KeyMaker
from stream.decisions import Policy
from stream.records import Fate, Outgoing, PlainRecord, Sink
from tests.bench.mix import EVENTS_A_JOIN, SECRET, TIMESTAMP, day_rows
from tests.bench.report import Figure
from tests.prerequisites import ROOT

GOAL = 600
EXITS = (b'"type":"tallygate.bill.deleted.v1"', b'"type":"tallygate.bill.disposed.v1"')


def resident_bytes() -> int:
    """Return this process's resident memory, after giving back what is free."""
    gc.collect()
    ctypes.CDLL(None).malloc_trim(0)
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmRSS:", 1)[1].split()[0]) * 1024


class Keeper:
    """Both steps over one table each."""

    def __init__(self) -> None:
        rulebook = load_rulebook()
        self._manifest = ManifestStep(rulebook, KeyMaker(SECRET))
        self._withholding = WithholdingStep(rulebook, Policy(), 1, "shipments")
        self.tables = (Table(), Table())
        self.live = 0

    def keep(self, lines: Iterable[bytes]) -> None:
        """Judge events; the tables join what changed every thousand of them."""
        overlays = [table.overlay() for table in self.tables]
        for offset, line in enumerate(lines):
            self._judge(line.rstrip(b"\n"), offset, overlays)
            if (offset + 1) % EVENTS_A_JOIN == 0:
                for overlay in overlays:
                    overlay.join()
                overlays = [table.overlay() for table in self.tables]
        for overlay in overlays:
            overlay.join()

    def _judge(self, value: bytes, offset: int, overlays: list[Overlay]) -> None:
        record = PlainRecord("shipments", 0, offset, TIMESTAMP, None, value)
        fate, _, outputs = self._manifest(record, overlays[0])
        for output in outputs:
            if output is not None and output.sink is Sink.POSTINGS:
                self._post(output, overlays[1])
        if fate is Fate.APPLIED:
            head = value[:200]
            self.live += (b"bill.manifested" in head) - any(exit_type in head for exit_type in EXITS)

    def _post(self, output: Outgoing, overlay: Overlay) -> None:
        posting = PlainRecord("postings", 0, 0, TIMESTAMP, output.key, output.value)
        for _ in self._withholding(posting, overlay).outputs:
            pass


def keep_and_say(lines: BinaryIO) -> None:
    """Keep what comes in and print what it takes."""
    keeper = Keeper()
    before = resident_bytes()
    keeper.keep(lines)
    said = {
        "live": keeper.live,
        "resident": resident_bytes() - before,
        "row_bytes": [table.row_bytes for table in keeper.tables],
        "rows": [table.row_count for table in keeper.tables],
    }
    print(json.dumps(said))


def run(bills: int) -> dict[str, Any]:
    """Feed a day of so many bills to a process of its own; give what it says."""
    command = [sys.executable, "-m", "tests.bench.memory"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        for _, _, value in day_rows(bills, 1):
            process.stdin.write(value.replace(b"\n", b" ") + b"\n")
        process.stdin.close()
        said: dict[str, Any] = json.loads(process.stdout.read())
    return said


def measure(bills: int) -> Iterator[Figure]:
    """Yield bytes for each live bill; one run, since nothing in it depends on the clock."""
    said = run(bills)
    live, rows = said["live"], sum(said["rows"])
    words = f"{live:,} live bills of a simulated day in {rows:,} rows; growth of the resident memory, one run"
    yield Figure("memory", "bytes/bill", (said["resident"] / live,), words, GOAL, at_most=True)
    for step, size in zip(("manifest", "withholding"), said["row_bytes"], strict=True):
        yield Figure(f"  rows of the {step} step", "bytes/bill", (size / live,), "suffixes and values alone")


if __name__ == "__main__":
    keep_and_say(sys.stdin.buffer)
