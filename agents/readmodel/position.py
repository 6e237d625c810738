"""Where Redis stands in one partition, and at which moment everything committed was in it."""


class ReadModelPosition:
    """One partition that is read."""

    __slots__ = ("_asked_ms", "_end", "fresh_ms", "position", "reached")

    def __init__(self, position: int) -> None:
        self.position = position
        """Up to here Redis has applied it."""
        self.reached = position
        """Up to here the consumer has read it."""
        self.fresh_ms: int | None = None
        """Everything that was committed at this time (ms) lies before `reached`; None: not known yet."""
        self._end: int | None = None
        self._asked_ms = 0

    def reach(self, position: int, end: int | None, asked_ms: int | None) -> None:
        """Note how far the consumer has read, and where the partition's committed records ended when last asked.

        An end is kept until it is reached: under a steady load the present end never is.
        """
        self.reached = position
        if self._end is None and end is not None and asked_ms is not None:
            self._end, self._asked_ms = end, asked_ms
        if self._end is not None and position >= self._end:
            self.fresh_ms = self._asked_ms
            self._end = None
