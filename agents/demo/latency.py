"""From producing a shipment event to reading the decisions it caused: when each offset was sent, and percentiles."""

from bisect import bisect_right
from collections import deque
from typing import Final

RECENT: Final = 2000
"""Measurements that the live figures look back on."""


class Latency:
    """Matches decisions with the moment at which their cause was sent; seconds of any one clock."""

    def __init__(self) -> None:
        self._offsets: dict[int, list[int]] = {}
        self._moments: dict[int, list[float]] = {}
        self._all: list[float] = []
        self._recent: deque[float] = deque(maxlen=RECENT)

    def sent(self, partition: int, offset: int, moment: float) -> None:
        """Note that the records of a batch from this offset on are sent at this moment; offsets rise."""
        self._offsets.setdefault(partition, []).append(offset)
        self._moments.setdefault(partition, []).append(moment)

    def decided(self, partition: int, offset: int, moment: float) -> None:
        """Note that a decision caused by this record was read at this moment."""
        place = bisect_right(self._offsets.get(partition, []), offset) - 1
        if place >= 0:
            taken = moment - self._moments[partition][place]
            self._all.append(taken)
            self._recent.append(taken)

    def recent(self, per_cent: float) -> float | None:
        """Return a percentile of the recent measurements in seconds, or None if there are none."""
        return _percentile(self._recent, per_cent)

    def overall(self, per_cent: float) -> float | None:
        """Return a percentile of all measurements in seconds, or None if there are none."""
        return _percentile(self._all, per_cent)


def _percentile(measured: deque[float] | list[float], per_cent: float) -> float | None:
    if not measured:
        return None
    ordered = sorted(measured)
    return ordered[min(len(ordered) - 1, int(len(ordered) * per_cent / 100))]
