"""Ledgers under `excess`: what is above the limit is dutiable, what is below is not."""

from collections.abc import Iterator

from state.withholding.head import Head
from state.withholding.terms import LedgerLimits
from state.withholding.walk_head import WalkHead
from state.withholding.walked_ledger import Change, Changes, LatchLedger

Part = tuple[bytes, int]
"""Manifest key of a bill that does not fit, and what of it is covered."""


class ExcessLedger(LatchLedger):
    """Policy `excess`: the first misfit takes what is left, so nothing after it fits but bills worth nothing.

    Bills worth nothing fit unless the released total is already over the limit, wherever they stand. They are kept
    apart, so that the rest is as under `latch`: those that fit come first, then the covered one, then all others.
    """

    __slots__ = ("_arrived_part", "_expected_part", "_free_arrived", "_free_expected", "_free_fit")

    def __init__(self) -> None:
        super().__init__()
        self._arrived_part: Part | None = None
        """The arrived bill that is covered in part."""
        self._expected_part: Part | None = None
        self._free_arrived: set[bytes] = set()
        """Arrived bills worth nothing that do not fit."""
        self._free_expected: set[bytes] = set()
        self._free_fit = True
        """Whether the expected ones fit."""

    @property
    def size(self) -> int:
        """Number of bills that are kept one by one."""
        return super().size + len(self._free_arrived) + len(self._free_expected)

    @property
    def total(self) -> int:
        """Its released total, the covered part included."""
        return self.released + (self._arrived_part[1] if self._arrived_part else 0)

    @property
    def projected(self) -> int:
        """The total with clear bills, and the covered part of the first that is not."""
        return self._before_part() + (self._expected_part[1] if self._expected_part else 0)

    def _before_part(self) -> int:
        return self.total + self.expected.fit_total

    def covered(self, key: bytes) -> int:
        """Return what is covered of a bill that does not fit."""
        return sum(part[1] for part in (self._arrived_part, self._expected_part) if part is not None and part[0] == key)

    def load(self, key: bytes, value: int, *, arrived: bool, fits: bool, covered: int | None = None) -> None:
        """Add a bill from its row, as it was judged before."""
        if covered is not None and arrived:
            self._arrived_part = key, covered
        elif covered is not None:
            self._expected_part = key, covered
        if value or (arrived and fits):
            super().load(key, value, arrived=arrived, fits=fits)
        elif arrived:
            self._free_arrived.add(key)
        else:
            self._free_expected.add(key)
            self._free_fit = fits

    def take(self, key: bytes, *, arrived: bool) -> None:
        """See `WalkedLedger`."""
        free = self._free_arrived if arrived else self._free_expected
        if key in free:
            free.remove(key)
            return
        if self._arrived_part and self._arrived_part[0] == key:
            self._arrived_part = None
        if self._expected_part and self._expected_part[0] == key:
            self._expected_part = None
        super().take(key, arrived=arrived)

    def head(self) -> Head:
        """See `WalkedLedger`. The head of a ledger over its limit is never asked, so what is worth nothing fits."""
        head = super().head()
        assert isinstance(head, WalkHead)  # noqa: S101 - see `LatchLedger`
        head.expected += len(self._free_expected)
        head.last_expected = max(head.last_expected, *self._free_expected, b"")
        return head

    def would_release(self, key: bytes, value: int, limits: LedgerLimits, weight: int = 0) -> bool:
        """Whether it would be covered in full."""
        if not value:
            return self.released <= limits.limit
        return super().would_release(key, value, limits, weight)

    def settle(self, limits: LedgerLimits) -> Iterator[Change | None]:
        """See `WalkedLedger`; bills whose covered part may have changed are among the changes."""
        changes: Changes = {}
        self._settle_free(self.released <= limits.limit, changes)
        parts = self._arrived_part, self._expected_part
        self._arrived_part = self._expected_part = None
        for change in super().settle(limits):
            if change is None:
                yield None
            else:
                changes[change[0]] = change[1]
        for part in (*parts, self._arrived_part, self._expected_part):
            if part is not None:
                changes.setdefault(part[0], False)
        yield from changes.items()

    def _settle_free(self, fits: bool, changes: Changes) -> None:  # noqa: FBT001 - the one thing it is told
        """Judge bills worth nothing."""
        if fits and self._free_arrived:
            changes.update(dict.fromkeys(self._free_arrived, True))
            self._free_arrived.clear()
        if fits is not self._free_fit:
            changes.update(dict.fromkeys(self._free_expected, fits))
            self._free_fit = fits
        for key in [key for key, value in self._new_arrived if not value]:
            changes[key] = fits
            if not fits:
                self._free_arrived.add(key)
        for key in [key for key, value in self._new_expected if not value]:
            changes[key] = fits
            self._free_expected.add(key)
        self._new_arrived = [bill for bill in self._new_arrived if bill[1]]
        self._new_expected = [bill for bill in self._new_expected if bill[1]]

    def _settle_arrived(self, limits: LedgerLimits, changes: Changes) -> Iterator[None]:
        yield from super()._settle_arrived(limits, changes)
        left = limits.limit - self.released
        self._arrived_part = (self.arrived.first()[0], left) if len(self.arrived) and left > 0 else None

    def _settle_expected(self, limits: LedgerLimits, changes: Changes) -> Iterator[None]:
        yield from super()._settle_expected(limits, changes)
        left = limits.limit - self._before_part()
        self._expected_part = (self.misfits.first()[0], left) if len(self.misfits) and left > 0 else None
