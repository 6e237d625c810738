"""The copies of one bill number in one ledger of a large consignee: which two of them can be the one that counts.

A number may be on thousands of conveyances. Of all its copies only two matter when one of them changes: the one that
counted, and the first of the others by rank. So a heap is kept, and what left it is skipped when it comes up.
"""

from heapq import heapify, heappop, heappush
from typing import Final

from state.withholding.bill import Bill

_SLACK: Final = 8
"""A heap may hold so many entries more than twice what is there before it is made anew."""

Rank = tuple[bool, int, str]
"""Arrived before expected, then higher version, then the lowest conveyance by code point."""


def rank_of(copy: Bill) -> Rank:
    """The rank of a copy among those whose release does not stand."""
    return not copy.arrived, -copy.version, copy.conveyance


class Rivals:
    """Copies by conveyance."""

    __slots__ = ("_heap", "_ranks", "counted")

    def __init__(self) -> None:
        self._heap: list[Rank] = []
        self._ranks: dict[str, Rank] = {}
        self.counted: str | None = None
        """The conveyance of the copy that is not superseded; None once it left."""

    def __len__(self) -> int:
        return len(self._ranks)

    def join(self, copy: Bill) -> None:
        """A copy comes, or is here with another version or basis."""
        rank = rank_of(copy)
        if self._ranks.get(copy.conveyance) != rank:
            self._ranks[copy.conveyance] = rank
            heappush(self._heap, rank)

    def leave(self, conveyance: str) -> None:
        """A copy goes, if it is here."""
        if self._ranks.pop(conveyance, None) is None:
            return
        if self.counted == conveyance:
            self.counted = None
        if len(self._heap) > 2 * len(self._ranks) + _SLACK:
            self._heap = list(self._ranks.values())
            heapify(self._heap)

    def contenders(self) -> set[str]:
        """Conveyances of the copies of which one counts: all others stay superseded."""
        heap, ranks = self._heap, self._ranks
        while heap and ranks.get(heap[0][2]) != heap[0]:
            heappop(heap)
        first = {heap[0][2]} if heap else set()
        return first if self.counted is None else first | {self.counted}
