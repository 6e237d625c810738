"""The demo's gateway: the code of `tallygate gateway`, for this machine only, with a token for one day."""

import asyncio
import secrets
import signal
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final, NoReturn

import uvloop

from agents.demo.children import ChildReport
from agents.demo.demo_state import Counts
from agents.gateway.http.token_file import create_token
from agents.gateway.http.tokens import Scope
from agents.gateway.server import serving
from agents.settings.settings import Settings

LIFE: Final = timedelta(days=1)
SCOPES: Final[tuple[Scope, ...]] = ("audit", "plan", "scan")
"""No scope to publish: the sums at the end are those of the simulated day."""
SECRET_BYTES_MAX: Final = 8
"""A short secret, so that the address fits a line; it is valid for one day, on this machine."""


def make_demo_token(file: Path) -> str:
    """Make the tokens file with one token, and return the token."""
    _kept, text = create_token(
        file, "demo", SCOPES, datetime.now(UTC), LIFE, lambda count: secrets.token_bytes(min(count, SECRET_BYTES_MAX))
    )
    return text


def run_demo_gateway(settings: Settings, say: Callable[[ChildReport], None]) -> NoReturn:
    """Serve until SIGTERM. Exits the process."""
    try:
        uvloop.run(_serve(settings, say))
    except OSError:
        free = settings.gateway.model_copy(update={"port": 0})
        uvloop.run(_serve(settings.model_copy(update={"gateway": free}), say))
    raise SystemExit(0)


async def _serve(settings: Settings, say: Callable[[ChildReport], None]) -> None:
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    async with serving(settings) as address:
        say(ChildReport(ready=True, counts=Counts(), address=address))
        await stop.wait()
