"""The book of a consignee: their ledgers, built from rows and kept as the group's index while the group is large."""

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Final

from state.table import Group
from state.withholding.all_or_none import AllOrNoneLedger, SeveralMeasuresLedger, Side
from state.withholding.bill import Bill
from state.withholding.clock import Clock
from state.withholding.deciding import Deciding
from state.withholding.excess import ExcessLedger
from state.withholding.head import Head, UnsettledError
from state.withholding.keys import BILL_KIND, COPY_KIND, number_of_copy
from state.withholding.ledger_ids import NO_LEDGER, LedgerId
from state.withholding.rivals import Rivals
from state.withholding.rows import open_row, shared_copies
from state.withholding.statuses import CANDIDATES, CLEAR, KEEPS_COUNTING, RELEASED, SUPERSEDED
from state.withholding.terms import LedgerLimits, Sums
from state.withholding.walked_ledger import LatchLedger, SkipLedger, WalkedLedger
from stream.decisions import AppliedOverflow
from stream.money import whole_dollars

LEDGER_CLASSES: Final[dict[AppliedOverflow, type[WalkedLedger]]] = {
    "skip": SkipLedger,
    "latch": LatchLedger,
    "all_or_none": AllOrNoneLedger,
    "excess": ExcessLedger,
}

_ROWS_A_SLICE: Final = 2000
"""Rows read between two yields: about 15 ms."""


