"""The long fault run: rounds of events under faults, each audited; exit status 0 if all is exact, else 1.

`--report FILE` says where the report goes that is written meanwhile; `--resume FILE` plays the rounds that one lacks;
`--show FILE` says what one proves. Some options run something else instead.
"""

import argparse
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from tests.chaos import files, live, outage, recovery, rounds
from tests.chaos.report import Plan, Report
from tests.chaos.year import run as year
from tests.prerequisites import ROOT, kafka_missing

EVENTS = 1_000_000
EVENTS_A_ROUND = 250_000
FAULTS_A_ROUND = 16


class Other(NamedTuple):
    """What runs instead of the rounds: an option, how argparse takes it, and what is called with the arguments."""

    option: str
    run: Callable[[argparse.Namespace], int]
    takes: dict[str, Any]


OTHERS = (
    Other(
        "files",
        lambda arguments: files.main(arguments.files, arguments.seed),
        {"type": int, "metavar": "SEEDS", "help": "so many spoilt files through publish"},
    ),
    Other(
        "live", lambda _: live.main(), {"action": "store_true", "help": "the gateway's streams, Kafka away a minute"}
    ),
    Other(
        "outage",
        lambda arguments: outage.main(arguments.outage, arguments.rate),
        {"type": float, "metavar": "SECONDS", "help": "the broker away, alerts watched"},
    ),
    Other(
        "recovery",
        lambda arguments: recovery.main(arguments.recovery.split(","), arguments.rounds or 3),
        {"nargs": "?", "const": ",", "metavar": "FAULT,...", "help": "time to decisions after each fault, or some"},
    ),
    Other(
        "year",
        lambda arguments: year.main(arguments.year, arguments.seed),
        {"nargs": "?", "type": int, "const": year.PERSONS, "metavar": "PERSONS", "help": "a year of a courier"},
    ),
)


def parse() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--events", type=int, default=EVENTS)
    parser.add_argument("--faults", type=int, help=f"in all; {FAULTS_A_ROUND} a round by default")
    parser.add_argument("--rounds", type=int, help=f"one for every {EVENTS_A_ROUND:,} events by default")
    parser.add_argument("--seed", type=int, default=int(time.time()))
    parser.add_argument("--toy", action="store_true", help="a toy step instead of the real two: the engine alone")
    parser.add_argument("--no-rebuild", action="store_true", help="end each round without a rebuild of the tables")
    reports = parser.add_mutually_exclusive_group()
    reports.add_argument("--report", type=Path, metavar="FILE", help="by default below .cache/chaos")
    reports.add_argument("--resume", type=Path, metavar="FILE", help="go on with the run of this report")
    reports.add_argument("--show", type=Path, metavar="FILE", help="say what a report proves; runs nothing")
    instead = parser.add_mutually_exclusive_group()
    for other in OTHERS:
        instead.add_argument(f"--{other.option}", **other.takes)
    parser.add_argument("--rate", type=int, default=200, help="events a second during an outage")
    return parser.parse_args()


def plan_of(arguments: argparse.Namespace) -> Plan:
    """Cut the run into rounds of equal size."""
    count = arguments.rounds or max(1, round(arguments.events / EVENTS_A_ROUND))
    faults = count * FAULTS_A_ROUND if arguments.faults is None else arguments.faults
    events, each = -(-arguments.events // count), -(-faults // count)
    return Plan(arguments.seed, count, events, each, arguments.toy, not (arguments.toy or arguments.no_rebuild))


def main() -> int:
    """Run, audit and report; 2 where a report cannot be read or made."""
    arguments = parse()
    for other in OTHERS:
        if getattr(arguments, other.option) not in {None, False}:
            return other.run(arguments)
    try:
        if arguments.show or arguments.resume:
            report = Report.read(arguments.show or arguments.resume)
        else:
            plan = plan_of(arguments)
            report = Report.begin(arguments.report or ROOT / ".cache" / "chaos" / f"{plan.seed}.jsonl", plan)
    except (OSError, ValueError) as error:
        print(f"no report: {error}")
        return 2
    if arguments.show:
        print("\n".join(report.proved()))
        return 0 if report.exact else 1
    if missing := kafka_missing():
        print(f"no chaos without a real Kafka: {missing}")
        return 2
    print(f"the report is {report.path}; after a kill, --resume with it goes on")
    return rounds.run_rounds(report, lambda text: print(text, flush=True))


if __name__ == "__main__":
    sys.exit(main())
