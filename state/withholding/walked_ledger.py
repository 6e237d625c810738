"""A ledger whose bills are walked: which of them fit. It is settled after each posting, and at rest in between.

This is steps 3 to 5 of DESIGN section 3, "How a day is judged", done incrementally. Each policy is one class. Two facts
make it cheap. While headroom only shrinks, no withheld bill can fit. And when clear bills arrive, every other expected
bill stays as it was. Only freed headroom, or a new bill between others, makes the walk look at the blocks again.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import TYPE_CHECKING, ClassVar

from state.withholding.head import Head
from state.withholding.terms import LedgerLimits, Sums
from state.withholding.walk import BLOCK_MAX, Walk
from state.withholding.walk_head import WalkHead

if TYPE_CHECKING:
    from state.rules.programmes import MeasureName

Changes = dict[bytes, bool]
"""Manifest key of each bill that is new or changed, and whether it fits."""

Change = tuple[bytes, bool]
"""One of the changes."""


class WalkedLedger(ABC):
    """The bills of a ledger that its total decides on.

    Amounts are counted cents; where the programme limits something else than value, bills or grams.
    """

    __slots__ = (
        "_limit",
        "_lost",
        "_new_arrived",
        "_new_expected",
        "_rest",
        "arrived",
        "expected",
        "measure",
        "released",
    )

    weighs: ClassVar[bool] = False
    """Whether it is a `SeveralMeasuresLedger`, whose `weigh` must be told of each bill; soonest asked like this."""

    def __init__(self) -> None:
        self.measure: MeasureName = "value"
        """What its amounts are."""
        self.released = 0
        """Sum of the amounts of released bills, and of closed bills that keep counting."""
        self.arrived = Walk()
        """Arrived bills that the policy may still release."""
        self.expected = Walk()
        self._new_arrived: list[tuple[bytes, int]] = []
        """Manifest keys and amounts of bills that were put and are not judged yet."""
        self._new_expected: list[tuple[bytes, int]] = []
        self._rest: int | None = None
        """`released` when the ledger was last at rest; None if it must be walked from the start."""
        self._limit: int | None = None
        """The limit under which it was last at rest."""
        self._lost = 0
        """Sum of the amounts of clear bills that were taken out since then."""

    @property
    def size(self) -> int:
        """Number of bills that are kept one by one; released bills are only a sum."""
        return self.arrived.size + self.expected.size

    @property
    def total(self) -> int:
        """Its released total, as decisions state it."""
        return self.released

    @property
    def projected(self) -> int:
        """Sum of released and clear bills, as decisions on an estimated basis state it."""
        return self.released + self.expected.fit_total

    def load(self, key: bytes, value: int, *, arrived: bool, fits: bool) -> None:
        """Add a bill from its row, as it was judged before."""
        if not arrived:
            self.expected.insert(key, value, fits=fits)
        elif fits:
            self.put_released(key, value)
        else:
            self.arrived.insert(key, value, fits=False)

    def put(self, key: bytes, value: int, *, arrived: bool) -> None:
        """Put a bill in, unjudged."""
        (self._new_arrived if arrived else self._new_expected).append((key, value))

    def put_released(self, key: bytes, value: int) -> None:  # noqa: ARG002 - some policies need the key
        """Put a bill in whose release stands."""
        self.released += value

    def count_closed(self, value: int) -> None:
        """Count a released bill that left and keeps counting; a negative value reverses it."""
        self.released += value

    def take_released(self, key: bytes, value: int) -> None:  # noqa: ARG002 - some policies need the key
        """Take out a released bill."""
        self.released -= value

    def take(self, key: bytes, *, arrived: bool) -> None:
        """Take out an expected bill, or an arrived one that is not released."""
        if arrived:
            self.arrived.remove(key)
            return
        value, fits = self.expected.remove(key)
        if fits:
            self._lost += value

    def settle(self, limits: LedgerLimits) -> Iterator[Change | None]:
        """Settle the ledger under its limits. Yield each bill that is new or changed, and whether it fits.

        A yield of None means that the caller may run other work. It is at rest at the first change, or at the end.
        """
        changes: Changes = {}
        if limits.limit != self._limit:
            self._rest, self._limit = None, limits.limit
        self._new_arrived.sort()
        self._new_expected.sort()
        yield from self._settle_arrived(limits, changes)
        yield from self._settle_expected(limits, changes)
        self._new_arrived = []
        self._new_expected = []
        self._rest, self._lost = self.released, 0
        yield from changes.items()

    def sums(self, limits: LedgerLimits) -> tuple[Sums, Sums]:
        """Return its total, and the total with its clear bills, in the one measure that is limited."""
        return Sums(**{limits.measure: self.total}), Sums(**{limits.measure: self.projected})

    def head(self) -> Head:
        """Return its figures at rest, without those of the book."""
        head = WalkHead(self.measure)
        head.released, head.clear = self.released, self.expected.fit_total
        head.arrived_misfits = len(self.arrived)
        head.expected, head.expected_misfits = len(self.expected), len(self.expected) - self.expected.fit_count
        head.last_expected = self.expected.last_key()
        return head

    @abstractmethod
    def would_release(self, key: bytes, value: int, limits: LedgerLimits, weight: int = 0) -> bool:
        """Whether one more arrived bill would be released, as the ledger is now."""

    @abstractmethod
    def _settle_arrived(self, limits: LedgerLimits, changes: Changes) -> Iterator[None]:
        """Do step 4: write to `changes` which bills fit. Yield where the caller may run other work."""

    @abstractmethod
    def _settle_expected(self, limits: LedgerLimits, changes: Changes) -> Iterator[None]:
        """Do step 5 in the same way, after step 4."""

    def _undisturbed(self, limit: int) -> bool:
        """Whether no expected bill can change because of what was taken out and released since the last rest.

        If at least as much was released as clear bills lost, the total before each bill only grew. So misfits stay
        misfits, and clear bills stay clear as long as they all fit together.
        """
        expected = self.expected
        if not expected.size:
            return True
        if self._rest is None:
            return False
        if self.released - self._rest >= self._lost:
            return self.released + expected.fit_total <= limit
        return expected.fit_count == expected.size


class SkipLedger(WalkedLedger):
    """Policy `skip`: after a misfit the walk goes on."""

    __slots__ = ()

    def would_release(self, key: bytes, value: int, limits: LedgerLimits, weight: int = 0) -> bool:  # noqa: ARG002
        """Whether the headroom is large enough."""
        return self.released + value <= limits.limit

    def _settle_arrived(self, limits: LedgerLimits, changes: Changes) -> Iterator[None]:
        limit = limits.limit
        if self.arrived.size and (self._rest is None or self.released < self._rest):
            for key, value in self._new_arrived:
                self.arrived.insert(key, value, fits=False)
                changes[key] = False
            yield from self._release_what_fits(limit, changes)
            return
        for key, value in self._new_arrived:
            fits = changes[key] = self.released + value <= limit
            if fits:
                self.released += value
            else:
                self.arrived.insert(key, value, fits=False)

    def _release_what_fits(self, limit: int, changes: Changes) -> Iterator[None]:
        released = []
        for block in self.arrived.blocks:
            block.refresh()
            if block.need is None or self.released + block.need > limit:
                continue
            for key, value in zip(block.keys, block.values, strict=True):
                if self.released + value <= limit:
                    self.released += value
                    released.append(key)
            yield
        for number, key in enumerate(released, 1):
            self.arrived.remove(key)
            changes[key] = True
            if number % BLOCK_MAX == 0:
                yield

    def _settle_expected(self, limits: LedgerLimits, changes: Changes) -> Iterator[None]:
        limit = limits.limit
        walk, undisturbed = self.expected, self._undisturbed(limit)
        for key, value in self._new_expected:
            fits = undisturbed and self.projected + value <= limit
            # A misfit at the end of the manifest changes no other bill; elsewhere it may still fit.
            undisturbed = undisturbed and (fits or key > walk.last_key())
            walk.insert(key, value, fits=fits)
            changes[key] = fits
        if not undisturbed:
            yield from self._walk_expected(limit, changes)

    def _walk_expected(self, limit: int, changes: Changes) -> Iterator[None]:
        total, walk = self.released, self.expected
        for block in walk.blocks:
            block.refresh()
            if total + block.total <= limit and (block.need is None or total + block.need > limit):
                total += block.total
                continue
            for place, value in enumerate(block.values):
                fits = total + value <= limit
                if fits:
                    total += value
                if fits is not block.fits[place]:
                    walk.set_fits(block, place, fits=fits)
                    changes[block.keys[place]] = fits
            yield


class LatchLedger(WalkedLedger):
    """Policy `latch`: no bill after the first misfit fits, first among arrived bills, then among expected ones.

    So the expected bills that fit come before all that do not. They are two walks, `expected` and `misfits`. Only bills
    at the border between the two can change, and only these are looked at.
    """

    __slots__ = ("misfits",)

    def __init__(self) -> None:
        super().__init__()
        self.misfits = Walk()
        """Expected bills that do not fit: the first one and all later ones."""

    @property
    def size(self) -> int:
        """Number of bills that are kept one by one."""
        return super().size + self.misfits.size

    def load(self, key: bytes, value: int, *, arrived: bool, fits: bool) -> None:
        """See `WalkedLedger`."""
        if arrived or fits:
            super().load(key, value, arrived=arrived, fits=fits)
        else:
            self.misfits.insert(key, value, fits=False)

    def take(self, key: bytes, *, arrived: bool) -> None:
        """See `WalkedLedger`."""
        (self.arrived if arrived else self._walk_of(key)).remove(key)

    def head(self) -> Head:
        """See `WalkedLedger`."""
        head, misfits = super().head(), self.misfits
        assert isinstance(head, WalkHead)  # noqa: S101 - the one kind that bills walked one by one have
        head.expected, head.expected_misfits = len(self.expected) + len(misfits), len(misfits)
        head.first_arrived = self.arrived.first() if len(self.arrived) else None
        head.first_expected = misfits.first() if len(misfits) else None
        head.last_expected = max(self.expected.last_key(), misfits.last_key())
        return head

    def would_release(self, key: bytes, value: int, limits: LedgerLimits, weight: int = 0) -> bool:  # noqa: ARG002
        """It fits if no arrived misfit stands before it and the headroom is large enough."""
        if len(self.arrived) and self.arrived.first()[0] < key:
            return False
        return self.released + value <= limits.limit

    def _walk_of(self, key: bytes) -> Walk:
        """Return the walk that an expected bill is in, or belongs in."""
        misfits = self.misfits
        return misfits if len(misfits) and key >= misfits.first()[0] else self.expected

    def _settle_arrived(self, limits: LedgerLimits, changes: Changes) -> Iterator[None]:
        for key, value in self._new_arrived:
            self.arrived.insert(key, value, fits=False)
            changes[key] = False
        while len(self.arrived):
            key, value = self.arrived.first()
            if self.released + value > limits.limit:
                return
            self.arrived.remove(key)
            self.released += value
            changes[key] = True
            if len(self.arrived) % BLOCK_MAX == 0:
                yield

    def _settle_expected(self, limits: LedgerLimits, changes: Changes) -> Iterator[None]:
        expected, misfits = self.expected, self.misfits
        for key, value in self._new_expected:
            walk = self._walk_of(key)
            changes[key] = walk is expected
            walk.insert(key, value, fits=walk is expected)
        latched, moved = len(self.arrived) > 0, 0
        while len(expected) and (latched or self.projected > limits.limit):
            self._move(expected.last(), expected, misfits, changes)
            moved += 1
            if moved % BLOCK_MAX == 0:
                yield
        while len(misfits) and not latched and self.projected + misfits.first()[1] <= limits.limit:
            self._move(misfits.first(), misfits, expected, changes)
            moved += 1
            if moved % BLOCK_MAX == 0:
                yield

    def _move(self, bill: tuple[bytes, int], here: Walk, there: Walk, changes: Changes) -> None:
        """Move the bill at the border to the other walk."""
        key, value = bill
        here.remove(key)
        changes[key] = there is self.expected
        there.insert(key, value, fits=changes[key])
