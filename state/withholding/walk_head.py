"""The head of a ledger whose bills are walked one by one: `skip`, `latch` and `excess`."""

from struct import Struct
from typing import Final

from state.rules.programmes import MEASURES, MeasureName
from state.withholding.bill import Bill
from state.withholding.head import Changed, Head, UnsettledError
from state.withholding.statuses import CANDIDATES, CLEAR, RELEASED
from state.withholding.terms import LedgerLimits, Sums
from stream.decisions import AppliedOverflow

Placed = tuple[bytes, int]
"""Manifest key and amount of a bill."""

_FIGURES: Final = Struct("<BqqIII")
_PLACED: Final = Struct("<Hq")


class WalkHead(Head):
    """Sums and counts, the first misfits, and how far the manifest goes."""

    __slots__ = (
        "_lost",
        "_new_arrived",
        "_new_expected",
        "_parts",
        "_rest",
        "arrived_misfits",
        "clear",
        "expected",
        "expected_misfits",
        "first_arrived",
        "first_expected",
        "last_expected",
        "measure",
        "released",
    )

    def __init__(self, measure: MeasureName = "value") -> None:
        super().__init__()
        self.measure: MeasureName = measure
        """What is walked."""
        self.released = 0
        """Amounts of released bills, and of closed ones that keep counting; without what is covered in part."""
        self.clear = 0
        """Amounts of clear bills."""
        self.arrived_misfits = 0
        self.expected_misfits = 0
        self.expected = 0
        """How many are expected, clear or not."""
        self.first_arrived: Placed | None = None
        """The first arrived misfit; not kept under `skip`."""
        self.first_expected: Placed | None = None
        self.last_expected = b""
        """No expected bill has a higher manifest key."""
        self._rest = 0
        """`released` before the record."""
        self._lost = 0
        """Amounts of clear bills that were taken out."""
        self._new_arrived: list[Placed] = []
        self._new_expected: list[Placed] = []
        self._parts: dict[bytes, int] = {}
        """What is covered of the first misfits."""

    def take_out(self, bill: Bill, amount: int, counted: int) -> None:  # noqa: ARG002 - one measure is walked
        """See `Head`."""
        if bill.counts_in_full:
            self.released -= amount
        elif bill.status not in CANDIDATES:
            return
        elif bill.arrived:
            self.arrived_misfits -= 1
            if self.first_arrived is not None and self.first_arrived[0] == bill.key:
                self.first_arrived = None
        else:
            self.expected -= 1
            if bill.status == CLEAR:
                self.clear -= amount
                self._lost += amount
                return
            self.expected_misfits -= 1
            if self.first_expected is not None and self.first_expected[0] == bill.key:
                self.first_expected = None

    def count_closed(self, bill: Bill, amount: int, counted: int) -> None:  # noqa: ARG002 - as above
        """See `Head`."""
        self.released += amount

    def put(self, bill: Bill, amount: int, counted: int) -> None:  # noqa: ARG002 - as above
        """See `Head`."""
        if bill.status == RELEASED:
            self.released += amount
        else:
            (self._new_arrived if bill.arrived else self._new_expected).append((bill.key, amount))

    def settle(self, overflow: AppliedOverflow, limits: LedgerLimits) -> Changed:
        """See `Head`."""
        if limits.measure != self.measure:
            if not self.is_empty:
                raise UnsettledError
            self.measure = limits.measure
        changes: dict[bytes, bool] = {}
        self._new_arrived.sort()
        self._new_expected.sort()
        if overflow == "skip":
            self._skip_arrived(limits.limit, changes)
            self._skip_expected(limits.limit, changes)
        else:
            self._stop_at_first(limits.limit, changes, covers=overflow == "excess")
        self._new_arrived, self._new_expected = [], []
        self._rest, self._lost = self.released, 0
        return list(changes.items())

    def _skip_arrived(self, limit: int, changes: dict[bytes, bool]) -> None:
        if self.arrived_misfits and self.released < self._rest:
            raise UnsettledError
        for key, amount in self._new_arrived:
            fits = changes[key] = self.released + amount <= limit
            if fits:
                self.released += amount
            else:
                self.arrived_misfits += 1

    def _skip_expected(self, limit: int, changes: dict[bytes, bool]) -> None:
        """Judge expected bills where no other one can change; see `WalkedLedger._undisturbed`."""
        if self.expected:
            grew = self.released - self._rest >= self._lost
            if self.released + self.clear > limit if grew else self.expected_misfits:
                raise UnsettledError
        for key, amount in self._new_expected:
            fits = changes[key] = self.released + self.clear + amount <= limit
            if not fits and key <= self.last_expected and self.released + amount <= limit:
                raise UnsettledError
            self._add_expected(key, amount, fits=fits)

    def _add_expected(self, key: bytes, amount: int, *, fits: bool) -> None:
        self.expected += 1
        if fits:
            self.clear += amount
        else:
            self.expected_misfits += 1
        self.last_expected = max(self.last_expected, key)

    def _stop_at_first(self, limit: int, changes: dict[bytes, bool], *, covers: bool) -> None:
        """Judge under `latch`, or `excess`: nothing after the first misfit fits, but bills worth nothing under it."""
        if max(self.released, self._rest) > limit:
            raise UnsettledError
        before = self._covered_by(limit, self._rest) if covers else {}
        if covers:
            self._put_free(changes)
        self._arrived_to_first(limit, changes)
        self._expected_to_first(limit, changes, covers=covers)
        if covers:
            self._parts = self._covered_by(limit, self.released)
            for key in (*before, *self._parts):
                changes.setdefault(key, False)

    def _put_free(self, changes: dict[bytes, bool]) -> None:
        """Put in bills worth nothing: the released total is within the limit, so they fit."""
        for key, amount in self._new_arrived:
            if not amount:
                changes[key] = True
        for key, amount in self._new_expected:
            if not amount:
                changes[key] = True
                self._add_expected(key, amount, fits=True)
        self._new_arrived = [bill for bill in self._new_arrived if bill[1]]
        self._new_expected = [bill for bill in self._new_expected if bill[1]]

    def _arrived_to_first(self, limit: int, changes: dict[bytes, bool]) -> None:
        first = self.first_arrived
        if first is None and self.arrived_misfits:
            raise UnsettledError
        found: Placed | None = None
        for key, amount in self._new_arrived:
            if found is None and first is not None and key > first[0]:
                found = self._still_first(first, self.released, limit)
            fits = changes[key] = found is None and self.released + amount <= limit
            if fits:
                self.released += amount
            else:
                self.arrived_misfits += 1
                found = found or (key, amount)
        if found is None and first is not None:
            found = self._still_first(first, self.released, limit)
        self.first_arrived = found

    @staticmethod
    def _still_first(first: Placed, total: int, limit: int) -> Placed:
        """Return a first misfit that is one still; if it fits now, the next is not known."""
        if total + first[1] <= limit:
            raise UnsettledError
        return first

    def _expected_to_first(self, limit: int, changes: dict[bytes, bool], *, covers: bool) -> None:
        first = self.first_expected
        if first is None and self.expected_misfits:
            raise UnsettledError
        latched = self.arrived_misfits > 0
        clear = self.clear if covers else self.expected - self.expected_misfits
        if (latched and clear) or (not latched and self.released + self.clear > limit):
            raise UnsettledError
        found: Placed | None = None
        for key, amount in self._new_expected:
            if found is None and first is not None and key > first[0]:
                found = first if latched else self._still_first(first, self.released + self.clear, limit)
            fits = changes[key] = not latched and found is None and self.released + self.clear + amount <= limit
            # A misfit among bills that are clear may take the place of one of them.
            if not fits and not latched and found is None and key <= self.last_expected:
                raise UnsettledError
            self._add_expected(key, amount, fits=fits)
            if not fits:
                found = found or (key, amount)
        if found is None and first is not None:
            found = first if latched else self._still_first(first, self.released + self.clear, limit)
        self.first_expected = found

    def _covered_by(self, limit: int, released: int) -> dict[bytes, int]:
        """Return what is covered of the first misfits."""
        parts = {}
        left = limit - released
        if self.first_arrived is not None:
            parts[self.first_arrived[0]] = left
            left = 0
        if self.first_expected is not None:
            parts[self.first_expected[0]] = left - (self.clear if left else 0)
        return {key: part for key, part in parts.items() if part > 0}

    def totals(self) -> tuple[int, int]:
        """See `Head`."""
        arrived = self._parts.get(self.first_arrived[0], 0) if self.first_arrived else 0
        expected = self._parts.get(self.first_expected[0], 0) if self.first_expected else 0
        return self.released + arrived, self.released + arrived + self.clear + expected

    def sums(self, limits: LedgerLimits) -> tuple[Sums, Sums]:
        """See `Head`."""
        released, projected = self.totals()
        return Sums(**{limits.measure: released}), Sums(**{limits.measure: projected})

    def covered(self, key: bytes) -> int:
        """See `Head`."""
        return self._parts.get(key, 0)

    def would_release(
        self,
        overflow: AppliedOverflow,
        bill: Bill,
        amount: int,
        counted: int,  # noqa: ARG002 - one measure is walked
        limits: LedgerLimits,
    ) -> bool:
        """See `Head`."""
        if limits.measure != self.measure and not self.is_empty:
            raise UnsettledError
        if overflow == "excess" and not amount:
            return self.released <= limits.limit
        if overflow != "skip" and self.first_arrived is not None and self.first_arrived[0] < bill.key:
            return False
        return self.released + amount <= limits.limit

    @property
    def is_empty(self) -> bool:
        """See `Head`."""
        walked = self.released or self.expected or self.arrived_misfits
        return not (walked or self._new_arrived or self._new_expected)

    def _pack(self) -> tuple[int, bytes]:
        figures = _FIGURES.pack(
            MEASURES.index(self.measure),
            self.released,
            self.clear,
            self.arrived_misfits,
            self.expected_misfits,
            self.expected,
        )
        return 0, figures + _pack_placed(self.first_arrived) + _pack_placed(self.first_expected) + self.last_expected

    def _unpack(self, flags: int, figures: bytes) -> None:  # noqa: ARG002 - none is of this head
        number, self.released, self.clear, self.arrived_misfits, self.expected_misfits, self.expected = (
            _FIGURES.unpack_from(figures)
        )
        self.measure = MEASURES[number]
        self.first_arrived, at = _unpack_placed(figures, _FIGURES.size)
        self.first_expected, at = _unpack_placed(figures, at)
        self.last_expected = figures[at:]
        self._rest = self.released


def _pack_placed(placed: Placed | None) -> bytes:
    if placed is None:
        return _PLACED.pack(0, 0)
    return _PLACED.pack(len(placed[0]), placed[1]) + placed[0]


def _unpack_placed(figures: bytes, at: int) -> tuple[Placed | None, int]:
    length, amount = _PLACED.unpack_from(figures, at)
    start = at + _PLACED.size
    end = start + length
    return ((figures[start:end], amount) if length else None), end
