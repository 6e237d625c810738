"""Yielding: long work lets the event loop turn now and then, by elapsed time."""

import asyncio
from time import perf_counter
from typing import Final

TURN_SECONDS: Final = 0.015
"""Work goes on for about this long before the loop turns; the longest stall is to stay under 100 ms."""


class LoopYield:
    """Counts the time since the event loop last turned."""

    def __init__(self) -> None:
        """Begin a turn now."""
        self._since = perf_counter()
        self.longest = 0.0
        """Seconds of the longest turn so far."""

    @property
    def due(self) -> bool:
        """Tell whether the turn has lasted long enough."""
        return perf_counter() - self._since > TURN_SECONDS

    async def take(self) -> None:
        """Let the loop turn once."""
        self.ended()
        await asyncio.sleep(0)
        self._since = perf_counter()

    def ended(self) -> None:
        """Note how long the turn was, before waiting for something anyway."""
        self.longest = max(self.longest, perf_counter() - self._since)

    def began(self) -> None:
        """Begin a turn after such a wait."""
        self._since = perf_counter()
