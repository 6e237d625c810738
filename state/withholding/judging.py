"""The judging of one posting record: DESIGN section 3, "How a day is judged", steps 1 to 6."""

from collections.abc import Iterator
from datetime import date

from state.table import Group
from state.withholding.alerting import Alerting
from state.withholding.bill import NO_DAY, Bill, bill_of_key, flag_set, manifest_key, pack_row
from state.withholding.book import BILL_KIND, Book, Row, open_row
from state.withholding.deciding import Deciding
from state.withholding.orders import Orders, Part
from state.withholding.statuses import (
    CANDIDATES,
    CLEAR,
    CLOSED,
    DAY_CLOSED,
    EXITS,
    FILING_ERROR,
    KEEPS_COUNTING,
    NO_DAY as STATUS_NO_DAY,
    RELEASED,
    SUPERSEDED,
    UNJUDGED,
    WARNED,
    WITHHELD,
)
from stream.days import day_of_micros
from stream.instants import to_micros
from stream.postings import PostedBill, Posting


class Own:
    """A bill of the record: where it was before, and how it stands now."""

    __slots__ = ("before", "bill", "posted")

    def __init__(self, posted: PostedBill, bill: Bill, before: Bill | None) -> None:
        self.posted = posted
        self.bill = bill
        self.before = before


