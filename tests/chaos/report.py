"""The report of a long run: a file of JSON lines, written as things happen, that says what was proved so far.

A line is on the disk before the run goes on, so whatever is killed, the file tells; a later run goes on from it.
"""

import json
import os
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

Line = dict[str, Any]


class Plan(NamedTuple):
    """A long run: rounds of so many events and faults each, on a fresh broker; all is drawn from the seed."""

    seed: int
    rounds: int
    events: int
    """Of one round."""
    faults: int
    """Of one round."""
    toy: bool = False
    rebuild: bool = False

    def seed_of(self, number: int) -> int:
        """Return the seed of a round, counted from 1."""
        return self.seed + number - 1


class Report:
    """One file: the plan, how each round began, what was done to it, and what its audit found."""

    def __init__(self, path: Path, plan: Plan, lines: list[Line]) -> None:
        """Go on with a file that holds these lines."""
        self.path = path
        self.plan = plan
        self._lines = lines

    @classmethod
    def begin(cls, path: Path, plan: Plan) -> "Report":
        """Begin a file; one that is there is an earlier run's, and raises FileExistsError."""
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(exist_ok=False)
        made = cls(path, plan, [])
        made.write("plan", **plan._asdict())
        return made

    @classmethod
    def read(cls, path: Path) -> "Report":
        """Read a file, whose last line may be cut off. Raise ValueError where it is no report."""
        lines = list(_whole_lines(path))
        if not lines or lines[0].get("what") != "plan":
            raise ValueError(f"{path} is no report of a fault run: its first line is no plan")
        return cls(path, Plan(**{name: lines[0][name] for name in Plan._fields}), lines)

    def write(self, what: str, **facts: Any) -> None:
        """Add a line, and wait until it is on the disk."""
        line = {"what": what, "at": datetime.now(UTC).isoformat(timespec="seconds"), **facts}
        with self.path.open("a+b") as file:
            file.seek(0, os.SEEK_END)
            if file.tell() and not _ends_whole(self.path):
                file.write(b"\n")  # the writer of the line before was killed in the middle of it
            file.write(json.dumps(line).encode() + b"\n")
            file.flush()
            os.fsync(file.fileno())
        self._lines.append(line)

    def results(self) -> dict[int, Line]:
        """Return the audited rounds by number."""
        return {line["round"]: line for line in self._lines if line["what"] == "result"}

    def left(self) -> list[int]:
        """Return the numbers of the rounds that have no result yet."""
        return [number for number in range(1, self.plan.rounds + 1) if number not in self.results()]

    def proved(self) -> list[str]:
        """Say what the file proves, in lines; the last one is the sum."""
        results = self.results()
        said = [of_round(line) for line in results.values()]
        said += [_of_end(line) for line in self._lines if line["what"] == "ended"]
        if self._open_round():
            said.append(f"round {self._open_round()} was begun and has no end: everything was killed, or it still runs")
        tally: Counter[str] = Counter()
        for line in results.values():
            tally.update(line["tally"])
        said += [f"{count:6d}  {what}" for what, count in sorted(tally.items())]
        said += [f"FAULT  round {number}: {fault}" for number, line in results.items() for fault in line["faults"]]
        return [*said, self._sum(results)]

    @property
    def exact(self) -> bool:
        """Tell whether every round was audited and found exact."""
        return not self.left() and not any(line["faults"] for line in self.results().values())

    def _sum(self, results: dict[int, Line]) -> str:
        good = [line for line in results.values() if not line["faults"]]
        events = f"{sum(line['events'] for line in good):,} events in {len(good)} of {self.plan.rounds} rounds"
        seconds = sum(line["seconds"] for line in results.values())
        if self.exact:
            return f"EXACT: {events} in {seconds:.0f} s"
        return f"NOT {'EXACT' if len(good) < len(results) else 'ENDED'}: exact are {events}; {seconds:.0f} s"

    def _open_round(self) -> int:
        last = next((line for line in reversed(self._lines) if line["what"] in {"round", "result", "ended"}), None)
        return last["round"] if last and last["what"] == "round" else 0


def of_round(line: Line) -> str:
    """Say what a round proved."""
    verdict = "NOT EXACT" if line["faults"] else "exact"
    fates = ", ".join(f"{count:,} {fate}" for fate, count in sorted(line["accounted"].items()))
    return f"round {line['round']}: {verdict}, {line['events']:,} events in {line['seconds']:.0f} s ({fates})"


def _of_end(line: Line) -> str:
    return f"round {line['round']} ended without a result: {line['how']}; {line['fed']:,} events were published"


def _whole_lines(path: Path) -> Iterator[Line]:
    for text in path.read_bytes().splitlines():
        try:
            line = json.loads(text)
        except ValueError:
            continue
        if isinstance(line, dict) and "what" in line:
            yield line


def _ends_whole(path: Path) -> bool:
    with path.open("rb") as file:
        file.seek(-1, os.SEEK_END)
        return file.read(1) == b"\n"
