"""Run the conformance cases against any implementation of the contract: `python docs/conformance/run.py -- COMMAND`.

Needs nothing but Python 3.11. Each case is run in its own folder as

    COMMAND [options of the case] --dead-letters FILE --alerts FILE EVENTS

where COMMAND is `tallygate judge` unless given. It has to exit with 0, print decisions as JSON lines, write alerts and
dead letters into the files as JSON lines, and begin what it says on standard error with the counts of
expected-counts.json: `events 9: applied 6, stale 2, dead-lettered 1`. Exit code 1 if anything differs.

`--accept` writes what COMMAND says as the expected files, for a person to review against the contract.
"""

# A script that stands alone, prints, and runs what it is given.
# ruff: noqa: INP001, S603, T201

import argparse
import json
import re
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from itertools import zip_longest
from pathlib import Path

CASES = Path(__file__).resolve().parent / "cases"
Records = list[dict[str, object]]

COUNTS = re.compile(r"events (\d+): applied (\d+), stale (\d+), dead-lettered (\d+)")


def main() -> int:
    """Run the chosen cases; gives the exit code."""
    parser = argparse.ArgumentParser(description="Run the conformance cases against an implementation.")
    parser.add_argument("--case", action="append", metavar="NAME", help="only this case; may be repeated")
    parser.add_argument("--without", action="append", default=[], choices=["alerts", "counts"], help="do not compare")
    parser.add_argument("--accept", action="store_true", help="write the expected files instead of comparing")
    parser.add_argument("command", nargs="*", help="the implementation, after --; else tallygate judge")
    arguments = parser.parse_args()
    command = arguments.command or ["tallygate", "judge"]
    if "/" in command[0]:
        command[0] = str(Path(command[0]).absolute())  # since each case is run in its own folder
    names = arguments.case or sorted(folder.name for folder in CASES.iterdir())
    failed = 0
    for name in names:
        case = CASES / name
        found = run(case, command)
        if arguments.accept:
            accept(case, found)
        complaints = list(differences(case, found, set(arguments.without)))
        print(f"{'FAIL' if complaints else 'ok  '}  {name}")
        for complaint in complaints:
            print(f"      {complaint}")
        failed += bool(complaints)
    print(f"{len(names) - failed} of {len(names)} cases conform")
    return int(failed > 0)


class Found:
    """What an implementation said about one case."""

    def __init__(self, code: int, said: str, decisions: Records, letters: Records, alerts: Records) -> None:
        self.code, self.said = code, said
        self.records = {
            "decisions": decisions,
            "dead-letters": [{key: letter[key] for key in ("error", "line")} for letter in letters],
            "alerts": alerts,
        }
        self.counts = counts(said, self.records["dead-letters"])


def run(case: Path, command: list[str]) -> Found:
    """Run one case."""
    with tempfile.TemporaryDirectory() as folder:
        events, dead_letters, alerts = (Path(folder) / name for name in ("events.jsonl", "dead.jsonl", "alerts.jsonl"))
        about = json.loads((case / "case.json").read_text("utf-8"))
        events.write_bytes(events_of(case, about))
        files = [f"--dead-letters={dead_letters}", f"--alerts={alerts}", str(events)]
        done = subprocess.run([*command, *about["options"], *files], cwd=case, capture_output=True, check=False)
        said = done.stderr.decode("utf-8", "replace")
        return Found(done.returncode, said, parse(done.stdout.decode("utf-8")), records(dead_letters), records(alerts))


def differences(case: Path, found: Found, without: set[str]) -> Iterator[str]:
    """Yield what differs from the expected files, in words."""
    if found.code != 0:
        yield f"exit code {found.code}: {found.said.strip()}"
        return
    for what, got in found.records.items():
        if what not in without:
            yield from compare(what, records(case / f"expected-{what}.jsonl"), got)
    if "counts" not in without:
        expected = json.loads((case / "expected-counts.json").read_text("utf-8"))
        if found.counts != expected:
            yield f"counts: expected {expected}"
            yield f"        got {found.counts}"


def accept(case: Path, found: Found) -> None:
    """Write the expected files of a case; one without records has no file."""
    for what, got in found.records.items():
        path = case / f"expected-{what}.jsonl"
        path.unlink(missing_ok=True)
        if got:
            path.write_text(
                "".join(json.dumps(record, ensure_ascii=False, separators=(",", ":")) + "\n" for record in got), "utf-8"
            )
    (case / "expected-counts.json").write_text(json.dumps(found.counts, indent=2) + "\n", "utf-8")


def events_of(case: Path, about: dict[str, dict[str, int]]) -> bytes:
    """Return the events of a case; a line said to be padded gets a `padding` that makes it so many bytes long."""
    lines = (case / "events.jsonl").read_bytes().split(b"\n")
    for number, length in about.get("padded", {}).items():
        line = lines[int(number) - 1]
        missing = length - len(line)
        lines[int(number) - 1] = line.replace(b'"padding":""', b'"padding":"' + b"x" * missing + b'"')
    return b"\n".join(lines)


def counts(said: str, letters: Records) -> dict[str, object]:
    """Read the counts that the implementation said, and add up its dead letters by their code."""
    match = COUNTS.search(said)
    events, applied, stale, dead = map(int, match.groups()) if match else (-1, -1, -1, -1)
    by_code = dict(sorted(Counter(str(letter["error"]) for letter in letters).items()))
    return {"events": events, "applied": applied, "stale": stale, "dead-lettered": dead, "dead-letters": by_code}


def compare(what: str, expected: Records, got: Records) -> Iterator[str]:
    """Complain about the first record that differs; all fields count, in whatever order they stand in the JSON."""
    for number, (one, other) in enumerate(zip_longest(expected, got), 1):
        if one != other:
            yield f"{what}: number {number} of {len(expected)} should be {json.dumps(one)}"
            yield f"{' ' * len(what)}  but is {json.dumps(other)}"
            return


def records(path: Path) -> Records:
    """Read JSON lines; a file that is not there has none."""
    return parse(path.read_text("utf-8")) if path.exists() else []


def parse(text: str) -> Records:
    """Read JSON lines from a text."""
    return [json.loads(line) for line in text.splitlines() if line]


if __name__ == "__main__":
    sys.exit(main())
