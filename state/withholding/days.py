"""The days of a consignee, in two forms that always agree: plain for few bills, indexed for many.

`PlainDays` applies the definition of DESIGN section 3 to all bills of a day each time. `Book` keeps the days of a large
consignee and changes only what a posting affects.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Protocol

from state.withholding.bill import Bill
from state.withholding.copies import Copies
from state.withholding.statuses import KEEPS_COUNTING, RELEASED, WALKED
from stream.decisions import Overflow, Rounding
from stream.money import whole_dollars


class Days(Protocol):
    """The interface of a consignee's days for the judging of a record."""

    def take_out(self, bill: Bill) -> None:
        """Take a bill, with the status it has, out of its day."""

    def count_closed(self, bill: Bill) -> None:
        """Count a released bill that left its day by an exit and keeps counting."""

    def put(self, bill: Bill, counted: int) -> None:
        """Put a bill on its day: unjudged, or with a release that stands."""

    def settle(self, ordinal: int, limit: int) -> Iterable[tuple[Bill | bytes, bool] | None]:
        """Walk the day. Return the bills (or manifest keys) that are new or may have changed, and whether each fits.

        None means that the caller may run other work; the rest must still be read.
        """

    def totals(self, ordinal: int) -> tuple[int, int]:
        """Return the day's released total, and the total with its clear bills."""

    def join_copy(self, copy: Bill, *, counted: bool) -> None:
        """Add a copy of a shared number to its day; `counted` if it is the copy that is not superseded."""

    def leave_copy(self, copy: Bill) -> None:
        """Take a copy of a shared number out of its day."""

    def contenders(self, number: str, ordinal: int) -> tuple[int, Iterable[str]]:
        """Return how many copies of a shared number the day has, and the conveyances of those that may count."""

    def note_counted(self, number: str, ordinal: int, conveyance: str) -> None:
        """Note the copy that is not superseded."""

    def copied(self, ordinal: int) -> Iterable[str]:
        """Return the shared numbers with several copies on the day."""

    def would_release(self, ordinal: int, bill: Bill, counted: int, limit: int) -> bool:
        """Whether the bill would be released as things stand, had it arrived on that day."""


