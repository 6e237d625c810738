"""`tallygate dead-letters`: lists the records that could not be read, and sends them again."""

import re
import sys
from collections.abc import Sequence
from contextlib import nullcontext
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from agents.cli.exits import CommandError, refuse
from agents.cli.kafka_call import ask
from stream.deadletters import Fault

if TYPE_CHECKING:
    from agents.ops.dead_letters.letter import LetterPlace

app = typer.Typer(no_args_is_help=True, help="List the records that could not be read, and send them again.")
command = app

TABLE_ROWS = 100
UNITS = {"m": "minutes", "h": "hours", "d": "days"}


@app.command("list")
def list_(
    code: Annotated[list[Fault] | None, typer.Option(metavar="CODE", help="Only this code; may be repeated.")] = None,
    since: Annotated[
        str | None, typer.Option(metavar="WHEN", help="How far back to look: 90m, 24h, 7d, or 2025-08-20T12:00:00Z.")
    ] = None,
    conveyance: Annotated[str | None, typer.Option(help="Only letters of this conveyance.")] = None,
    limit: Annotated[
        int | None, typer.Option(min=1, help=f"Only the newest N; default: {TABLE_ROWS} in a table, else all.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON lines on a terminal too.")] = False,
    values_to: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Write keys and values (names and addresses!) to this new file, mode 0600."),
    ] = None,
) -> None:
    """List dead letters, oldest first, and count them by code: a table on a terminal, else JSON lines.

    It never prints what a record holds. With JSON the counts go to standard error. Exit code 0: listed; 2: bad usage,
    missing topics, or not allowed; 75: Kafka is away.
    """
    from agents.ops.dead_letters.letter_errors import DeadLettersError
    from agents.ops.dead_letters.letter_table import json_line, summary, table
    from agents.ops.dead_letters.listing import WantedLetters, list_letters
    from agents.ops.dead_letters.values import private_file
    from agents.settings.settings import read_settings

    in_lines = as_json or not sys.stdout.isatty()
    most = limit or (None if in_lines else TABLE_ROWS)
    wanted = WantedLetters(frozenset(one.value for one in code or ()), _millis(since), conveyance, most)
    kafka = read_settings().kafka
    try:
        with private_file(values_to) if values_to else nullcontext() as file:
            listing = ask(list_letters(kafka.connection(), kafka.topics(), wanted, file), kafka)
    except DeadLettersError as error:
        refuse(error)
    _complain(listing.complaints)
    if in_lines:
        for letter in listing.letters():
            print(json_line(listing, letter).decode())
    else:
        from rich.console import Console

        Console(highlight=False).print(table(listing))
    for line in summary(listing):
        print(line, file=sys.stderr if in_lines else sys.stdout)


@app.command()
def retry(
    code: Annotated[
        list[Fault] | None, typer.Option(metavar="CODE", help="All letters of this code; may be repeated.")
    ] = None,
    at: Annotated[
        list[str] | None, typer.Option(metavar="PARTITION:OFFSET", help="The letter at this place; may be repeated.")
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="All letters.")] = False,
    again: Annotated[bool, typer.Option("--again", help="Also letters that were sent again before.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask; needed where there is no terminal.")] = False,
) -> None:
    """Send dead letters to the shipments topic again, as they came; leave out those that were sent again before.

    Mend the cause first, or they come back. A record that was applied before is stale the second time. Exit code 0:
    sent, or nothing to send; 2: bad usage, no such letter, or not allowed; 75: Kafka is away.
    """
    from agents.ops.dead_letters.letter_errors import DeadLettersError
    from agents.ops.dead_letters.letter_table import plural
    from agents.ops.dead_letters.retrying import Selection, plan_retry, send_again
    from agents.settings.settings import read_settings

    if [bool(code), bool(at), everything].count(True) != 1:
        refuse("choose letters by one of --code, --at and --all")
    if not yes and not (sys.stdin.isatty() and sys.stdout.isatty()):
        refuse("there is no terminal to ask on: add --yes")
    kafka = read_settings().kafka
    connection, topics = kafka.connection(), kafka.topics()
    selection = Selection(frozenset(one.value for one in code or ()), _places(at or ()), again)
    sent: list[int] = []
    try:
        plan = ask(plan_retry(connection, topics, selection), kafka)
        _complain(plan.complaints)
        for reason, count in plan.left_out.most_common():
            print(f"left out {count:,}: {reason}")
        if not plan.places:
            print("nothing to send")
            return
        print(f"to {topics.shipments}: {len(plan.places):,} ({plural(plan.counts)})")
        if not yes and not typer.confirm("Send them again?"):
            print("nothing was sent")
            return
        sent = [0]
        count = ask(send_again(connection, topics, plan.places, sent.append, again=again), kafka)
    except CommandError as error:
        if not sent:
            raise
        refuse(f"{error}\n{sent[-1]:,} are sent for good; run the command again for the rest", error.code)
    except DeadLettersError as error:
        refuse(error)
    print(f"sent {count:,} again")
    if count < len(plan.places):
        print(f"{len(plan.places) - count:,} were sent by another retry meanwhile, or are no longer kept")


def _complain(complaints: list[str]) -> None:
    for each in complaints:
        print(f"tallygate dead-letters: {each}", file=sys.stderr)


def _millis(since: str | None) -> int | None:
    """Read `--since` into milliseconds since the epoch."""
    if since is None:
        return None
    if found := re.fullmatch(r"([0-9]{1,4})([mhd])", since):
        instant = datetime.now(UTC) - timedelta(**{UNITS[found[2]]: int(found[1])})
        return int(instant.timestamp() * 1000)
    try:
        instant = datetime.fromisoformat(since)
    except ValueError:
        refuse("--since: expected 90m, 24h, 7d, or an instant such as 2025-08-20T12:00:00Z")
    if instant.tzinfo is None:
        refuse("--since: an instant needs its offset, such as Z")
    return max(0, int(instant.timestamp() * 1000))


def _places(texts: Sequence[str]) -> "frozenset[LetterPlace]":
    from agents.ops.dead_letters.letter import LetterPlace

    try:
        return frozenset(LetterPlace.parsed(one) for one in texts)
    except ValueError as error:
        refuse(f"--at: {error}")
