"""The copies of one bill number in one ledger of a large consignee, and the two of them of which one can count.

A number may be on thousands of conveyances. When one copy changes, only two copies matter: the one that counted, and
the first of the others by rank. So the ranks are kept in a heap. A copy that left is skipped when it reaches the top.
"""

from heapq import heapify, heappop, heappush
from typing import Final

from state.withholding.bill import Bill

_SLACK: Final = 8
"""A heap is rebuilt when its entries exceed twice the number of copies by more than this."""

Rank = tuple[bool, int, str]
"""Arrived before expected, then higher version, then the lowest conveyance by code point."""


def rank_of(copy: Bill) -> Rank:
    """Return the rank of a copy among those whose release does not stand."""
    return not copy.arrived, -copy.version, copy.conveyance


def preference(copy: Bill) -> tuple[bool, Rank]:
    """Sort key of copies, the one that counts first: a copy whose release stands, then by rank (DESIGN section 3)."""
    return not copy.counts_in_full, rank_of(copy)


class Rivals:
    """The copies, by conveyance."""

    __slots__ = ("_heap", "_ranks", "counted")

    def __init__(self) -> None:
        self._heap: list[Rank] = []
        self._ranks: dict[str, Rank] = {}
        self.counted: str | None = None
        """Conveyance of the copy that is not superseded; None after it left."""

    def __len__(self) -> int:
        return len(self._ranks)

    def join(self, copy: Bill) -> None:
        """Add a copy, or change its version or basis."""
        rank = rank_of(copy)
        if self._ranks.get(copy.conveyance) != rank:
            self._ranks[copy.conveyance] = rank
            heappush(self._heap, rank)

    def leave(self, conveyance: str) -> None:
        """Remove a copy, if it is here."""
        if self._ranks.pop(conveyance, None) is None:
            return
        if self.counted == conveyance:
            self.counted = None
        if len(self._heap) > 2 * len(self._ranks) + _SLACK:
            self._heap = list(self._ranks.values())
            heapify(self._heap)

    def contenders(self) -> set[str]:
        """Return the conveyances of the copies that can count; all others stay superseded."""
        heap, ranks = self._heap, self._ranks
        while heap and ranks.get(heap[0][2]) != heap[0]:
            heappop(heap)
        first = {heap[0][2]} if heap else set()
        return first if self.counted is None else first | {self.counted}
