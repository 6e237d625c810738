"""How long to wait before trying again: soon at first, then less and less often."""


class Backoff:
    """Waits that double, from the first to the longest, in seconds."""

    def __init__(self, first: float = 0.1, longest: float = 5.0) -> None:
        self._first = first
        self._longest = longest
        self._failures = 0

    def next(self) -> float:
        """Return the next wait in seconds."""
        self._failures += 1
        return min(self._first * (1 << min(self._failures - 1, 16)), self._longest)

    def reset(self) -> None:
        """Begin again: the other side has answered."""
        self._failures = 0
