"""How long to wait for Redis before trying again: soon at first, then less and less often."""

from typing import Final

FIRST_SECONDS: Final = 0.1
LONGEST_SECONDS: Final = 5.0


class Backoff:
    """Waits that double, up to five seconds."""

    def __init__(self) -> None:
        self.failures = 0

    def next(self) -> float:
        """Return the next wait in seconds."""
        self.failures += 1
        return min(FIRST_SECONDS * (1 << min(self.failures - 1, 16)), LONGEST_SECONDS)

    def reset(self) -> None:
        """Begin anew: Redis has answered."""
        self.failures = 0
