"""How much one token may ask: a token bucket each, filled evenly, full at first."""

from collections.abc import Callable
from typing import Final

KEPT: Final = 10_000
"""Buckets are forgotten beyond this many; a forgotten one is full again."""


class Buckets:
    """One bucket for each name; `rate` a second, `burst` at once; `clock` gives seconds that only rise."""

    def __init__(self, rate: float, burst: int, clock: Callable[[], float]) -> None:
        self._rate = rate
        self._burst = float(burst)
        self._clock = clock
        self._levels: dict[str, tuple[float, float]] = {}

    def take(self, name: str) -> float:
        """Take one; give 0, or the seconds until there is one again."""
        moment = self._clock()
        level, since = self._levels.get(name, (self._burst, moment))
        level = min(self._burst, level + (moment - since) * self._rate)
        if level < 1:
            return (1 - level) / self._rate
        if len(self._levels) >= KEPT:
            self._levels.clear()
        self._levels[name] = level - 1, moment
        return 0.0
