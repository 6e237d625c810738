"""`tallygate sandbox`: a whole system to try things in, embedded, which stays."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from agents.cli.exits import INTERRUPTED, REFUSES, refuse
from agents.cli.kafka_call import silence


def command(
    folder: Annotated[
        Path, typer.Option(metavar="FOLDER", file_okay=False, help="Where it keeps its data; made if it is missing.")
    ] = Path("sandbox"),
    reset: Annotated[bool, typer.Option("--reset", help="Begin empty: forget all data, secrets and tokens.")] = False,
    port: Annotated[
        int | None,
        typer.Option(min=1, max=65535, help="Port of the gateway; default: 8080, or any if that is taken."),
    ] = None,
) -> None:
    """Run broker, Redis, workers, projection and gateway on this machine alone, until Ctrl-C.

    When it is ready it prints the text of an .env on standard output, and writes it into the folder: addresses, and a
    token for each scope. A second start on the folder goes on where the first ended. The broker is a mock in memory,
    copied to the folder every second: never use it for real decisions. Exit code 0: ended by Ctrl-C or SIGTERM; 1: a
    part of it died; 2: bad usage, or a folder of something else; 75: the port is taken; 78: a sandbox runs in the
    folder, or it is full or damaged; 130: ended at once.
    """
    import asyncio

    from agents.embedded.embedded_errors import EmbeddedError
    from agents.gateway.http.tokens import TokenFileError
    from agents.sandbox.sandbox_run import Sandbox, SandboxOptions

    silence("aiokafka")
    try:
        asyncio.run(Sandbox(SandboxOptions(folder, port, reset), _show, _say).run())
    except EmbeddedError as error:
        refuse(error, error.status)
    except TokenFileError as error:
        refuse(error, REFUSES)
    except asyncio.CancelledError:
        refuse("ended at once", INTERRUPTED)


def _show(text: str) -> None:
    print(text, end="", flush=True)


def _say(text: str) -> None:
    print(f"tallygate sandbox: {text}", file=sys.stderr, flush=True)