class Judging:
    """One record's judging over the rows of its consignee."""

    def __init__(self, deciding: Deciding, posting: Posting, group: Group, book: Book, today: int) -> None:
        self._deciding = deciding
        self._posting = posting
        self._group = group
        self._book = book
        self._first_open = today - deciding.rulebook.open_days
        self._orders = Orders(group, today)
        self.rows: dict[bytes, Row] = {}
        """Rows read so far, by bill number."""
        self.no_ops = 0
        """Withdrawals of bills that are not here, or on a closed day."""
        self._own: list[Own] = []
        self._others: dict[bytes, Bill] = {}
        self._touched: set[int] = set()
        self._parts: dict[bytes, Part | None] = {}
        self._alerting = Alerting(deciding, posting, group)

    def judge(self) -> None:
        """Steps 1 to 5: everything but writing."""
        for posted in self._posting.bills:
            self._post(posted)
        for own in self._own:
            self._choose_copies(own)
        for own in self._own:
            if own.posted.stand != "moved":
                self._place(own.bill)
        for bill in self._others.values():
            if bill.status == UNJUDGED:
                self._place(bill)
        for ordinal in sorted(self._touched):
            self._settle(ordinal)

    # -- step 1: out of the days they were on, into the days they are on

    def _post(self, posted: PostedBill) -> None:
        row = self._row(posted.bill.encode())
        conveyance = self._posting.conveyance
        before = next((copy for copy in row.copies if copy.conveyance == conveyance), None)
        if before is not None:
            row.copies.remove(before)
            self._note_part(before)
            self._take_out(before)
        elif posted.stand in {"moved", "closed"}:
            self.no_ops += 1
        bill = _bill(posted, conveyance)
        self._stand(bill, posted, before)
        if posted.stand == "closed":
            if bill.status in KEEPS_COUNTING and bill.day != NO_DAY:
                self._book.day(bill.day).count_closed(self._counted(bill))
                self._touched.add(bill.day)
                row.copies.append(bill)
        elif posted.stand != "moved":
            row.copies.append(bill)
            self._parts.setdefault(bill.key, None)
        self._own.append(Own(posted, bill, before))

    def _stand(self, bill: Bill, posted: PostedBill, before: Bill | None) -> None:
        """Where the posting puts the bill; a release that stands is taken over here."""
        if posted.stand == "closed" and posted.exit is not None:
            bill.status = EXITS[posted.exit]
            if bill.status in KEEPS_COUNTING and before is not None and before.counts:
                bill.day, bill.arrived, bill.value = before.day, before.arrived, before.value
            return
        if posted.day is None or posted.stand not in {"expected", "arrived"}:
            bill.status = FILING_ERROR if bill.filing_errors else STATUS_NO_DAY
            return
        ordinal = posted.day.toordinal()
        if ordinal < self._first_open:
            bill.status = FILING_ERROR if bill.filing_errors else DAY_CLOSED
            return
        bill.day = ordinal
        stands = before is not None and before.counts and bill.arrived and before.day == ordinal
        if stands and before is not None and bill.value is not None and self._counted(bill) <= self._counted(before):
            bill.status = RELEASED

    def _take_out(self, bill: Bill) -> None:
        if bill.day == NO_DAY:
            return
        if bill.counts:
            counted = self._counted(bill)
            if bill.status == RELEASED:
                self._book.day(bill.day).take_released(bill.key, counted)
            else:
                self._book.day(bill.day).count_closed(-counted)
        elif bill.status in CANDIDATES:
            self._book.day(bill.day).take(bill.key, arrived=bill.arrived)
        self._touched.add(bill.day)

    # -- copies of a bill on one day count once

    def _choose_copies(self, own: Own) -> None:
        row = self._row(own.bill.bill.encode())
        if len(row.copies) < 2 and not any(copy.status == SUPERSEDED for copy in row.copies):
            return
        days = {own.bill.day, NO_DAY if own.before is None else own.before.day} - {NO_DAY}
        for ordinal in sorted(days):
            copies = [copy for copy in row.copies if copy.day == ordinal and copy.status not in KEEPS_COUNTING]
            if len(copies) > 1 and ordinal not in row.alerted_days:
                row.alerted_days = (*row.alerted_days, ordinal)
                self._alerting.duplicate(own.bill, date.fromordinal(ordinal))
            if copies:
                self._supersede(copies)

    def _supersede(self, copies: list[Bill]) -> None:
        chosen = min(copies, key=_preference)
        own_bills = [own.bill for own in self._own]
        for copy in copies:
            is_own = copy in own_bills
            if (copy.status == SUPERSEDED) == (copy is not chosen):
                continue
            if not is_own:
                self._note_part(copy)
                self._others[copy.key] = copy
                if copy is not chosen:
                    self._take_out(copy)
            copy.status = UNJUDGED if copy is chosen else SUPERSEDED

    # -- step 2: what settles a bill without the total; else it joins its day

    def _place(self, bill: Bill) -> None:
        if bill.day == NO_DAY or bill.status in CLOSED:
            return
        self._touched.add(bill.day)
        counted = None if bill.value is None else self._counted(bill)
        rules = self._deciding.rulebook.on(date.fromordinal(bill.day))
        settled = self._deciding.settled(bill, counted, rules)
        if settled is not None or counted is None:
            bill.status = FILING_ERROR if settled is None else settled
            return
        day = self._book.day(bill.day)
        if bill.status == RELEASED:
            day.put_released(bill.key, counted)
        else:
            bill.status = UNJUDGED
            day.put(bill.key, counted, arrived=bill.arrived)
            self._book.weight += 1

    # -- steps 3 to 5: walk the day

    def _settle(self, ordinal: int) -> None:
        day = self._book.days.get(ordinal)
        if day is None:
            return
        rules = self._deciding.rulebook.on(date.fromordinal(ordinal))
        misfit = WITHHELD if rules.enforcement == "withhold" else WARNED
        own = {own.bill.key: own.bill for own in self._own}
        for key, fits in day.settle(rules.limit_cents).items():
            bill = own.get(key) or self._others.get(key) or self._other(key)
            was = bill.status
            bill.status = (RELEASED if fits else misfit) if bill.arrived else (CLEAR if fits else WARNED)
            if key not in own and was != bill.status:
                self._others[key] = bill
                if was == RELEASED and bill.status == WITHHELD:
                    self._alerting.superseded_release(bill, date.fromordinal(ordinal))
        self._alerting.near_limit(ordinal, day.total, rules.limit_cents)

    def _other(self, key: bytes) -> Bill:
        copies = self._row(bill_of_key(key)).copies
        return next(copy for copy in copies if copy.key == key)

    # -- step 6: decisions, and the rows

    def outputs(self) -> Iterator[tuple[Bill, date | None]]:
        """Bills to be decided on, in order, each with the day its decision states; writes their rows."""
        for own in sorted(self._own, key=lambda own: own.bill.key):
            if own.posted.stand != "moved":
                self._note_superseded(own)
                self._settle_part(own.bill)
                yield own.bill, own.posted.day
            else:
                self._orders.replace(self._parts.pop(own.bill.key, None), None)
            self._write(own.bill.bill.encode())
        for bill in sorted(self._others.values(), key=lambda bill: (bill.day, bill.key)):
            bill.revision += 1
            self._settle_part(bill)
            self._write(bill.bill.encode())
            yield bill, date.fromordinal(bill.day)

    def alerts(self) -> list[bytes]:
        """Alerts of this record, once all decisions are out."""
        for order, cents, limit in self._orders.settle(self._deciding.rulebook):
            self._alerting.structuring(order, cents, limit)
        return self._alerting.raised

    def _note_superseded(self, own: Own) -> None:
        before, bill = own.before, own.bill
        if before is None or bill.status != WITHHELD or before.day != bill.day:
            return
        if self._deciding.was_released(before):
            self._alerting.superseded_release(bill, date.fromordinal(bill.day))

    def _write(self, number: bytes) -> None:
        row = self._row(number)
        if row.copies or row.alerted_days:
            self._group.put(BILL_KIND + number, pack_row(row.copies, row.alerted_days))
        else:
            self._group.delete(BILL_KIND + number)

    # -- orders

    def _note_part(self, bill: Bill) -> None:
        """Remember what a bill added to its order before this record."""
        if bill.order is not None:
            self._parts[bill.key] = _part(bill)

    def _settle_part(self, bill: Bill) -> None:
        before = self._parts.pop(bill.key, None)
        after = _part(bill)
        if before is not None or after is not None:
            self._orders.replace(before, after)

    # -- rows

    def _row(self, number: bytes) -> Row:
        row = self.rows.get(number)
        if row is None:
            value = self._group.get(BILL_KIND + number)
            row = Row([], ()) if value is None else open_row(number, value, self._first_open)
            self.rows[number] = row
        return row

    def _counted(self, bill: Bill) -> int:
        return self._book.counted(bill.value or 0)


