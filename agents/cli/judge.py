"""`tallygate judge`: a file of events in, decisions as JSON lines out; no broker, no clock, always the same bytes."""

import gc
import sys
from pathlib import Path
from typing import Annotated

import typer

from agents.cli.exits import refuse
from agents.cli.judging_options import (
    AsOfOption,
    DefaultProgrammeOption,
    EnforcementOption,
    EventsFile,
    MatchOption,
    OverflowOption,
    ProgrammesOption,
    RoundingOption,
    RulesOption,
    split_programmes,
)
from agents.cli.map_options import MapOption, SetOption, chosen_map
from stream.consignee import JUDGE_SECRET, ConsigneeError
from stream.decisions import Policy


def command(
    file: EventsFile,
    overflow: OverflowOption = "skip",
    programmes: ProgrammesOption = None,
    default_programme: DefaultProgrammeOption = None,
    rounding: RoundingOption = "cents",
    enforcement: EnforcementOption = "auto",
    as_of: AsOfOption = None,
    match: MatchOption = "normalised",
    rules: RulesOption = None,
    secret_file: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Secret of the consignee keys; default: a fixed public one.")
    ] = None,
    dead_letters: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write bad events to it as JSON lines: error, detail, line.")
    ] = None,
    alerts: Annotated[Path | None, typer.Option(metavar="FILE", help="Write alerts to it as JSON lines.")] = None,
    map_name: MapOption = None,
    settings: SetOption = None,
) -> None:
    """Judge shipment events from a file, in its order; decisions go to standard output as JSON lines.

    It skips blank lines; the offset in a decision's cause is the line number less one. A summary goes to standard
    error. Exit code 0: judged, whatever the decisions; 2: bad usage, or a file that cannot be read or has no readable
    line.
    """
    from agents.judge import FileError, JudgeOptions, judge_file, open_outputs
    from state.rules import RulebookError

    # Nothing here makes cycles worth collecting; full collections over millions of rows would cost seconds.
    gc.freeze()
    gc.set_threshold(200_000, 50, 1000)
    policy = Policy(overflow, rounding, enforcement, as_of.date() if as_of else None)
    secret = _secret_in(secret_file) if secret_file else JUDGE_SECRET
    options = JudgeOptions(policy, match, secret, rules, split_programmes(programmes), default_programme)
    try:
        column_map = chosen_map(map_name, settings)
        with open(1, "wb", 1 << 20, closefd=False) as stdout, open_outputs(stdout, dead_letters, alerts) as outputs:
            summary = judge_file(file, options, outputs, column_map)
    except (ConsigneeError, FileError, RulebookError) as error:
        refuse(error)
    for line in summary.lines():
        print(line, file=sys.stderr)
    if summary.faults and dead_letters is None:
        print("to see why, add --dead-letters FILE", file=sys.stderr)
    if summary.verdicts["reject", "day-closed"]:
        # Without a broker nothing tells a time that is wrong from one that is late.
        print(
            "day-closed: the highest event time so far is past the days for which the bill's period stays open, 15 for "
            "us-321; look for a time too far ahead",
            file=sys.stderr,
        )
    if summary.nothing_read:
        refuse(f"{file}: no line of it could be read")


def _secret_in(path: Path) -> bytes:
    try:
        secret = path.read_bytes().strip()
    except OSError as error:
        refuse(f"{path}: {error.strerror}")
    if not secret:
        refuse(f"{path}: the file holds no secret")
    return secret
