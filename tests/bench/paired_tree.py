"""One tree of a paired run: a program that judges lives with the `state` and `stream` it finds on its path.

It reads commands from its input, one a line: `time` answers the processor seconds of each phase in each step, `count`
the bytecodes that each takes and a digest of what each sends. The last phase of a life restores each step's table. The
program imports nothing of `tests`, so that it runs over any tree of the project.
"""

import gc
import json
import sys
from collections.abc import Callable, Iterable
from hashlib import sha256
from time import thread_time
from types import FrameType
from typing import Any

import msgspec

from state.manifest.step import ManifestStep
from state.rules.loading import load_rulebook
from state.table import Table
from state.withholding import WithholdingStep
from stream.consignee import KeyMaker
from stream.decisions import Policy
from stream.records import PlainRecord, Sink

SECRET = b"a made-up secret of the bench"
TIMESTAMP = 1_755_900_000_000
EVENTS_A_JOIN = 100

Meter = Callable[[Callable[[], None]], float]
"""Runs a piece of work and says what it took."""
Phases = list[tuple[str, str, list[tuple[bytes, bytes]]]]


def seconds(work: Callable[[], None]) -> float:
    """Processor seconds of a piece of work."""
    begin = thread_time()
    work()
    return thread_time() - begin


def bytecodes(work: Callable[[], None]) -> float:
    """Bytecodes of a piece of work: what C code does within one is not seen."""
    count = 0

    def trace(frame: FrameType, event: str, _: Any) -> Any:
        nonlocal count
        frame.f_trace_opcodes, frame.f_trace_lines = True, False
        count += event == "opcode"
        return trace

    sys.settrace(trace)
    try:
        work()
    finally:
        sys.settrace(None)
    return count


class Runner:
    """A step over a table of its own."""

    def __init__(self, step: Any) -> None:
        self._step, self._table = step, Table()
        self._changelog: dict[bytes, bytes | None] = {}

    def run(self, records: list[PlainRecord], meter: Meter) -> tuple[float, list[Any]]:
        """Judge records; return what the step took, without the joins, and what it sent."""
        took, sent = 0.0, []
        for start in range(0, len(records), EVENTS_A_JOIN):
            overlay = self._table.overlay()

            def work(batch: list[PlainRecord] = records[start : start + EVENTS_A_JOIN], overlay: Any = overlay) -> None:
                for record in batch:
                    sent.extend(self._step(record, overlay).outputs)

            took += meter(work)
            self._changelog.update(overlay.changes())
            overlay.join()
        return took, [output for output in sent if output is not None]

    def restore(self, meter: Meter) -> tuple[float, str]:
        """Restore a table from what was changed so far; return what it took and what the rows add up to."""
        table = Table()

        def work() -> None:
            for _slice in table.restore(self._changelog):
                pass

        took = meter(work)
        return took, str(tuple(table.totals))


def run(phases: Phases, meter: Meter) -> dict[str, tuple[float, str]]:
    """Judge all lives once; return by step, life and phase what it took, and a digest of what was sent."""
    found: dict[str, tuple[float, str]] = {}
    rulebook, runners, running = load_rulebook(), [], None
    for number, (life, phase, events) in enumerate(phases, 1):
        if life != running:
            steps = ManifestStep(rulebook, KeyMaker(SECRET), 1), WithholdingStep(rulebook, Policy(), 1, "shipments")
            runners, running = [Runner(step) for step in steps], life
        rows: Iterable[tuple[bytes, bytes]] = events
        for name, topic, runner in zip(("manifest", "withholding"), ("shipments", "postings"), runners, strict=True):
            records = [PlainRecord(topic, 0, at, TIMESTAMP, key, value) for at, (key, value) in enumerate(rows)]
            took, sent = runner.run(records, meter)
            values = [output.value or b"" for output in sent if output.sink in {Sink.POSTINGS, Sink.DECISIONS}]
            found[f"{name}: {life}: {phase}"] = took, sha256(b"\n".join(values)).hexdigest()
            rows = [(output.key, output.value or b"") for output in sent if output.sink is Sink.POSTINGS]
        if number == len(phases) or phases[number][0] != life:
            for name, runner in zip(("manifest", "withholding"), runners, strict=True):
                found[f"{name}: {life}: restore"] = runner.restore(meter)
    return found


def main() -> None:
    """Answer commands until the input ends."""
    with open(sys.argv[1], "rb") as file:  # noqa: PTH123 - the file is small and read at once
        phases = msgspec.msgpack.decode(file.read(), type=Phases)
    gc.disable()
    for command in sys.stdin:
        found = run(phases, bytecodes if command.strip() == "count" else seconds)
        print(json.dumps(found), flush=True)
        gc.collect()


if __name__ == "__main__":
    main()
