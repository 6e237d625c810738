"""Starting aiokafka's clients so that none is left half-way: cancelled in its start one leaves a connection open."""

import asyncio
from typing import Any, Final

GRACE_SECONDS: Final = 3.0


async def start_whole(client: Any, seconds: float) -> None:
    """Start a client within so many seconds. Raises TimeoutError and what it raises; then the caller stops it.

    When this is cancelled it first waits a little for the start to end.
    """
    starting = asyncio.create_task(client.start())
    starting.add_done_callback(_seen)
    try:
        async with asyncio.timeout(seconds):
            await asyncio.shield(starting)
    finally:
        await asyncio.wait([starting], timeout=GRACE_SECONDS)
        starting.cancel()


def _seen(task: asyncio.Task[None]) -> None:
    """Look at the error, for who has waited may have gone."""
    if not task.cancelled():
        task.exception()
