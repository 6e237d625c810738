"""Heads in their rows, and a consignee's ledgers by their heads alone."""

from collections import Counter
from collections.abc import Collection, Iterable

from state.table import Group
from state.withholding.bill import Bill
from state.withholding.clock import Clock
from state.withholding.deciding import Deciding
from state.withholding.head import Head, TogetherHead, UnsettledError, opening_of
from state.withholding.keys import ledger_suffix
from state.withholding.ledger_ids import LedgerId
from state.withholding.ledgers import Ledgers
from state.withholding.terms import LedgerLimits, Sums, Terms
from state.withholding.walk_head import WalkHead


class Heads:
    """The heads of a consignee's ledgers, as the running transaction has them."""

    __slots__ = ("_clock", "_deciding", "_group")

    def __init__(self, deciding: Deciding, group: Group, clock: Clock) -> None:
        self._deciding = deciding
        self._group = group
        self._clock = clock

    def read(self, ledger: LedgerId) -> Head:
        """Return the head of a ledger; an empty one where it has none. Raise UnsettledError if a date has left it."""
        terms = self._deciding.terms_of(ledger)
        head, row = new_head(terms), self._group.get(ledger_suffix(ledger))
        if row is None:
            return head
        opening = opening_of(row)
        closed = [day for day in opening.dates if not self._clock.is_open(terms, day)]
        if not closed:
            head.unpack(row)
        elif len(closed) < len(opening.dates):
            raise UnsettledError
        return head

    def was_near(self, ledger: LedgerId) -> bool:
        """Whether the alert near-limit was raised."""
        row = self._group.get(ledger_suffix(ledger))
        if row is None or not opening_of(row).near:
            return False
        return not head_expired(self._deciding, self._clock, self._deciding.terms_of(ledger), row)

    def write_all(self, judged: Iterable[LedgerId], ledgers: Ledgers, near: Collection[LedgerId]) -> None:
        """Write the heads of the ledgers that were judged; `near` are those that are near their limit now."""
        for ledger in judged:
            if self._deciding.terms_of(ledger).has_head:
                self.write(ledger, ledgers.head(ledger), near=ledger in near or self.was_near(ledger))

    def write(self, ledger: LedgerId, head: Head | None, *, near: bool) -> None:
        """Write the head of a ledger that was judged; None where nothing is left in it."""
        terms, suffix = self._deciding.terms_of(ledger), ledger_suffix(ledger)
        if head is None and not near:
            self._group.delete(suffix)
            return
        head = head or new_head(terms)
        head.near = near
        if terms.by_conveyance:
            head.seen = self._clock.today_in(terms.zone)
        row = head.pack()
        if row != self._group.get(suffix):
            self._group.put(suffix, row)


def new_head(terms: Terms) -> Head:
    """Return the head of a ledger that is empty."""
    return TogetherHead() if terms.overflow == "all_or_none" else WalkHead()


def head_expired(deciding: Deciding, clock: Clock, terms: Terms, row: bytes) -> bool:
    """Whether nothing of the head of a conveyance is of use any more.

    That is when all its dates are closed; but an alert is remembered until the name may be another conveyance's.
    """
    opening = opening_of(row)
    if not terms.by_conveyance or any(clock.is_open(terms, day) for day in opening.dates):
        return False
    return not opening.near or opening.seen + deciding.rulebook.conveyance_days < clock.today_in(terms.zone)


