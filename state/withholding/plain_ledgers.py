"""The ledgers of a consignee with few bills: the definition by the letter, over all bills each time."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator

from msgspec import Struct

from state.withholding.bill import Bill
from state.withholding.copies import Copies
from state.withholding.deciding import Deciding
from state.withholding.head import Head, TogetherHead
from state.withholding.ledger_ids import LedgerId
from state.withholding.statuses import KEEPS_COUNTING, MISFITS, RELEASED, SUPERSEDED, WALKED
from state.withholding.terms import LedgerLimits, Sums
from state.withholding.walk_head import WalkHead
from stream.money import whole_dollars

Amount = Callable[[Bill], int]


class Standing(Struct, gc=False):
    """The bills of a ledger that its total is made of, or decides on."""

    released: list[Bill]
    closed: list[Bill]
    """Those that keep counting."""
    arrived: list[Bill]
    """Arrived ones that are not released."""
    expected: list[Bill]


class PlainLedgers:
    """Ledgers over the copies of few bills. Each bill's status is all that is needed, so nothing else is kept."""

    __slots__ = ("_copies", "_covered", "_deciding", "_exact", "_totals")

    def __init__(self, deciding: Deciding, copies: Copies) -> None:
        self._deciding = deciding
        self._exact = deciding.exact
        self._copies = copies
        self._totals: dict[LedgerId, tuple[int, int]] = {}
        self._covered: dict[Bill, int] = {}

    def enter(self, bill: Bill) -> None:
        """Do nothing: the copies hold it."""

    def leave(self, bill: Bill) -> None:
        """Do nothing: the copies no longer hold it there."""

    def take_out(self, bill: Bill) -> None:
        """Do nothing: the copies no longer hold it there."""

    def count_closed(self, bill: Bill) -> None:
        """Do nothing: the bill's status shows it."""

    def put(self, bill: Bill, counted: int) -> None:
        """Do nothing: the copies hold it."""

    def join_copy(self, copy: Bill, *, counted: bool) -> None:
        """Do nothing: the copies hold it."""

    def leave_copy(self, copy: Bill) -> None:
        """Do nothing: the copies no longer hold it there."""

    def note_counted(self, number: str, ledger: LedgerId, conveyance: str) -> None:
        """Do nothing: the statuses show it."""

    def limits(self, ledger: LedgerId) -> LedgerLimits:
        """See `Ledgers`."""
        return self._deciding.limits(ledger, self._dates)

    def _dates(self, ledger: LedgerId) -> Counter[int]:
        """Return the dates of all bills in a ledger, and how many have each."""
        return Counter(copy.day for copy in self._copies.all() if copy is not None and copy.ledger == ledger)

    def contenders(self, number: str, ledger: LedgerId) -> tuple[int, Iterable[str]]:
        """See `Ledgers`: all copies of the number in the ledger."""
        found = [copy.conveyance for copy in self._candidates(ledger) if copy.bill == number]
        return len(found), found

    def copied(self, ledger: LedgerId) -> Iterable[str]:
        """See `Ledgers`: in order of number."""
        numbers = Counter(copy.bill for copy in self._candidates(ledger))
        return sorted(number for number, copies in numbers.items() if copies > 1)

    def _candidates(self, ledger: LedgerId) -> Iterator[Bill]:
        for copy in self._copies.all():
            if copy is not None and copy.ledger == ledger and copy.status not in KEEPS_COUNTING:
                yield copy

    def settle(self, ledger: LedgerId, limits: LedgerLimits) -> Iterable[tuple[Bill, bool]]:
        """Do steps 3 to 5 by the letter."""
        overflow = self._deciding.terms_of(ledger).overflow
        standing = self._standing(ledger)
        if overflow == "all_or_none":
            return self._settle_together(ledger, standing, limits)
        amount = self._amount(limits)
        total = sum(map(amount, (*standing.closed, *standing.released)))
        found: list[tuple[Bill, bool]] = []
        if overflow == "excess":
            total = self._cover(standing.arrived, total, limits.limit, found)
            projected = self._cover(standing.expected, total, limits.limit, found)
        else:
            latches = overflow == "latch"
            total, latched = self._walk(standing.arrived, amount, total, limits.limit, found, False, latches)
            projected, _ = self._walk(standing.expected, amount, total, limits.limit, found, latched, latches)
        self._totals[ledger] = (total, projected)
        return found

    @staticmethod
    def _walk(
        bills: list[Bill],
        amount: Amount,
        total: int,
        limit: int,
        found: list[tuple[Bill, bool]],
        latched: bool,  # noqa: FBT001 - the state of the walk so far
        latches: bool,  # noqa: FBT001 - as above
    ) -> tuple[int, bool]:
        if len(bills) > 1:
            bills.sort(key=_manifest_order)
        for bill in bills:
            after = total + amount(bill)
            fits = after <= limit and not latched
            if fits:
                total = after
            else:
                latched = latches
            found.append((bill, fits))
        return total, latched

    def _cover(self, bills: list[Bill], total: int, limit: int, found: list[tuple[Bill, bool]]) -> int:
        """Walk under `excess`: a bill that does not fit takes what is left."""
        for bill in sorted(bills, key=_manifest_order):
            value = self._counted(bill)
            fits = total + value <= limit
            if fits:
                total += value
            else:
                self._covered[bill] = max(0, limit - total)
                total += self._covered[bill]
            found.append((bill, fits))
        return total

    def _settle_together(self, ledger: LedgerId, standing: Standing, limits: LedgerLimits) -> list[tuple[Bill, bool]]:
        arrived, expected = standing.released + standing.arrived, standing.expected
        released, projected = self._together(standing)
        self._totals[ledger] = (released.value, projected.value)
        # In manifest order, as everywhere: alerts are raised in the order in which bills are found.
        arrived.sort(key=_manifest_order)
        expected.sort(key=_manifest_order)
        fit, clear = limits.hold(released), limits.hold(projected)
        return [*((bill, fit) for bill in arrived), *((bill, clear) for bill in expected)]

    def _together(self, standing: Standing) -> tuple[Sums, Sums]:
        """Return the sums of all that has arrived, and with all that is expected."""
        arrived = [*standing.closed, *standing.released, *standing.arrived]
        return self._summed(arrived), self._summed([*arrived, *standing.expected])

    def _summed(self, bills: list[Bill]) -> Sums:
        return Sums(sum(map(self._counted, bills)), len(bills), sum(bill.weight or 0 for bill in bills))

    def covered(self, bill: Bill) -> int:
        """See `Ledgers`."""
        return self._covered.get(bill, 0)

    def totals(self, ledger: LedgerId) -> tuple[int, int]:
        """Return the totals of the ledger's last walk, or sums over its bills as they were judged."""
        totals = self._totals.get(ledger)
        if totals is None:
            totals = self._totals[ledger] = self._judged_totals(ledger, self.limits(ledger))
        return totals

    def _judged_totals(self, ledger: LedgerId, limits: LedgerLimits) -> tuple[int, int]:
        standing = self._standing(ledger)
        if self._deciding.terms_of(ledger).overflow == "all_or_none":
            released, projected = self._together(standing)
            return released.value, projected.value
        amount = self._amount(limits)
        total = sum(map(amount, (*standing.closed, *standing.released)))
        total += sum(bill.covered or 0 for bill in standing.arrived)
        return total, total + sum(amount(bill) if bill.clear else bill.covered or 0 for bill in standing.expected)

    def sums(self, ledger: LedgerId, limits: LedgerLimits) -> tuple[Sums, Sums]:
        """See `Ledgers`."""
        if self._deciding.terms_of(ledger).sums_all:
            return self._together(self._standing(ledger))
        measure = "value" if self._deciding.terms_of(ledger).overflow == "all_or_none" else limits.measure
        released, projected = self.totals(ledger)
        return Sums(**{measure: released}), Sums(**{measure: projected})

    def would_release(self, ledger: LedgerId, bill: Bill, counted: int, limits: LedgerLimits) -> bool:
        """Decide by the policy, over the bills that are there."""
        overflow, standing = self._deciding.terms_of(ledger).overflow, self._standing(ledger)
        if overflow == "all_or_none":
            sums = self._together(standing)[0]
            return limits.hold(Sums(sums.value + counted, sums.count + 1, sums.weight + (bill.weight or 0)))
        amount = self._amount(limits)
        released = sum(map(amount, (*standing.closed, *standing.released)))
        if overflow == "excess" and not counted:
            return released <= limits.limit
        if released + amount(bill) > limits.limit:
            return False
        return overflow == "skip" or not any(misfit.key < bill.key for misfit in standing.arrived)

    def _standing(self, ledger: LedgerId) -> Standing:
        released: list[Bill] = []
        closed: list[Bill] = []
        arrived: list[Bill] = []
        expected: list[Bill] = []
        for bill in self._copies.all():
            if bill is None or bill.ledger != ledger:
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
                closed.append(bill)
        return Standing(released, closed, arrived, expected)

    def _counted(self, bill: Bill) -> int:
        value = bill.value or 0
        return value if self._exact else whole_dollars(value)

    def _amount(self, limits: LedgerLimits) -> Amount:
        """Return what a bill adds to the measure that is walked."""
        return self._counted if limits.measure == "value" else _AMOUNTS[limits.measure]

    def head(self, ledger: LedgerId) -> Head | None:
        """See `Ledgers`."""
        dates = self._dates(ledger)
        if not dates:
            return None
        terms, limits = self._deciding.terms_of(ledger), self.limits(ledger)
        standing = self._standing(ledger)
        shared = any(copy.status == SUPERSEDED for copy in self._candidates(ledger))
        head: Head
        if terms.overflow == "all_or_none":
            closed = self._summed(standing.closed)
            arrived = self._summed(standing.released + standing.arrived)
            fit = bool(standing.released) and not standing.arrived
            clear = any(bill.clear for bill in standing.expected)
            head = TogetherHead(closed, arrived, self._summed(standing.expected), fit, clear)
        else:
            head = self._walk_head(standing, limits, skips=terms.overflow == "skip")
        head.shared, head.dates = shared, dates if terms.by_conveyance else Counter()
        return head

    def _walk_head(self, standing: Standing, limits: LedgerLimits, *, skips: bool) -> WalkHead:
        amount = self._amount(limits)
        head = WalkHead(limits.measure)
        head.released = sum(map(amount, (*standing.closed, *standing.released)))
        head.clear = sum(amount(bill) for bill in standing.expected if bill.clear)
        misfits = [bill for bill in standing.expected if bill.status in MISFITS]
        head.arrived_misfits, head.expected_misfits = len(standing.arrived), len(misfits)
        head.expected = len(standing.expected)
        if not skips:
            head.first_arrived, head.first_expected = _first(standing.arrived, amount), _first(misfits, amount)
        head.last_expected = max((bill.key for bill in standing.expected), default=b"")
        return head


_AMOUNTS: dict[str, Amount] = {"count": lambda _bill: 1, "weight": lambda bill: bill.weight or 0}


def _first(bills: list[Bill], amount: Amount) -> tuple[bytes, int] | None:
    """Return manifest key and amount of the first bill."""
    first = min(bills, key=_manifest_order, default=None)
    return None if first is None else (first.key, amount(first))


def _manifest_order(bill: Bill) -> bytes:
    return bill.key
