"""A consignee day: which of its bills fit. It is settled after each posting, and at rest in between.

This is steps 3 to 5 of DESIGN section 3, "How a day is judged", done incrementally. Each policy is one class. Two facts
make it cheap. While headroom only shrinks, no withheld bill can fit. And when clear bills arrive, every other expected
bill stays as it was. Only freed headroom, or a new bill between others, makes the walk look at the blocks again.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import Final

from state.withholding.walk import BLOCK_MAX, Walk
from stream.decisions import Overflow

Changes = dict[bytes, bool]
"""Manifest key of each bill that is new or changed, and whether it fits."""

Change = tuple[bytes, bool]
"""One of the changes."""


class Day(ABC):
    """The bills of a consignee day that the total decides; amounts are counted cents."""

    __slots__ = ("_lost", "_misfit_gone", "_new_arrived", "_new_expected", "_rest", "arrived", "expected", "released")

    def __init__(self) -> None:
        self.released = 0
        """Sum of the counted values of released bills, and of closed bills that keep counting."""
        self.arrived = Walk()
        """Arrived bills that the policy may still release."""
        self.expected = Walk()
        self._new_arrived: list[tuple[bytes, int]] = []
        """Manifest keys and values of bills that were put and are not judged yet."""
        self._new_expected: list[tuple[bytes, int]] = []
        self._rest: int | None = None
        """`released` when the day was last at rest; None if it must be walked from the start."""
        self._lost = 0
        """Sum of the values of clear bills that were taken out since then."""
        self._misfit_gone = False
        """Whether an expected bill that did not fit was taken out since then."""

    @property
    def size(self) -> int:
        """Number of bills that are kept one by one; released bills are only a sum."""
        return self.arrived.size + self.expected.size

    @property
    def total(self) -> int:
        """The day's released total, as decisions state it."""
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
        """Put a bill on the day, unjudged."""
        (self._new_arrived if arrived else self._new_expected).append((key, value))

    def put_released(self, key: bytes, value: int) -> None:  # noqa: ARG002 - some policies need the key
        """Put a bill whose release stands on the day."""
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
        else:
            self._misfit_gone = True

    def settle(self, limit: int) -> Iterator[Change | None]:
        """Settle the day under `limit`. Yield each bill that is new or changed, and whether it fits.

        A yield of None means that the caller may run other work. The day is at rest at the first change, or at the end.
        """
        changes: Changes = {}
        self._new_arrived.sort()
        self._new_expected.sort()
        yield from self._settle_arrived(limit, changes)
        yield from self._settle_expected(limit, changes)
        self._new_arrived = []
        self._new_expected = []
        self._rest, self._lost, self._misfit_gone = self.released, 0, False
        yield from changes.items()

    @abstractmethod
    def would_release(self, key: bytes, value: int, limit: int) -> bool:
        """Whether one more arrived bill would be released, as the day is now."""

    @abstractmethod
    def _settle_arrived(self, limit: int, changes: Changes) -> Iterator[None]:
        """Do step 4: write to `changes` which bills fit. Yield where the caller may run other work."""

    @abstractmethod
    def _settle_expected(self, limit: int, changes: Changes) -> Iterator[None]:
        """Do step 5 in the same way, after step 4."""

    def _undisturbed(self, limit: int) -> bool:
        """Whether no expected bill can change because of what was taken out and released since the last rest.

        If at least as much was released as clear bills lost, the total before each bill only grew. So misfits stay
        misfits, and clear bills stay clear as long as they all fit together.
        """
        if not len(self.expected):
            return True
        if self._rest is None:
            return False
        if self.released - self._rest >= self._lost:
            return self.released + self.expected.fit_total <= limit
        return self.expected.fit_count == len(self.expected)


class SkipDay(Day):
    """Policy `skip`: after a misfit the walk goes on."""

    __slots__ = ()

    def would_release(self, key: bytes, value: int, limit: int) -> bool:  # noqa: ARG002 - its place does not matter
        """Whether the headroom is large enough."""
        return self.released + value <= limit

    def _settle_arrived(self, limit: int, changes: Changes) -> Iterator[None]:
        if len(self.arrived) and (self._rest is None or self.released < self._rest):
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

    def _settle_expected(self, limit: int, changes: Changes) -> Iterator[None]:
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


class LatchDay(Day):
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
        """See `Day`."""
        if arrived or fits:
            super().load(key, value, arrived=arrived, fits=fits)
        else:
            self.misfits.insert(key, value, fits=False)

    def take(self, key: bytes, *, arrived: bool) -> None:
        """See `Day`."""
        (self.arrived if arrived else self._walk_of(key)).remove(key)

    def would_release(self, key: bytes, value: int, limit: int) -> bool:
        """Whether no arrived misfit comes before it and the headroom is large enough."""
        if len(self.arrived) and self.arrived.first()[0] < key:
            return False
        return self.released + value <= limit

    def _walk_of(self, key: bytes) -> Walk:
        """Return the walk that an expected bill is in, or belongs in."""
        misfits = self.misfits
        return misfits if len(misfits) and key >= misfits.first()[0] else self.expected

    def _settle_arrived(self, limit: int, changes: Changes) -> Iterator[None]:
        for key, value in self._new_arrived:
            self.arrived.insert(key, value, fits=False)
            changes[key] = False
        while len(self.arrived):
            key, value = self.arrived.first()
            if self.released + value > limit:
                return
            self.arrived.remove(key)
            self.released += value
            changes[key] = True
            if len(self.arrived) % BLOCK_MAX == 0:
                yield

    def _settle_expected(self, limit: int, changes: Changes) -> Iterator[None]:
        expected, misfits = self.expected, self.misfits
        for key, value in self._new_expected:
            walk = self._walk_of(key)
            changes[key] = walk is expected
            walk.insert(key, value, fits=walk is expected)
        latched, moved = len(self.arrived) > 0, 0
        while len(expected) and (latched or self.projected > limit):
            self._move(expected.last(), expected, misfits, changes)
            moved += 1
            if moved % BLOCK_MAX == 0:
                yield
        while len(misfits) and not latched and self.projected + misfits.first()[1] <= limit:
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


class AllOrNoneDay(Day):
    """Policy `all_or_none`: arrived bills fit only all together, and expected bills only together with them.

    Here `released` is the sum of closed bills that keep counting. Arrived bills, released or not, are in the walk.
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
        """Put a released bill on the day; it stays released only if the sum allows it."""
        self.arrived.insert(key, value, fits=True)

    def take_released(self, key: bytes, value: int) -> None:  # noqa: ARG002 - the walk knows the value
        """Take out a released bill."""
        self.arrived.remove(key)

    def would_release(self, key: bytes, value: int, limit: int) -> bool:  # noqa: ARG002 - its place does not matter
        """Whether it fits together with all arrived bills."""
        return self.total + value <= limit

    def _settle_arrived(self, limit: int, changes: Changes) -> Iterator[None]:
        self._insert(self.arrived, self._new_arrived)
        return self._all_or_none(self.arrived, self._new_arrived, changes, fits=self.total <= limit)

    def _settle_expected(self, limit: int, changes: Changes) -> Iterator[None]:
        self._insert(self.expected, self._new_expected)
        return self._all_or_none(self.expected, self._new_expected, changes, fits=self.projected <= limit)

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


DAY_CLASSES: Final[dict[Overflow, type[Day]]] = {"skip": SkipDay, "latch": LatchDay, "all_or_none": AllOrNoneDay}
