"""`tallygate demo`: the whole system on a simulated day, in one terminal."""

import os
import shutil
import sys
from pathlib import Path
from typing import Annotated

import typer

from agents.cli.exits import INTERRUPTED, NO, refuse
from agents.cli.kafka_call import silence


def command(
    bills: Annotated[int, typer.Option(min=50, help="Bills of the day.")] = 10_000,
    seconds: Annotated[float, typer.Option(min=1.0, max=3600.0, help="How long the day lasts.")] = 60.0,
    seed: Annotated[int, typer.Option(help="Another seed makes another day.")] = 20_250_820,
    broker: Annotated[
        str | None,
        typer.Option(metavar="HOST:PORT", help="A Kafka to run on; the demo makes topics of its own and removes them."),
    ] = None,
    plain: Annotated[bool, typer.Option("--plain", help="Print lines instead of a live screen.")] = False,
    stay: Annotated[bool, typer.Option("--stay", help="Go on after the day, to scan its bills, until Ctrl-C.")] = False,
    save: Annotated[
        Path | None,
        typer.Option(metavar="FILE", dir_okay=False, help="Only write the day's events to a file, for judge."),
    ] = None,
    programme: Annotated[
        str, typer.Option(metavar="ID", help="Play weeks of a courier under this programme, such as ec, instead.")
    ] = "us-321",
) -> None:
    """Play a simulated 20 August 2025: trips, bills, arrivals, mistakes; and watch what is decided.

    With --programme: three weeks around the turn of a period, so that you see totals begin again.
    Everything is embedded: a broker, Redis, the workers, the gateway with its scanner page, a publisher and a reader.
    Ctrl-C ends it early, with a summary.
    """
    import asyncio

    from rich.console import Console

    from agents.demo.choosing import save_day
    from agents.demo.demo_run import Demo, DemoOptions
    from agents.embedded.embedded_errors import EmbeddedError

    if save is not None:
        try:
            print(f"{save_day(save, bills, seed, programme):,} events in {save}")
        except EmbeddedError as error:
            refuse(error, error.status)
        return
    silence("aiokafka")
    options = DemoOptions(bills, seconds, seed, broker, plain, stay, _called(), programme)
    try:
        whole = asyncio.run(Demo(options, Console()).run())
    except EmbeddedError as error:
        refuse(error, error.status)
    except asyncio.CancelledError:
        refuse("ended at once", INTERRUPTED)
    if not whole:
        refuse("a sum above is wrong", NO)


def _called() -> str:
    """Return how the user can call this command again from the working directory."""
    return "tallygate" if shutil.which("tallygate") else os.path.relpath(sys.argv[0])
