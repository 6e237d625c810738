"""The embedded gateway: the code of `tallygate gateway`, for this machine only."""

import asyncio
import signal
from collections.abc import Callable
from typing import NoReturn

import uvloop

from agents.embedded.messages import ChildReport, Counts
from agents.gateway.server import serving
from agents.settings.settings import Settings


def run_gateway(settings: Settings, say: Callable[[ChildReport], None]) -> NoReturn:
    """Serve until SIGTERM, at any port if that of the settings is taken. Exits the process."""
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