class PlainDays:
    """Days over the copies of few bills. Each bill's status is all that is needed, so nothing else is kept."""

    __slots__ = ("_copies", "_overflow", "_rounding", "_totals")

    def __init__(self, copies: Copies, overflow: Overflow, rounding: Rounding) -> None:
        self._copies = copies
        self._overflow = overflow
        self._rounding = rounding
        self._totals: dict[int, tuple[int, int]] = {}

    def take_out(self, bill: Bill) -> None:
        """Nothing to do: the copies no longer hold it there."""

    def count_closed(self, bill: Bill) -> None:
        """Nothing to do: the bill's status has it."""

    def put(self, bill: Bill, counted: int) -> None:
        """Nothing to do: the copies hold it."""

    def join_copy(self, copy: Bill, *, counted: bool) -> None:
        """Nothing to do: the copies hold it."""

    def leave_copy(self, copy: Bill) -> None:
        """Nothing to do: the copies no longer hold it there."""

    def note_counted(self, number: str, ordinal: int, conveyance: str) -> None:
        """Nothing to do: the statuses have it."""

    def contenders(self, number: str, ordinal: int) -> tuple[int, Iterable[str]]:
        """Return all copies of the number on the day."""
        found = [copy.conveyance for copy in self._candidates(ordinal) if copy.bill == number]
        return len(found), found

    def copied(self, ordinal: int) -> Iterable[str]:
        """Return the numbers with several copies on the day, in order."""
        numbers = Counter(copy.bill for copy in self._candidates(ordinal))
        return sorted(number for number, copies in numbers.items() if copies > 1)

    def _candidates(self, ordinal: int) -> Iterator[Bill]:
        for copy in self._copies.all():
            if copy is not None and copy.day == ordinal and copy.status not in KEEPS_COUNTING:
                yield copy

    def settle(self, ordinal: int, limit: int) -> Iterable[tuple[Bill | bytes, bool]]:
        """Do steps 3 to 5 exactly as they are defined."""
        released, closed, arrived, expected = self._standing(ordinal)
        if self._overflow == "all_or_none":
            return self._settle_together(ordinal, closed, released + arrived, expected, limit)
        total = closed
        for bill in released:
            total += self._counted(bill)
        found: list[tuple[Bill | bytes, bool]] = []
        latched, latches = False, self._overflow == "latch"
        total, latched = self._walk(arrived, total, limit, found, latched=latched, latches=latches)
        projected, _ = self._walk(expected, total, limit, found, latched=latched, latches=latches)
        self._totals[ordinal] = (total, projected)
        return found

    def _walk(
        self,
        bills: list[Bill],
        total: int,
        limit: int,
        found: list[tuple[Bill | bytes, bool]],
        *,
        latched: bool,
        latches: bool,
    ) -> tuple[int, bool]:
        if len(bills) > 1:
            bills.sort(key=_manifest_order)
        for bill in bills:
            after = total + self._counted(bill)
            fits = after <= limit and not latched
            if fits:
                total = after
            else:
                latched = latches
            found.append((bill, fits))
        return total, latched

    def _settle_together(
        self, ordinal: int, closed: int, arrived: list[Bill], expected: list[Bill], limit: int
    ) -> list[tuple[Bill | bytes, bool]]:
        total = closed + sum(self._counted(bill) for bill in arrived)
        projected = total + sum(self._counted(bill) for bill in expected)
        self._totals[ordinal] = (total, projected)
        # In manifest order, since alerts are raised in the order in which bills are found.
        arrived.sort(key=_manifest_order)
        expected.sort(key=_manifest_order)
        found: list[tuple[Bill | bytes, bool]] = [(bill, total <= limit) for bill in arrived]
        found.extend((bill, projected <= limit) for bill in expected)
        return found

    def totals(self, ordinal: int) -> tuple[int, int]:
        """Return the totals of the day's last walk, or sums over its bills as they were judged."""
        totals = self._totals.get(ordinal)
        if totals is None:
            released, closed, arrived, expected = self._standing(ordinal)
            if self._overflow == "all_or_none":
                released, clear = released + arrived, expected
            else:
                clear = [bill for bill in expected if bill.clear]
            total = closed + sum(self._counted(bill) for bill in released)
            totals = self._totals[ordinal] = (total, total + sum(self._counted(bill) for bill in clear))
        return totals

    def would_release(self, ordinal: int, bill: Bill, counted: int, limit: int) -> bool:
        """Whether the policy would release the bill beside the bills of that day."""
        if self.totals(ordinal)[0] + counted > limit:
            return False
        if self._overflow != "latch":
            return True
        _, _, misfits, _ = self._standing(ordinal)
        return not any(misfit.key < bill.key for misfit in misfits)

    def _standing(self, ordinal: int) -> tuple[list[Bill], int, list[Bill], list[Bill]]:
        """Return a day's released bills, cents of closed bills that count, other arrived bills and expected bills."""
        released: list[Bill] = []
        arrived: list[Bill] = []
        expected: list[Bill] = []
        closed = 0
        for bill in self._copies.all():
            if bill is None or bill.day != ordinal:
                continue
            status = bill.status
            if status in WALKED:
                if not bill.arrived:
                    expected.append(bill)
                elif status == RELEASED:
                    released.append(bill)
                else:
                    arrived.append(bill)
            elif status in KEEPS_COUNTING:
                closed += self._counted(bill)
        return released, closed, arrived, expected

    def _counted(self, bill: Bill) -> int:
        value = bill.value or 0
        return value if self._rounding == "cents" else whole_dollars(value)


def _manifest_order(bill: Bill) -> bytes:
    return bill.key
