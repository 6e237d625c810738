"""`tallygate publish`: a file of events, as JSON lines or CSV, checked whole and then sent."""

import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from agents.cli.exits import AWAY, BAD_USAGE, DONE, NO, REFUSES, refuse
from agents.cli.kafka_call import silence
from agents.cli.map_options import MapOption, SetOption, chosen_map, show_maps

SHOWN: Final = 50


class FormName(StrEnum):
    """What a file may be."""

    AUTO = "auto"
    JSONL = "jsonl"
    CSV = "csv"


def command(
    file: Annotated[
        str | None,
        typer.Argument(metavar="FILE|-", help="Events as JSON lines or CSV, packed or not; - is standard input."),
    ] = None,
    form: Annotated[FormName, typer.Option("--format", help="auto: by the name's ending, else by the first line.")] = (
        FormName.AUTO
    ),
    template: Annotated[
        bool, typer.Option("--template", help="Print a CSV header with example rows, and end.")
    ] = False,
    map_name: MapOption = None,
    settings: SetOption = None,
    suggest_map: Annotated[bool, typer.Option("--suggest-map", help="Print a map to finish, from a header.")] = False,
    check_only: Annotated[bool, typer.Option("--check", help="Only check; send nothing.")] = False,
    skip_bad: Annotated[
        bool, typer.Option("--skip-bad", help="Send whole bills although rows of others are wrong.")
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
    """Check a whole file of shipment events, and publish it if all of it is right.

    It finds Kafka by TALLYGATE_KAFKA__*. You may publish a file again: known events have no second effect. With
    --skip-bad it sends a bill only if every row of it is right. Exit code 0: all is acknowledged; 1: there are
    mistakes, each on a line of standard error; 2: bad usage, an unreadable file, or refused; 75: Kafka or the gateway
    is away, run it again later; 78: rows that were read are neither sent nor named.
    """
    if template:
        from agents.files.columns import template as header

        print(header(), end="")
        return
    show_maps(map_name)
    if file is None:
        refuse("name a file, or - for standard input; --template prints a CSV header")
    if (gateway is None) != (token_file is None):
        refuse("--gateway and --token-file go together")
    from agents.files import FileError
    from agents.publish.publish_errors import MiscountError

    try:
        if suggest_map:
            _suggest(file)
            return
        with _opened(file, form, source, map_name, settings) as job:
            _publish(job, show, check_only=check_only, skip_bad=skip_bad, over=(gateway, token_file))
    except FileError as error:
        refuse(error)
    except MiscountError as error:
        refuse(error, REFUSES)


@contextmanager
def _opened(file: str, form: FormName, source: str, map_name: str | None, settings: list[str] | None) -> Iterator[Any]:
    from agents.files import form_of, twice_readable
    from agents.publish.publish_file import PublishJob

    column_map = chosen_map(map_name, settings)
    if column_map is not None and form is FormName.JSONL:
        refuse("--map reads CSV: leave --format out")
    with twice_readable(file) as opener:
        with opener() as opened:
            found = form_of(file, opened.head) if form is FormName.AUTO else form.value
        yield PublishJob(file, opener, found, source, int(time.time() * 1000), column_map)  # type: ignore[arg-type]


def _suggest(file: str) -> None:
    from agents.files import open_source
    from agents.files.forms import refuse_misfit
    from agents.files.maps import suggest

    with open_source(file) as source:
        refuse_misfit(file, "csv", source.head, lambda _line: True)
        print(suggest(file, source), end="")


def _publish(job: Any, show: int, *, check_only: bool, skip_bad: bool, over: tuple[str | None, Path | None]) -> None:
    from agents.observability.progress_bar import file_bar
    from agents.publish.publish_file import Sift, check, right, whole

    printer = _MistakePrinter(job.name, show)
    report = check(job, file_bar("checking", "events"), printer.mistake)
    printer.end()
    _print_sums(report)
    if report.unreadable:
        refuse(f"{job.name}: no line of it could be read")
    if (report.codes and not skip_bad) or (check_only and not skip_bad):
        print(f"{report.good:,} events are right; nothing was sent")
        raise typer.Exit(NO if report.codes else DONE)
    sift, bar = Sift(), file_bar("checking again" if check_only else "sending", "events")
    events = whole(job, bar, report, sift, printer.held) if skip_bad else right(job, bar)
    if check_only:
        print(f"{sum(1 for _ in events):,} events would be sent; nothing was sent")
    else:
        _send(events, over=over)
    printer.end()
    if skip_bad:
        print(f"{sift.sums()}; bills held back {len(sift.bills_held):,}")
    if report.codes:
        raise typer.Exit(NO)


def _print_sums(report: Any) -> None:
    """Print the sums of the checks."""
    if report.codes:
        by_code = ", ".join(f"{code} {count:,}" for code, count in report.codes.most_common())
        print(f"{report.bad:,} of {report.good + report.bad:,} cannot be sent: {by_code}", file=sys.stderr)
    if report.warnings:
        print(f"{report.warnings:,} warnings: the rows that they name can be sent all the same", file=sys.stderr)
    if report.repeats:
        print(
            f"{report.repeats:,} of {report.good:,} events repeat an earlier one and will have no effect",
            file=sys.stderr,
        )


class _MistakePrinter:
    """Prints a limited number of mistakes and of events held back, and how many more there are."""

    def __init__(self, name: str, most: int) -> None:
        self._name = name
        self._most = most
        self._count = 0

    def mistake(self, mistake: Any) -> None:
        self._print(mistake.text(self._name))

    def held(self, line: int, bill: str) -> None:
        self._print(f"{self._name}:{line}: held back: bill {bill} is not sent, since not every row of it is right")

    def end(self) -> None:
        if self._most and self._count > self._most:
            print(f"and {self._count - self._most:,} more; --show 0 lists all", file=sys.stderr)
        self._count = 0

    def _print(self, line: str) -> None:
        self._count += 1
        if not self._most or self._count <= self._most:
            print(line, file=sys.stderr)


def _send(events: Any, *, over: tuple[str | None, Path | None]) -> None:
    import asyncio

    from agents.client import GatewayError
    from agents.publish import PublishAwayError, PublishError
    from agents.publish.publish_errors import MiscountError
    from agents.publish.publish_file import send

    silence()
    acknowledged = 0

    async def run() -> str:
        nonlocal acknowledged
        async with _sender(*over) as sender:
            async for count in send(events, sender):
                acknowledged = count
            return str(sender.place)

    try:
        place = asyncio.run(run())
    except MiscountError:
        raise
    except (PublishError, GatewayError) as error:
        why = f"{error}\n{acknowledged:,} events are acknowledged; run it again, no event counts twice"
        if isinstance(error, PublishAwayError):
            refuse(why, AWAY)
        refuse(why, BAD_USAGE)
    print(f"published {acknowledged:,} events to {place}")


@asynccontextmanager
async def _sender(url: str | None, token_file: Path | None) -> AsyncIterator[Any]:
    if url is not None and token_file is not None:
        from agents.client import Gateway, read_token
        from agents.publish.over_gateway import GatewaySender

        async with Gateway(url, read_token(token_file)) as gateway:
            yield GatewaySender(gateway)
        return
    from agents.publish import Publisher
    from agents.settings.settings import read_settings

    async with Publisher(read_settings().kafka) as publisher:
        yield publisher