def _bill(posted: PostedBill, conveyance: str) -> Bill:
    bill = Bill()
    bill.bill = posted.bill
    bill.conveyance = conveyance
    bill.manifested = to_micros(posted.manifested_at)
    bill.sequence = posted.sequence
    bill.key = manifest_key(bill.manifested, conveyance, posted.sequence, posted.bill)
    bill.day = NO_DAY
    bill.arrived = posted.arrived
    bill.status = UNJUDGED
    bill.version = posted.version
    bill.posting = posted.posting
    bill.revision = 1
    bill.value = posted.value_cents
    bill.mode = posted.mode
    bill.filing = posted.filing
    bill.order = posted.order
    bill.origins = posted.origins
    bill.flags = flag_set(posted.flags) if posted.flags else ()
    bill.filing_errors = posted.filing_errors
    return bill


def _preference(copy: Bill) -> tuple[bool, bool, int, str]:
    """Which copy counts comes first: release stands, arrived, higher version, lowest conveyance (DESIGN section 3)."""
    return (not copy.counts, not copy.arrived, -copy.version, copy.conveyance)


def _part(bill: Bill) -> Part | None:
    if bill.order is None or not bill.live:
        return None
    return bill.order, day_of_micros(bill.manifested).toordinal(), bill.value or 0