class HeadLedgers:
    """Ledgers by their heads: whatever needs a bill that is not the record's own raises UnsettledError."""

    __slots__ = ("_before", "_deciding", "_heads", "_held")

    def __init__(self, deciding: Deciding, heads: Heads) -> None:
        self._deciding = deciding
        self._heads = heads
        self._held: dict[LedgerId, Head] = {}
        self._before: dict[LedgerId, LedgerLimits] = {}
        """Limits under which the ledgers that have bills were last at rest."""

    def _head(self, ledger: LedgerId) -> Head:
        head = self._held.get(ledger)
        if head is None:
            if isinstance(ledger, int) or not self._deciding.terms_of(ledger).has_head:
                raise UnsettledError
            head = self._held[ledger] = self._heads.read(ledger)
            if not head.is_empty:
                self._before[ledger] = self.limits(ledger)
        return head

    def _amount(self, ledger: LedgerId, head: Head, bill: Bill) -> tuple[int, int]:
        """Return what a bill adds to the measure that is walked, and its counted value."""
        counted = self._deciding.counted(bill) or 0
        if not isinstance(head, WalkHead):
            return counted, counted
        if head.is_empty:
            head.measure = self.limits(ledger).measure
        return (counted if head.measure == "value" else 1 if head.measure == "count" else bill.weight or 0), counted

    def enter(self, bill: Bill) -> None:
        """See `Ledgers`."""
        self._head(bill.ledger).dates[bill.day] += 1

    def leave(self, bill: Bill) -> None:
        """See `Ledgers`."""
        dates = self._head(bill.ledger).dates
        dates[bill.day] -= 1
        if dates[bill.day] <= 0:
            del dates[bill.day]

    def take_out(self, bill: Bill) -> None:
        """See `Ledgers`."""
        head = self._head(bill.ledger)
        head.take_out(bill, *self._amount(bill.ledger, head, bill))

    def count_closed(self, bill: Bill) -> None:
        """See `Ledgers`."""
        head = self._head(bill.ledger)
        head.count_closed(bill, *self._amount(bill.ledger, head, bill))

    def put(self, bill: Bill, counted: int) -> None:  # noqa: ARG002 - `_amount` has it
        """See `Ledgers`."""
        head = self._head(bill.ledger)
        head.put(bill, *self._amount(bill.ledger, head, bill))

    def limits(self, ledger: LedgerId) -> LedgerLimits:
        """See `Ledgers`."""
        return self._deciding.limits(ledger, self._dates)

    def _dates(self, ledger: LedgerId) -> Counter[int]:
        return self._head(ledger).dates

    def settle(self, ledger: LedgerId, limits: LedgerLimits) -> Iterable[tuple[bytes, bool]]:
        """See `Ledgers`."""
        head = self._head(ledger)
        if isinstance(head, WalkHead) and self._before.get(ledger, limits) != limits and not head.is_empty:
            raise UnsettledError
        return head.settle(self._deciding.terms_of(ledger).overflow, limits)

    def covered(self, bill: Bill) -> int:
        """See `Ledgers`."""
        return self._head(bill.ledger).covered(bill.key)

    def totals(self, ledger: LedgerId) -> tuple[int, int]:
        """See `Ledgers`."""
        return self._head(ledger).totals()

    def sums(self, ledger: LedgerId, limits: LedgerLimits) -> tuple[Sums, Sums]:
        """See `Ledgers`."""
        return self._head(ledger).sums(limits)

    def join_copy(self, copy: Bill, *, counted: bool) -> None:  # noqa: ARG002
        """Raise UnsettledError: of copies the bills have to be read."""
        raise UnsettledError

    def leave_copy(self, copy: Bill) -> None:
        """Do nothing: if the number is shared, it is asked for contenders."""

    def contenders(self, number: str, ledger: LedgerId) -> tuple[int, Iterable[str]]:  # noqa: ARG002
        """Raise UnsettledError, as `join_copy` does."""
        raise UnsettledError

    def note_counted(self, number: str, ledger: LedgerId, conveyance: str) -> None:  # noqa: ARG002
        """Raise UnsettledError, as `join_copy` does."""
        raise UnsettledError

    def copied(self, ledger: LedgerId) -> Iterable[str]:
        """Return nothing where no bill has copies; raise UnsettledError elsewhere."""
        if self._head(ledger).shared:
            raise UnsettledError
        return ()

    def would_release(self, ledger: LedgerId, bill: Bill, counted: int, limits: LedgerLimits) -> bool:
        """See `Ledgers`."""
        head = self._head(ledger)
        amount = self._amount(ledger, head, bill)[0]
        return head.would_release(self._deciding.terms_of(ledger).overflow, bill, amount, counted, limits)

    def head(self, ledger: LedgerId) -> Head | None:
        """See `Ledgers`."""
        head = self._head(ledger)
        return None if self._is_gone(ledger, head) else head

    def _is_gone(self, ledger: LedgerId, head: Head) -> bool:
        return not head.dates if self._deciding.terms_of(ledger).by_conveyance else head.is_empty
