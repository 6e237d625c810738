"""`tallygate dead-letters`: lists the records that could not be read, and sends them again."""

import logging
import re
import sys
from collections.abc import Coroutine
from contextlib import nullcontext
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any, NoReturn, TypeVar

import typer

from agents.cli.exits import AWAY, BAD_USAGE
from stream.deadletters import Fault

app = typer.Typer(no_args_is_help=True, help="List the records that could not be read, and send them again.")
command = app

Answer = TypeVar("Answer")

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
    from agents.dead_letters.errors import DeadLettersError
    from agents.dead_letters.listing import Wanted, list_letters
    from agents.dead_letters.showing import json_line, summary, table
    from agents.dead_letters.values import private_file

    in_lines = as_json or not sys.stdout.isatty()
    most = limit or (None if in_lines else TABLE_ROWS)
    wanted = Wanted(frozenset(one.value for one in code or ()), _millis(since), conveyance, most)
    kafka = _kafka()
    try:
        with private_file(values_to) if values_to else nullcontext() as file:
            listing = _ask(list_letters(kafka.connection(), kafka.topics(), wanted, file), kafka.brokers)
    except DeadLettersError as error:
        _refuse(str(error))
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
    from agents.dead_letters.errors import DeadLettersError
    from agents.dead_letters.retrying import Selection, plan_retry, send_again
    from agents.dead_letters.showing import plural

    if [bool(code), bool(at), everything].count(True) != 1:
        _refuse("choose letters by one of --code, --at and --all")
    if not yes and not (sys.stdin.isatty() and sys.stdout.isatty()):
        _refuse("there is no terminal to ask on: add --yes")
    kafka = _kafka()
    connection, topics = kafka.connection(), kafka.topics()
    selection = Selection(frozenset(one.value for one in code or ()), _places(at or ()), again)
    try:
        plan = _ask(plan_retry(connection, topics, selection), kafka.brokers)
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
        done = _Done()
        count = _ask(send_again(connection, topics, plan.places, done.set, again=again), kafka.brokers, done)
    except DeadLettersError as error:
        _refuse(str(error))
    print(f"sent {count:,} again")
    if count < len(plan.places):
        print(f"{len(plan.places) - count:,} were sent by another retry meanwhile, or are no longer kept")


class _Done:
    """How far sending got, for the word on an interruption."""

    def __init__(self) -> None:
        self.count = 0

    def set(self, count: int) -> None:
        self.count = count


def _complain(complaints: list[str]) -> None:
    for each in complaints:
        print(f"tallygate dead-letters: {each}", file=sys.stderr)


def _ask(question: Coroutine[Any, Any, Answer], brokers: str, done: _Done | None = None) -> Answer:
    """Give the answer; where Kafka does not give one, say what to do and exit: away, or not allowed."""
    import asyncio

    from aiokafka.errors import BrokerResponseError, KafkaError

    # Their logs would say the same in other words, once for each address and each record that was not sent.
    for name in ("aiokafka", "asyncio"):
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)
    try:
        return asyncio.run(question)
    except (KafkaError, TimeoutError, ConnectionError) as error:
        why = type(error).__name__.removesuffix("Error")
        if isinstance(error, BrokerResponseError):
            said = f"Kafka at {brokers} refuses: {why}; check the rights of this login"
        else:
            said = f"Kafka at {brokers} does not answer ({why}): start it, or set TALLYGATE_KAFKA__BROKERS"
        print(said, file=sys.stderr)
        if done is not None:
            print(f"{done.count:,} are sent for good; run the command again for the rest", file=sys.stderr)
        if isinstance(error, BrokerResponseError):
            raise typer.Exit(BAD_USAGE) from None
        raise typer.Exit(AWAY) from None


def _kafka() -> Any:
    from pydantic import ValidationError

    from agents.settings import Settings

    try:
        return Settings().kafka
    except ValidationError as error:
        wrong = "; ".join(f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors())
        _refuse(f"settings: {wrong}")


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
        _refuse("--since: expected 90m, 24h, 7d, or an instant such as 2025-08-20T12:00:00Z")
    if instant.tzinfo is None:
        _refuse("--since: an instant needs its offset, such as Z")
    return max(0, int(instant.timestamp() * 1000))


def _places(texts: Any) -> Any:
    from agents.dead_letters.letter import Place

    try:
        return frozenset(Place.parsed(one) for one in texts)
    except ValueError as error:
        _refuse(f"--at: {error}")


def _refuse(why: str) -> NoReturn:
    print(f"tallygate dead-letters: {why}", file=sys.stderr)
    raise typer.Exit(BAD_USAGE)
