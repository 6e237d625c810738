"""`tallygate publish`: a file of events, as JSON lines or CSV, checked whole and then sent."""

import logging
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Final, NoReturn

import typer

MISTAKES: Final = 1
BAD_USAGE: Final = 2
AWAY: Final = 75
SHOWN: Final = 50


class FormName(StrEnum):
    """What a file may be."""

    AUTO = "auto"
    JSONL = "jsonl"
    CSV = "csv"


def command(
    file: Annotated[
        str | None, typer.Argument(metavar="FILE|-", help="Events as JSON lines or CSV, .gz too; - is standard input.")
    ] = None,
    form: Annotated[FormName, typer.Option("--format", help="auto: by the name's ending, else by how it begins.")] = (
        FormName.AUTO
    ),
    template: Annotated[
        bool, typer.Option("--template", help="Print a CSV header with example rows, and end.")
    ] = False,
    check_only: Annotated[bool, typer.Option("--check", help="Only check; send nothing.")] = False,
    skip_bad: Annotated[
        bool, typer.Option("--skip-bad", help="Send what is right although something is wrong.")
    ] = False,
    show: Annotated[int, typer.Option(min=0, help="Mistakes to show at most; 0: all.")] = SHOWN,
    source: Annotated[
        str, typer.Option(help="`source` of the events made of CSV: your system.")
    ] = "/tallygate/publish",
    gateway: Annotated[
        str | None, typer.Option(metavar="URL", help="Send through this gateway instead of straight to Kafka.")
    ] = None,
    token_file: Annotated[
        Path | None, typer.Option(metavar="FILE", help="File with a token of the scope publish, for the gateway.")
    ] = None,
) -> None:
    """Publish shipment events from a file; it is checked whole first, and nothing is sent unless all of it is right.

    Kafka is that of TALLYGATE_KAFKA__*. A file may be published again: what is there already has no second effect.
    Exit code 0: all is acknowledged; 1: there are mistakes, each on a line of standard error; 2: bad usage, an
    unreadable file, or refused; 75: Kafka or the gateway is away, run it again later.
    """
    if template:
        from agents.publishing.columns import template as header

        print(header(), end="")
        return
    if file is None:
        _refuse("name a file, or - for standard input; --template prints a CSV header")
    if (gateway is None) != (token_file is None):
        _refuse("--gateway and --token-file go together")
    from agents.judge.files import FileError
    from agents.publishing.sources import form_of, twice_readable

    try:
        with twice_readable(file) as opener:
            from agents.publishing.running import Job

            found = form_of(file, opener) if form is FormName.AUTO else form.value
            job = Job(file, opener, found, source, int(time.time() * 1000))  # type: ignore[arg-type]
            _publish(job, show, check_only=check_only, skip_bad=skip_bad, over=(gateway, token_file))
    except FileError as error:
        _refuse(str(error))


def _publish(job: Any, show: int, *, check_only: bool, skip_bad: bool, over: tuple[str | None, Path | None]) -> None:
    from agents.publishing.progress import bar_named
    from agents.publishing.running import check

    terminal = sys.stderr.isatty()
    report = check(job, bar_named("checking", shown=terminal), _teller(job.name, show))
    total = sum(report.codes.values())
    if show and total > show:
        print(f"and {total - show:,} more; --show 0 lists all", file=sys.stderr)
    if report.codes:
        by_code = ", ".join(f"{code} {count:,}" for code, count in report.codes.most_common())
        print(f"{report.bad:,} of {report.good + report.bad:,} cannot be sent: {by_code}", file=sys.stderr)
    if check_only or (report.codes and not skip_bad):
        print(f"{report.good:,} events are right; nothing was sent")
        raise typer.Exit(MISTAKES if report.codes else 0)
    _send(job, bar_named("sending", shown=terminal), skip_bad=skip_bad, over=over)
    if report.codes:
        raise typer.Exit(MISTAKES)


def _teller(name: str, show: int) -> Callable[[Any], None]:
    shown = 0

    def tell(mistake: Any) -> None:
        nonlocal shown
        shown += 1
        if not show or shown <= show:
            print(mistake.text(name), file=sys.stderr)

    return tell


def _send(job: Any, bar: Any, *, skip_bad: bool, over: tuple[str | None, Path | None]) -> None:
    import asyncio

    from agents.client import GatewayError
    from agents.publishing import AwayError, PublishError
    from agents.publishing.running import send

    # aiokafka would say the same in other words, once for each address and each batch.
    for name in ("aiokafka", "asyncio"):
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)
    acknowledged = 0

    async def run() -> str:
        nonlocal acknowledged
        async with _sender(*over) as sender:
            async for count in send(job, bar, sender, skip_bad=skip_bad):
                acknowledged = count
            return str(sender.place)

    try:
        place = asyncio.run(run())
    except (PublishError, GatewayError) as error:
        print(f"tallygate publish: {error}", file=sys.stderr)
        print(f"{acknowledged:,} events are acknowledged; run it again, none counts twice", file=sys.stderr)
        raise typer.Exit(AWAY if isinstance(error, AwayError) else BAD_USAGE) from None
    print(f"published {acknowledged:,} events to {place}")


@asynccontextmanager
async def _sender(url: str | None, token_file: Path | None) -> AsyncIterator[Any]:
    if url is not None and token_file is not None:
        from agents.client import Gateway, read_token
        from agents.publishing.over_gateway import GatewaySender

        async with Gateway(url, read_token(token_file)) as gateway:
            yield GatewaySender(gateway)
        return
    from agents.publishing import Publisher

    async with Publisher(_kafka()) as publisher:
        yield publisher


def _kafka() -> Any:
    from agents.engine.errors import RefusedError
    from agents.settings import read_settings

    try:
        return read_settings().kafka
    except RefusedError as error:
        _refuse(str(error))


def _refuse(why: str) -> NoReturn:
    print(f"tallygate publish: {why}", file=sys.stderr)
    raise typer.Exit(BAD_USAGE)
