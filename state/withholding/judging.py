"""The judging of one posting record: which bills it releases or withholds, and which decisions follow.

Theory of operation
===================

A posting record carries, for one event and one consignee, the bills that the event posts, moves away or closes. These
are the record's own bills. A ledger is what is summed up for a consignee: a programme, a period and, where the
programme sums per seller, a seller. Of us-321 it is a day. It holds bills, each expected or arrived, in manifest order:
`manifested_at`, conveyance, sequence, bill number. A ledger is touched if a bill leaves it or joins it. A record is
judged in six steps (DESIGN section 3, "How a day is judged"; "rows" are those of `stream.outcomes.VERDICTS`):

1. Take the own bills out of the ledgers they were in. Put each one that has a day into the ledger of that day,
   unjudged. Two kinds are not judged again. A release stands if the bill counted in that ledger before, is arrived in
   the same one now, is settled by no row up to 9, and neither its counted value nor, where weight is limited, its
   weight rose. A released bill that is exported, abandoned or returned keeps counting as it was released, until it is
   deleted, entered with duty, or live again.
2. Rows 1 to 9 settle a bill without the total; such a bill never counts, but for those that keep counting by step 1.
   Every other bill joins the walk of its ledger. Rows 5 to 9 go by the bill's own day, the limit by its ledger.
3. Take the touched ledgers in order: programme, period, and the lowest place in the manifest among the own bills. The
   total of a ledger begins with its released bills and those that keep counting. A change of another bill never takes a
   release back.
4. Walk the other arrived bills in manifest order. A bill fits if total + value <= limit: it is released, and its value
   joins the total. So freed headroom goes to bills that are still withheld. A misfit is withheld, or warned about where
   the rules of its day only warn.
5. Walk the expected bills in manifest order, from the total of step 4. A bill that fits is clear and its value joins
   the projected total. A misfit is warned about.
6. Decide on the own bills in manifest order, always, except one that moved to another consignee: its decision comes
   there. Then decide on every other bill whose status or covered part changed, ledger by ledger, in manifest order.
   Write the rows.

Copies: the same bill in one ledger from several conveyances counts once. Between steps 1 and 2 one copy is chosen: the
one whose release stands, else arrived before expected, then the higher version, then the lowest conveyance. The others
are superseded.

Policies: the steps above are those of `skip`. Under `latch` no bill after the first misfit fits, in step 4 or 5. Under
`all_or_none` the arrived bills fit only all together, and the expected ones only together with them. So that policy
does take releases back, and it chooses again among the copies of all touched ledgers. Under `excess` a bill that does
not fit takes what is left: that is its covered part, which counts.

In the code, step 1 is `_post`, the copies are `_choose`, step 2 is `_place`, steps 3 to 5 are `_settle` (`ledgers`
says in which forms the ledgers come), and step 6 is `outputs`. `judge` writes nothing, so a form that cannot tell may
give up by `UnsettledError`, and another judges the record from its start.
"""

from collections.abc import Iterator
from datetime import date
from typing import Final

from state.table import Group
from state.withholding.alerting import Alerting
from state.withholding.bill import Bill, bill_of_key, posted_bill
from state.withholding.clock import Clock
from state.withholding.copies import Copies
from state.withholding.deciding import Deciding
from state.withholding.heads import Heads
from state.withholding.ledger_ids import NO_LEDGER, LedgerId, goes_by_dates, sort_key
from state.withholding.ledgers import Ledgers
from state.withholding.order_parts import OrderParts
from state.withholding.rivals import preference
from state.withholding.sequences import bills_in_order, ledgers_in_order
from state.withholding.standing import open_ledger, release_stands
from state.withholding.statuses import (
    CLEAR,
    CLOSED,
    DAY_CLOSED,
    EXITS,
    FILING_ERROR,
    KEEPS_COUNTING,
    PERIOD_WITHHELD,
    RELEASED,
    SUPERSEDED,
    UNJUDGED,
    WITHHELD,
)
from state.withholding.statuses import NO_DAY as STATUS_NO_DAY
from stream.postings import US_321, PostedBill, Posting

Own = tuple[PostedBill, Bill, Bill | None]
"""A bill of the record: as posted, as it is now, and as it was before."""

_YIELD_EVERY: Final = 500
"""Bills looked at between two yields: about 10 ms."""


