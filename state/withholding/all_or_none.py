"""Ledgers under `all_or_none`: their bills fit only all together, held against one limit or several."""

from collections.abc import Iterator
from typing import ClassVar, Literal

from state.withholding.head import Head, TogetherHead
from state.withholding.terms import LedgerLimits, Sums
from state.withholding.walk import Walk
from state.withholding.walked_ledger import Changes, WalkedLedger


class AllOrNoneLedger(WalkedLedger):
    """Policy `all_or_none`: arrived bills fit only all together, and expected bills only together with them.

    Here `released` is the sum of closed bills that keep counting. Arrived bills, released or not, are in the walk. The
    amounts are values, whatever else is limited.
    """

    __slots__ = ()

    @property
    def total(self) -> int:
        """Sum of all arrived values, over the limit or not."""
        return self.released + self.arrived.total

    @property
    def projected(self) -> int:
        """Sum of all arrived and expected values, over the limit or not."""
        return self.total + self.expected.total

    def put_released(self, key: bytes, value: int) -> None:
        """Put a released bill in; it stays released only if the sum allows it."""
        self.arrived.insert(key, value, fits=True)

    def take_released(self, key: bytes, value: int) -> None:  # noqa: ARG002 - the walk knows the value
        """Take out a released bill."""
        self.arrived.remove(key)

    def sums(self, limits: LedgerLimits) -> tuple[Sums, Sums]:  # noqa: ARG002 - value is the one measure here
        """Return the sum of all that has arrived, and with all that is expected."""
        return Sums(self.total), Sums(self.projected)

    def would_release(self, key: bytes, value: int, limits: LedgerLimits, weight: int = 0) -> bool:  # noqa: ARG002
        """Whether it fits together with all arrived bills."""
        return limits.hold(Sums(self.total + value))

    def _settle_arrived(self, limits: LedgerLimits, changes: Changes) -> Iterator[None]:
        self._insert(self.arrived, self._new_arrived)
        fits = limits.hold(self.sums(limits)[0])
        return self._all_or_none(self.arrived, self._new_arrived, changes, fits=fits)

    def _settle_expected(self, limits: LedgerLimits, changes: Changes) -> Iterator[None]:
        self._insert(self.expected, self._new_expected)
        fits = limits.hold(self.sums(limits)[1])
        return self._all_or_none(self.expected, self._new_expected, changes, fits=fits)

    @staticmethod
    def _insert(walk: Walk, bills: list[tuple[bytes, int]]) -> None:
        # With the same status as the others, so that the walk stays uniform until the sum crosses the limit.
        fits = len(walk) > 0 and walk.fit_count == len(walk)
        for key, value in bills:
            walk.insert(key, value, fits=fits)

    @staticmethod
    def _all_or_none(walk: Walk, new: list[tuple[bytes, int]], changes: Changes, *, fits: bool) -> Iterator[None]:
        for key, _ in new:
            changes[key] = fits
        if walk.fit_count == (len(walk) if fits else 0):
            return
        for block in walk.blocks:
            for place, before in enumerate(block.fits):
                if before is not fits:
                    walk.set_fits(block, place, fits=fits)
                    changes[block.keys[place]] = fits
            yield


Side = Literal["closed", "arrived", "expected"]
"""Where a bill is summed up: among closed bills that keep counting, arrived bills or expected ones."""


class SeveralMeasuresLedger(AllOrNoneLedger):
    """Policy `all_or_none` where count or weight may be limited too, or there is a head: all sums are kept."""

    __slots__ = ("_counts", "_weights")

    weighs: ClassVar[bool] = True

    def __init__(self) -> None:
        super().__init__()
        self._counts: dict[Side, int] = {"closed": 0, "arrived": 0, "expected": 0}
        self._weights: dict[Side, int] = {"closed": 0, "arrived": 0, "expected": 0}

    def weigh(self, side: Side, grams: int, sign: int) -> None:
        """Add a bill to the counts and weights of a side; a negative sign takes it away."""
        self._counts[side] += sign
        self._weights[side] += sign * grams

    def head(self) -> Head:
        """See `WalkedLedger`."""
        arrived, expected, counts, weights = self.arrived, self.expected, self._counts, self._weights
        return TogetherHead(
            Sums(self.released, counts["closed"], weights["closed"]),
            Sums(arrived.total, counts["arrived"], weights["arrived"]),
            Sums(expected.total, counts["expected"], weights["expected"]),
            len(arrived) > 0 and arrived.fit_count == len(arrived),
            len(expected) > 0 and expected.fit_count == len(expected),
        )

    def sums(self, limits: LedgerLimits) -> tuple[Sums, Sums]:  # noqa: ARG002 - all are kept
        """Return the sums of all that has arrived, and with all that is expected."""
        counts, weights = self._counts, self._weights
        count, weight = counts["closed"] + counts["arrived"], weights["closed"] + weights["arrived"]
        return (
            Sums(self.total, count, weight),
            Sums(self.projected, count + counts["expected"], weight + weights["expected"]),
        )

    def would_release(self, key: bytes, value: int, limits: LedgerLimits, weight: int = 0) -> bool:  # noqa: ARG002
        """Whether it fits together with all arrived bills."""
        sums = self.sums(limits)[0]
        return limits.hold(Sums(sums.value + value, sums.count + 1, sums.weight + weight))
