"""`tallygate rebuild`: rebuild the read model or the tables from topics."""

import asyncio
import signal
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from agents.cli.exits import AWAY, BAD_USAGE, INTERRUPTED, REFUSES, refuse

if TYPE_CHECKING:
    from agents.ops.rebuild.rebuild import Outcome, RebuildWatcher
    from agents.settings.settings import Settings

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

    from agents.kafka.errors import EngineError
    from agents.observability.progress_bar import open_bars
    from agents.readmodel.refilling import rebuild as fill
    from agents.readmodel.store import StoreAwayError, StoreError
    from agents.settings.settings import read_settings

    try:
        with open_bars("{task.completed:,.0f} offsets") as bars:
            watcher = _Watcher(bars)
            filled = uvloop.run(fill(read_settings(), watcher))
    except (EngineError, StoreError, KafkaError) as error:
        if isinstance(error, KafkaError | StoreAwayError):
            refuse(error, AWAY)
        refuse(error, getattr(error, "status", REFUSES))
    print(f"removed {watcher.removed} keys; the read model is filled up to the end of the topics, {filled} offsets")


class From(StrEnum):
    """The input of the rebuilt tables."""

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
    from agents.kafka.errors import EngineError
    from agents.ops.rebuild.rebuild import EpochError
    from agents.ops.rebuild.rebuild_bar import next_steps, rebuild_bars
    from agents.settings.settings import read_settings

    try:
        settings = read_settings()
        with rebuild_bars() as watcher:
            made = asyncio.run(_tables(settings, epoch, source, watcher))
    except EpochError as error:
        refuse(error, BAD_USAGE)
    except EngineError as error:
        refuse(error, error.status)
    except (KeyboardInterrupt, asyncio.CancelledError):
        refuse("interrupted; run the same command again to continue", INTERRUPTED)
    print(next_steps(made))


async def _tables(settings: "Settings", epoch: int, source: From, watcher: "RebuildWatcher") -> "Outcome":
    """Rebuild to the end; Ctrl-C and SIGTERM cancel, which stops the processes in order."""
    from aiokafka.errors import KafkaError

    from agents.kafka.probing import explained
    from agents.ops.rebuild.rebuild import rebuild_tables

    if (task := asyncio.current_task()) is not None:
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    try:
        return await rebuild_tables(settings, epoch, source.value, watcher)
    except KafkaError as error:
        raise await explained(settings.kafka.connection(), error) from None


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
