"""How far a webhook is in each partition, while deliveries end in another order than they began.

A place says: everything before it was delivered, or did not pass the filters. So a place that is lost or set back only
makes deliveries come again, and none is ever left out.
"""

from collections.abc import Sequence


class Progress:
    """The places of one webhook."""

    def __init__(self, places: Sequence[int]) -> None:
        self.read = [*places]
        """Of each partition the next offset to read."""
        self._open: list[dict[int, None]] = [{} for _ in places]
        """Of each partition the offsets that are being delivered, in their order."""

    @property
    def waiting(self) -> int:
        """Return how many deliveries are not done."""
        return sum(map(len, self._open))

    def take(self, partition: int, offset: int) -> None:
        """Note that a record was read and is to be delivered."""
        self._open[partition][offset] = None
        self.read[partition] = offset + 1

    def reach(self, partition: int, position: int) -> None:
        """Note that everything before a position was read."""
        self.read[partition] = max(self.read[partition], position)

    def done(self, partition: int, offset: int) -> None:
        """Note that a record was delivered."""
        del self._open[partition][offset]

    def places(self) -> list[int]:
        """Return of each partition the offset before which everything is done."""
        return [next(iter(held), read) for held, read in zip(self._open, self.read, strict=True)]
