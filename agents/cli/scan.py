"""`tallygate scan`: the scanner in a terminal, or in a pipe."""

import asyncio
import sys
from pathlib import Path
from typing import Annotated, Final

import typer

from agents.cli.exits import AWAY, refuse

WAIT_SECONDS: Final = 10.0


def command(
    gateway: Annotated[str, typer.Option(metavar="URL", help="The gateway, such as http://localhost:8080.")],
    token_file: Annotated[Path, typer.Option(metavar="FILE", help="File with a token of the scope scan.")],
    follow: Annotated[
        bool, typer.Option("--follow", help="In a pipe: keep running after the input ends, and print later changes.")
    ] = False,
    wait: Annotated[
        float, typer.Option(min=0.1, metavar="SECONDS", help="In a pipe: an answer that takes longer is HOLD.")
    ] = WAIT_SECONDS,
) -> None:
    """Read bills from standard input, as a keyboard-wedge scanner types them, and show what to do with each.

    On a terminal Enter, a line feed or a Tab ends a scan. It shows the action in big letters and a colour, with a bell;
    later changes come to the top, but changes to GO go to the list. In a pipe it prints one line for each line that it
    reads, a blank one too: what was read, action and reason, divided by tabs. What was read is escaped as `printf %b`
    takes it: backslashes, and all but printable ASCII. A scan without an end is HOLD. Without a live connection
    everything is HOLD. Exit code 0: the input ended; 2: bad usage, or refused; 75: in a pipe, not every answer was
    live.
    """
    from agents.client import GatewayError

    try:
        live = asyncio.run(_scan(gateway, token_file, wait, follow=follow))
    except GatewayError as error:
        refuse(error)
    except KeyboardInterrupt:
        return
    if not live:
        raise typer.Exit(AWAY)


async def _scan(url: str, token_file: Path, wait: float, *, follow: bool) -> bool:
    from agents.client import Gateway, read_token
    from agents.client.scanning import Bytes, scan_lines, scan_screen

    descriptor = sys.stdin.fileno()
    async with Gateway(url, read_token(token_file)) as gateway:
        if sys.stdin.isatty() and sys.stdout.isatty():
            from rich.console import Console

            from agents.client.terminal import every_key

            with every_key(descriptor):
                await scan_screen(gateway, Bytes(descriptor), Console(highlight=False))
            return True
        return await scan_lines(gateway, Bytes(descriptor), _write, wait, follow=follow)


def _write(line: str) -> None:
    print(line, flush=True)
