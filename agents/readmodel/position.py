"""The position of Redis in one partition, and the time up to which it holds everything committed."""


class ReadModelPosition:
    """A partition that is read."""

    __slots__ = ("_asked_ms", "_end", "fresh_ms", "position", "reached")

    def __init__(self, position: int) -> None:
        self.position = position
        """Redis has applied everything before this offset."""
        self.reached = position
        """The consumer has read everything before this offset."""
        self.fresh_ms: int | None = None
        """Everything committed at this time (ms) is before `reached`; None: not known yet."""
        self._end: int | None = None
        self._asked_ms = 0

    def reach(self, position: int, end: int | None, asked_ms: int | None) -> None:
        """Note how far the consumer has read, and the end of the committed records at the last fetch.

        An end is kept until it is reached, since under steady load the present end never is.
        """
        self.reached = position
        if self._end is None and end is not None and asked_ms is not None:
            self._end, self._asked_ms = end, asked_ms
        if self._end is not None and position >= self._end:
            self.fresh_ms = self._asked_ms
            self._end = None