class Book:
    """The ledgers of one large consignee. Everything in it is from the rows, so it can always be rebuilt."""

    __slots__ = ("_closed_for", "_dates", "_deciding", "_exact", "_ledgers", "_rival_count", "_rivals", "_zones")

    def __init__(self, deciding: Deciding) -> None:
        self._deciding = deciding
        self._exact = deciding.exact
        self._ledgers: dict[LedgerId, WalkedLedger] = {}
        self._dates: dict[LedgerId, Counter[int]] = {}
        """Of conveyances how many bills have each date."""
        self._rivals: dict[LedgerId, dict[str, Rivals]] = {}
        """Copies of shared numbers, by ledger and number."""
        self._rival_count = 0
        self._zones: dict[str, None] = {}
        """Those of the ledgers of other programmes than us-321."""
        self._closed_for: tuple[int, ...] = ()
        """The dates, in the zones of the programmes, for which closed ledgers were removed."""

    @property
    def weight(self) -> int:
        """Its size in memory, counted in bills; released bills are only a sum."""
        return self._rival_count + len(self._ledgers) + sum(ledger.size for ledger in self._ledgers.values())

    def build(self, group: Group, clock: Clock) -> Iterator[None]:
        """Read all rows of a group, with a yield between slices."""
        for number, (suffix, value) in enumerate(group.items(), 1):
            if number % _ROWS_A_SLICE == 0:
                yield
            kind = suffix[:1]
            if kind == COPY_KIND:
                copy = open_row(number_of_copy(suffix), value, clock)
                if copy is not None:
                    self.join_copy(copy, counted=copy.status != SUPERSEDED)
                    self._load(copy)
            elif kind == BILL_KIND and not shared_copies(value):
                copy = open_row(suffix[1:], value, clock)
                if copy is not None:
                    self._load(copy)

    def _load(self, bill: Bill) -> None:
        """Add a bill from its row, as it was judged before."""
        ledger = bill.ledger
        if ledger == NO_LEDGER:
            return
        if not isinstance(ledger, int) and self._deciding.terms_of(ledger).by_conveyance:
            self.enter(bill)
        if bill.status in KEEPS_COUNTING:
            self.count_closed(bill)
        elif bill.status in CANDIDATES:
            fits = bill.status in {RELEASED, CLEAR}
            walked = self._walked(ledger)
            amount = self._amount(walked, bill)
            if isinstance(walked, ExcessLedger):
                walked.load(bill.key, amount, arrived=bill.arrived, fits=fits, covered=bill.covered)
            else:
                walked.load(bill.key, amount, arrived=bill.arrived, fits=fits)
            if walked.weighs:
                self._weigh(walked, bill, 1)

    def close(self, clock: Clock) -> bool:
        """Remove closed ledgers; whether all that are left are whole.

        Of a conveyance a date may leave while others stay: what is left of it is in the rows alone.
        """
        dates = (clock.today, *map(clock.today_in, self._zones))
        if dates == self._closed_for:
            return True
        self._closed_for = dates
        for ledger in [ledger for ledger in {*self._ledgers, *self._rivals} if self._is_closed(ledger, clock)]:
            self._ledgers.pop(ledger, None)
            self._rival_count -= sum(map(len, self._rivals.pop(ledger, {}).values()))
        for ledger in list(self._dates):
            terms = self._deciding.terms_of(ledger)
            closed = sum(not clock.is_open(terms, day) for day in self._dates[ledger])
            if 0 < closed < len(self._dates[ledger]):
                return False
            if closed:
                del self._dates[ledger]
        return True

    def _is_closed(self, ledger: LedgerId, clock: Clock) -> bool:
        if isinstance(ledger, int):
            return ledger < clock.first_open
        terms = self._deciding.terms_of(ledger)
        if isinstance(ledger.period, int):
            return not clock.is_open(terms, ledger.period)
        return not any(clock.is_open(terms, day) for day in self._dates.get(ledger, ()))

    def enter(self, bill: Bill) -> None:
        """See `Ledgers`."""
        self._dates.setdefault(bill.ledger, Counter())[bill.day] += 1
        self._zones[self._deciding.terms_of(bill.ledger).zone] = None

    def leave(self, bill: Bill) -> None:
        """See `Ledgers`."""
        dates = self._dates[bill.ledger]
        dates[bill.day] -= 1
        if dates[bill.day] <= 0:
            del dates[bill.day]
        if not dates:
            del self._dates[bill.ledger]

    def _dates_of(self, ledger: LedgerId) -> Counter[int]:
        return self._dates.get(ledger) or Counter()

    def limits(self, ledger: LedgerId) -> LedgerLimits:
        """See `Ledgers`."""
        return self._deciding.limits(ledger, self._dates_of)

    def join_copy(self, copy: Bill, *, counted: bool) -> None:
        """See `Ledgers`."""
        if copy.ledger == NO_LEDGER or copy.status in KEEPS_COUNTING:
            return
        rivals = self._rivals.setdefault(copy.ledger, {}).setdefault(copy.bill, Rivals())
        before = len(rivals)
        rivals.join(copy)
        self._rival_count += len(rivals) - before
        if counted:
            rivals.counted = copy.conveyance

    def leave_copy(self, copy: Bill) -> None:
        """See `Ledgers`."""
        numbers = self._rivals.get(copy.ledger, {})
        rivals = numbers.get(copy.bill)
        if rivals is None:
            return
        before = len(rivals)
        rivals.leave(copy.conveyance)
        self._rival_count += len(rivals) - before
        if not rivals:
            del numbers[copy.bill]
        if not numbers:
            del self._rivals[copy.ledger]

    def contenders(self, number: str, ledger: LedgerId) -> tuple[int, Iterable[str]]:
        """See `Ledgers`: the one that counted, and the first of the others."""
        rivals = self._rivals.get(ledger, {}).get(number)
        return (0, ()) if rivals is None else (len(rivals), rivals.contenders())

    def note_counted(self, number: str, ledger: LedgerId, conveyance: str) -> None:
        """See `Ledgers`."""
        self._rivals[ledger][number].counted = conveyance

    def copied(self, ledger: LedgerId) -> Iterable[str]:
        """See `Ledgers`."""
        return sorted(number for number, rivals in self._rivals.get(ledger, {}).items() if len(rivals) > 1)

    def take_out(self, bill: Bill) -> None:
        """See `Ledgers`."""
        status = bill.status
        if status in CANDIDATES:
            walked = self._walked(bill.ledger)
            if status == RELEASED and bill.arrived:
                walked.take_released(bill.key, self._amount(walked, bill))
            else:
                walked.take(bill.key, arrived=bill.arrived)
        elif bill.counts_in_full:
            walked = self._walked(bill.ledger)
            walked.count_closed(-self._amount(walked, bill))
        else:
            return
        if walked.weighs:
            self._weigh(walked, bill, -1)

    def count_closed(self, bill: Bill) -> None:
        """See `Ledgers`."""
        walked = self._walked(bill.ledger)
        walked.count_closed(self._amount(walked, bill))
        if walked.weighs:
            self._weigh(walked, bill, 1)

    def put(self, bill: Bill, counted: int) -> None:
        """See `Ledgers`."""
        walked = self._walked(bill.ledger)
        amount = counted if walked.measure == "value" else self._amount(walked, bill)
        if bill.status == RELEASED:
            walked.put_released(bill.key, amount)
        else:
            walked.put(bill.key, amount, arrived=bill.arrived)
        if walked.weighs:
            self._weigh(walked, bill, 1)

    def settle(self, ledger: LedgerId, limits: LedgerLimits) -> Iterable[tuple[bytes, bool] | None]:
        """See `Ledgers`. Raise UnsettledError if other measures are limited than those that are kept."""
        walked = self._ledgers.get(ledger)
        if walked is None:
            return ()
        if walked.measure != limits.measure and limits.rules and not isinstance(walked, AllOrNoneLedger):
            raise UnsettledError
        return walked.settle(limits)

    def covered(self, bill: Bill) -> int:
        """See `Ledgers`."""
        walked = self._ledgers[bill.ledger]
        return walked.covered(bill.key) if isinstance(walked, ExcessLedger) else 0

    def totals(self, ledger: LedgerId) -> tuple[int, int]:
        """See `Ledgers`."""
        walked = self._ledgers.get(ledger)
        return (0, 0) if walked is None else (walked.total, walked.projected)

    def sums(self, ledger: LedgerId, limits: LedgerLimits) -> tuple[Sums, Sums]:
        """See `Ledgers`."""
        walked = self._ledgers.get(ledger)
        return (Sums(), Sums()) if walked is None else walked.sums(limits)

    def would_release(self, ledger: LedgerId, bill: Bill, counted: int, limits: LedgerLimits) -> bool:
        """See `Ledgers`."""
        walked = self._ledgers.get(ledger)
        if walked is None:
            alone = isinstance(ledger, int) and counted <= limits.limit
            return alone or limits.hold(Sums(counted, 1, bill.weight or 0))
        amount = counted if walked.measure == "value" else self._amount(walked, bill)
        return walked.would_release(bill.key, amount, limits, bill.weight or 0)

    def _walked(self, ledger: LedgerId) -> WalkedLedger:
        walked = self._ledgers.get(ledger)
        if walked is None:
            walked = self._ledgers[ledger] = self._empty(ledger)
        return walked

    def _empty(self, ledger: LedgerId) -> WalkedLedger:
        terms = self._deciding.terms_of(ledger)
        if not isinstance(ledger, int):
            self._zones[terms.zone] = None
        kind = SeveralMeasuresLedger if terms.sums_all else LEDGER_CLASSES[terms.overflow]
        walked = kind()
        if terms.overflow != "all_or_none":
            walked.measure = self.limits(ledger).measure
        return walked

    def _amount(self, walked: WalkedLedger, bill: Bill) -> int:
        measure = walked.measure
        if measure == "value":
            value = bill.value or 0
            return value if self._exact else whole_dollars(value)
        return 1 if measure == "count" else bill.weight or 0

    @staticmethod
    def _weigh(walked: WalkedLedger, bill: Bill, sign: int) -> None:
        assert isinstance(walked, SeveralMeasuresLedger)  # noqa: S101 - it alone `weighs`
        closed = bill.status in KEEPS_COUNTING
        side: Side = "closed" if closed else "arrived" if bill.arrived else "expected"
        walked.weigh(side, bill.weight or 0, sign)

    def head(self, ledger: LedgerId) -> Head | None:
        """See `Ledgers`."""
        walked = self._ledgers.get(ledger)
        by_conveyance = self._deciding.terms_of(ledger).by_conveyance
        if walked is None and not by_conveyance:
            return None
        dates = self._dates_of(ledger)
        if by_conveyance and not dates:
            return None
        head = (walked or self._empty(ledger)).head()
        head.shared, head.dates = bool(self._rivals.get(ledger)), dates
        return head