class Judging:
    """The judging of one record over its consignee's rows: `judge`, `outputs` and `alerts`, each in turn to its end."""

    __slots__ = (
        "_alerting",
        "_by_key",
        "_clock",
        "_copies",
        "_deciding",
        "_group",
        "_has_periods",
        "_late",
        "_ledgers",
        "_order",
        "_others",
        "_own",
        "_own_bills",
        "_parts",
        "_posting",
        "_touched",
    )

    def __init__(
        self, deciding: Deciding, posting: Posting, group: Group, ledgers: Ledgers, copies: Copies, clock: Clock
    ) -> None:
        self._deciding = deciding
        self._posting = posting
        self._group = group
        self._ledgers = ledgers
        self._copies = copies
        self._clock = clock
        self._own: list[Own] = []
        self._own_bills: set[Bill] = set()
        self._by_key: dict[bytes, Bill] = {}
        """The own bills by manifest key, once a ledger finds bills by key."""
        self._late: list[tuple[Bill, Bill]] = []
        """Bills, as now and as before, whose release stands or not by what all own bills make of their conveyance."""
        self._others: dict[bytes, Bill] = {}
        """Bills of other records whose decision may change, by manifest key."""
        self._touched: set[LedgerId] = set()
        """Ledgers to judge again."""
        self._has_periods = False
        """Whether ledgers of other programmes than us-321 may be among them."""
        self._order: list[LedgerId] = []
        """The same in the order in which they are judged."""
        self._parts: OrderParts | None = None
        self._alerting: Alerting | None = None

    def has_no_op(self) -> bool:
        """Whether the record withdraws a bill that is not here, or is on a closed day. Ask before `judge`."""
        return any(posted.stand in {"moved", "closed"} and not self._is_here(posted) for posted in self._posting.bills)

    def _is_here(self, posted: PostedBill) -> bool:
        copy = self._copies.get(posted.bill.encode(), self._posting.conveyance)
        return copy is not None and copy.status != DAY_CLOSED

    def judge(self) -> Iterator[None]:
        """Do steps 1 to 5, everything but writing. Yield where the caller may run other work."""
        for posted in self._posting.bills:
            self._post(posted)
        for bill, held in self._late:
            if release_stands(self._deciding, self._ledgers, bill, held):
                bill.status = RELEASED
        if self._copies.has_shared:
            for _, bill, before in self._own:
                self._choose_own(bill, before)
        if self._has_periods or self._deciding.us_321.overflow == "all_or_none":
            yield from self._choose_again()
        for posted, bill, _ in self._own:
            if posted.stand != "moved":
                self._place(bill)
        for bill in self._others.values():
            if bill.status == UNJUDGED:
                self._place(bill)
        if self._has_periods:
            self._order = ledgers_in_order(self._touched, [(bill, before) for _, bill, before in self._own])
        else:
            self._order = sorted(self._touched)
        for ledger in self._order:
            yield from self._settle(ledger)

    # -- step 1: out of the ledgers they were in, into the ledgers they are in

    def _post(self, posted: PostedBill) -> None:
        number, conveyance = posted.bill.encode(), self._posting.conveyance
        before = self._copies.get(number, conveyance)
        if before is not None:
            self._note_part(before)
            self._take_out(before)
            if before.programme != US_321:
                self._has_periods = True
                if goes_by_dates(before.ledger):
                    self._ledgers.leave(before)
            self._ledgers.leave_copy(before)
        bill = posted_bill(posted, conveyance)
        if bill.order is not None:
            self._order_parts()  # `outputs` settles them if there are any
        self._stand(bill, posted, before)
        if posted.stand == "moved" or (posted.stand == "closed" and not bill.counts_in_full):
            self._copies.remove(number, conveyance)
        else:
            self._put(number, bill)
        self._own.append((posted, bill, before))
        self._own_bills.add(bill)

    def _put(self, number: bytes, bill: Bill) -> None:
        other = self._copies.put(number, bill)
        if other is not None:
            self._ledgers.join_copy(other, counted=True)
        if bill.programme != US_321:
            self._has_periods = True
            if goes_by_dates(bill.ledger):
                self._ledgers.enter(bill)
        if bill.status in KEEPS_COUNTING and bill.counts_in_full:
            self._ledgers.count_closed(bill)
            self._touched.add(bill.ledger)
        elif self._copies.has_shared and self._copies.is_shared(number):
            self._ledgers.join_copy(bill, counted=False)

    def _stand(self, bill: Bill, posted: PostedBill, before: Bill | None) -> None:
        """Set the bill's day, ledger and status from the posting, and keep a release that stands."""
        if posted.stand == "closed":
            bill.status = EXITS[posted.exit or "deleted"]
            if bill.status in KEEPS_COUNTING and before is not None and before.counts_in_full:
                bill.day, bill.ledger, bill.arrived = before.day, before.ledger, before.arrived
                bill.value, bill.weight = before.value, before.weight
            return
        if posted.day is None or posted.stand == "waiting":
            bill.status = FILING_ERROR if bill.filing_errors else STATUS_NO_DAY
            return
        ordinal = posted.day.toordinal()
        ledger = open_ledger(self._deciding, self._clock, bill, ordinal)
        if ledger == NO_LEDGER:
            bill.status = FILING_ERROR if bill.filing_errors else DAY_CLOSED
            return
        bill.day, bill.ledger = ordinal, ledger
        if before is not None and bill.arrived and before.ledger == ledger and before.counts_in_full:
            if goes_by_dates(ledger):
                self._late.append((bill, before))
            elif release_stands(self._deciding, self._ledgers, bill, before):
                bill.status = RELEASED

    def _take_out(self, bill: Bill) -> None:
        if bill.ledger != NO_LEDGER:
            self._ledgers.take_out(bill)
            self._touched.add(bill.ledger)

    # -- copies of a bill in one ledger count once

    def _choose_own(self, bill: Bill, before: Bill | None) -> None:
        if self._copies.is_shared(bill.bill.encode()):
            was = NO_LEDGER if before is None else before.ledger
            for ledger in (was, bill.ledger) if was != bill.ledger else (was,):
                if ledger != NO_LEDGER:
                    self._choose(bill.bill, ledger, bill)

    def _choose_again(self) -> Iterator[None]:
        """Choose among the copies of all touched ledgers where any bill can take a copy's release back."""
        touched = self._touched | {bill.ledger for _, bill, _ in self._own if bill.ledger != NO_LEDGER}
        again = [one for one in touched if self._deciding.terms_of(one).overflow == "all_or_none"]
        looked_at = 0
        for ledger in sorted(again, key=sort_key):
            for number in self._ledgers.copied(ledger):
                self._choose(number, ledger)
                looked_at += 1
                if looked_at % _YIELD_EVERY == 0:
                    yield

    def _choose(self, number: str, ledger: LedgerId, own: Bill | None = None) -> None:
        """Decide which copy in a ledger counts; `own` is the record's own copy, which may be in another ledger now."""
        count, conveyances = self._ledgers.contenders(number, ledger)
        if not count:
            return
        encoded = number.encode()
        found = {name: self._copies.get(encoded, name) for name in conveyances}
        if own is not None and own.ledger == ledger and own.status not in KEEPS_COUNTING:
            found[own.conveyance] = own
        copies = [copy for copy in found.values() if copy is not None]
        chosen = min(copies, key=preference)
        if count > 1:
            self._alerts().duplicate(chosen)
        for copy in copies:
            if (copy.status == SUPERSEDED) == (copy is not chosen):
                continue
            if copy not in self._own_bills:
                self._note_part(copy)
                self._others[copy.key] = copy
                self._take_out(copy)
            copy.status, copy.covered = UNJUDGED if copy is chosen else SUPERSEDED, None
        self._ledgers.note_counted(number, ledger, chosen.conveyance)

    # -- step 2: what settles a bill without the total; else it joins its ledger

    def _place(self, bill: Bill) -> None:
        if bill.ledger == NO_LEDGER or bill.status in CLOSED:
            return
        self._touched.add(bill.ledger)
        deciding = self._deciding
        counted = deciding.counted(bill)
        settled = deciding.settled(bill, counted, deciding.own_day(bill))
        if settled is not None or counted is None:
            bill.status = FILING_ERROR if settled is None else settled
        else:
            self._ledgers.put(bill, counted)

    # -- steps 3 to 5: walk the ledger

    def _settle(self, ledger: LedgerId) -> Iterator[None]:
        deciding, ledgers = self._deciding, self._ledgers
        misfit: int | None = None  # of us-321 one for the whole ledger, else by each bill's own day
        if isinstance(ledger, int):
            terms = deciding.us_321
            limits, misfit = terms.days[ledger].limits, terms.days[ledger].misfit
        else:
            terms, limits = deciding.terms[ledger.programme], ledgers.limits(ledger)
        covers = terms.overflow == "excess"
        for looked_at, change in enumerate(ledgers.settle(ledger, limits), 1):
            if looked_at % _YIELD_EVERY == 0:
                yield
            if change is None:
                yield
                continue
            found, fits = change
            bill = found if isinstance(found, Bill) else self._find(found)
            was = bill.status
            if fits:
                now = RELEASED if bill.arrived else CLEAR
            else:
                now = (misfit or terms.days[bill.day].misfit) if bill.arrived else terms.warned
            covered = ledgers.covered(bill) or None if covers and not fits else None
            if was == now and (not covers or covered == bill.covered):
                continue
            if was != UNJUDGED and bill not in self._own_bills:
                self._note_part(bill)
                self._others[bill.key] = bill
                if was == RELEASED and now in _WITHHELD:
                    self._alerts().superseded_release(bill)
            bill.status, bill.covered = now, covered
        total = ledgers.totals(ledger)[0]
        if limits.value is not None and total * 100 > limits.value * deciding.near_limit_percent:
            self._alerts().near_limit(ledger, total, limits.value)

    def _find(self, key: bytes) -> Bill:
        """Return the bill of a manifest key: most often the record's own."""
        if not self._by_key:
            self._by_key = {bill.key: bill for _, bill, _ in self._own}
        found = self._by_key.get(key) or self._copies.get(*bill_of_key(key))
        assert found is not None, "a bill of the walk has a row"  # noqa: S101 - rows and walk change together
        return found

    # -- step 6: decisions, and the rows

    def outputs(self) -> Iterator[tuple[Bill, date | None] | None]:
        """Yield the bills to decide on, in order, each with the day that its decision states, and write their rows.

        A yield of None means that the caller may run other work.
        """
        if self._has_periods:
            near = () if self._alerting is None else self._alerting.near
            Heads(self._deciding, self._group, self._clock).write_all(self._order, self._ledgers, near)
        if self._alerting is not None:
            self._alerting.write()
        own = self._own if len(self._own) == 1 else sorted(self._own, key=_own_order)
        if self._parts is not None:
            gone = [(bill, posted.stand == "moved") for posted, bill, _ in own]
            yield from self._parts.settle(gone, self._others.values())
        for posted, bill, before in own:
            self._copies.write(bill.bill.encode(), bill.conveyance)
            if posted.stand == "moved":
                continue
            if bill.status in _WITHHELD and before is not None and before.ledger == bill.ledger and before.was_released:
                self._alerts().superseded_release(bill)
            yield bill, posted.day
        for other in bills_in_order([*self._others.values()], self._order) if self._others else ():
            if other is None:
                yield None
                continue
            other.revision += 1
            self._copies.write(other.bill.encode(), other.conveyance)
            yield other, date.fromordinal(other.day)
        if self._others:
            yield None

    def alerts(self) -> list[bytes]:
        """Return the alerts of this record, once all decisions are out."""
        for (programme, order), cents, limit in () if self._parts is None else self._parts.write():
            self._alerts().structuring(programme, order, cents, limit)
        return [] if self._alerting is None else self._alerting.raised()

    def _alerts(self) -> Alerting:
        alerting = self._alerting
        if alerting is None:
            alerting = self._alerting = Alerting(self._deciding, self._posting, self._group, self._clock)
        return alerting

    def is_split(self, bill: Bill, limit_cents: int) -> bool:
        """Whether bills of its order, itself among them, are together over these cents; once `judge` is done."""
        return bill.order is not None and self._order_parts().is_split(bill, limit_cents)

    def _note_part(self, bill: Bill) -> None:
        """Keep what a bill added to its order before this record."""
        if bill.order is not None:
            self._order_parts().note(bill)

    def _order_parts(self) -> OrderParts:
        parts = self._parts
        if parts is None:
            parts = self._parts = OrderParts(self._deciding, self._group, self._clock)
        return parts


_WITHHELD: Final = frozenset((WITHHELD, PERIOD_WITHHELD))


def _own_order(own: Own) -> bytes:
    return own[1].key
