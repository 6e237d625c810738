"""`tallygate rebuild`: make again what is made from topics."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from typing import Annotated, Any

import typer

app = typer.Typer(no_args_is_help=True, help="Rebuild the read model or the tables from topics.")
command = app


@app.callback()
def rebuild() -> None:
    """Rebuild the read model or the tables from topics."""


@app.command("read-model")
def read_model() -> None:
    """Empty the read model in Redis and fill it again from the decisions and alerts topics; judging goes on.

    The projection may keep running. Exit code 0: filled; 75: Kafka or Redis is away; 78: it must not run as configured.
    """
    import uvloop
    from aiokafka.errors import KafkaError

    from agents.engine.errors import EXIT_REFUSED, EXIT_RETRY, EngineError
    from agents.projection.rebuilding import rebuild as fill
    from agents.readmodel.store import StoreAwayError, StoreError
    from agents.settings import Settings

    try:
        with _bar() as watcher:
            filled = uvloop.run(fill(Settings(), watcher))
    except (EngineError, StoreError, KafkaError) as error:
        print(f"tallygate rebuild read-model: {error}", file=sys.stderr)
        away = isinstance(error, KafkaError | StoreAwayError)
        raise typer.Exit(EXIT_RETRY if away else getattr(error, "status", EXIT_REFUSED)) from None
    print(f"removed {watcher.removed} keys; the read model is filled up to the end of the topics, {filled} offsets")


class From(StrEnum):
    """What tables can be made from."""

    SHIPMENTS = "shipments"
    POSTINGS = "postings"


@app.command()
def tables(
    epoch: Annotated[int, typer.Option(min=2, help="A number higher than every epoch so far.")],
    source: Annotated[
        From,
        typer.Option(
            "--from",
            help="shipments: both steps. postings: the withholding step alone, in the order of postings.",
        ),
    ] = From.SHIPMENTS,
) -> None:
    """Rebuild the tables in a new epoch, beside the old one, and publish the new decision on each bill.

    Use it after a change of secret, match or policy, or after a changelog was lost. Run it with the new settings, but
    the old epoch. The old workers may run until it says that it has caught up. If it is interrupted, run it again to
    continue. Exit code 0: done; 2: another epoch is needed; 75: Kafka is away; 78: refused; 130: interrupted.
    """
    from agents.engine.errors import EngineError
    from agents.rebuilding.running import run
    from agents.rebuilding.showing import next_steps, showing
    from agents.rebuilding.tables import EpochError
    from agents.settings import read_settings

    try:
        settings = read_settings()
        with showing() as watcher:
            made = run(settings, epoch, source.value, watcher)
    except EpochError as error:
        print(f"tallygate rebuild tables: {error}", file=sys.stderr)
        raise typer.Exit(2) from None
    except EngineError as error:
        print(f"tallygate rebuild tables: {error}", file=sys.stderr)
        raise typer.Exit(error.status) from None
    except KeyboardInterrupt:
        print("tallygate rebuild tables: interrupted; run the same command again to continue", file=sys.stderr)
        raise typer.Exit(130) from None
    print(next_steps(made))


class _Watcher:
    def __init__(self, bar: Any) -> None:
        self._bar = bar
        self._task = bar.add_task("removing keys", total=None)
        self.removed = 0

    def swept(self, keys: int) -> None:
        self.removed = keys
        self._bar.update(self._task, description="filling")

    def filled(self, done: int, total: int) -> None:
        self._bar.update(self._task, completed=done, total=total)


@contextmanager
def _bar() -> Iterator[_Watcher]:
    """Show a bar on standard error where that is a terminal; gone when done."""
    from rich import progress
    from rich.console import Console

    columns = (
        progress.TextColumn("{task.description}"),
        progress.BarColumn(),
        progress.TaskProgressColumn(),
        progress.TextColumn("{task.completed:,.0f} offsets"),
        progress.TimeRemainingColumn(),
    )
    console = Console(stderr=True)
    with progress.Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        yield _Watcher(bar)
