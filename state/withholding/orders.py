"""Orders that are split over bills: the live bills of one order of a consignee, by the date they were manifested.

The law refuses the exemption to one order sent in lots (19 CFR 10.151). Nothing shows that ACE tests this. So a split
order is never a reason to withhold. It raises the alert `structuring`, once per order, and the advice of a bill that
does not fit has a `caution` instead of another day.
"""

from struct import Struct
from typing import Final

from state.table import Group
from state.withholding.bill import Bill
from state.withholding.clock import ORDER_DAYS_KEPT, Clock
from state.withholding.deciding import Deciding
from state.withholding.keys import order_suffix
from state.withholding.row_format import ROW_FORMAT
from state.withholding.terms import Terms
from stream.days import ZONE_NAME, day_of_micros

NOT_ALERTED: Final = 0
"""Takes the place of the ordinal of the alert's date before there is an alert."""

_HEAD: Final = Struct("<BI")
"""Format, and date of the alert."""
_DATE: Final = Struct("<IIq")
"""Date, live bills, cents."""

Part = tuple[str, int, int]
"""What a bill adds to its order: order number, ordinal of the date on which it was manifested, and cents."""


OrderId = tuple[str, str]
"""Programme and order number: bills of an order that claim another exemption are another matter."""


def order_part(bill: Bill, zone: str = ZONE_NAME) -> Part | None:
    """Return what a bill adds to its order; None if it has no order, or is closed or superseded."""
    if bill.order is None or not bill.live:
        return None
    return bill.order, day_of_micros(bill.manifested, zone).toordinal(), bill.value or 0


def row_of_part(part: Part) -> bytes:
    """Return the row of an order that has one bill."""
    return _HEAD.pack(ROW_FORMAT, NOT_ALERTED) + _DATE.pack(part[1], 1, part[2])


class Orders:
    """The orders of one consignee that the judging of a record reads or changes."""

    __slots__ = ("_clock", "_deciding", "_group", "_seen", "_touched")

    def __init__(self, deciding: Deciding, group: Group, clock: Clock) -> None:
        self._deciding = deciding
        self._group = group
        self._clock = clock
        self._touched: dict[OrderId, _Order] = {}
        self._seen: dict[OrderId, _Order] = {}
        """Orders that were only read."""

    def _first_kept(self, programme: str) -> int:
        return self._clock.today_of(programme) - ORDER_DAYS_KEPT

    def change(self, programme: str, part: Part, sign: int) -> None:
        """Add what a bill adds; a negative sign takes it away."""
        order, ordinal, cents = part
        if ordinal >= self._first_kept(programme):
            self._order((programme, order)).add(ordinal, sign, sign * cents)

    def _order(self, order: OrderId) -> "_Order":
        found = self._touched.get(order)
        if found is None:
            found = self._touched[order] = self._read(order)
        return found

    def _read(self, order: OrderId) -> "_Order":
        return _Order(self._group.get(order_suffix(*order)), self._first_kept(order[0]))

    def is_split(self, bill: Bill, limit_cents: int) -> bool:
        """Whether a bill and others of its order, manifested not many days apart from it, are over a limit.

        The bill is among those that are kept here, unless it was manifested too long ago.
        """
        part = order_part(bill, self._clock.zone_of(bill.programme))
        if part is None or part[1] < self._first_kept(bill.programme):
            return False
        order, ordinal, days = (bill.programme, part[0]), part[1], self._deciding.rulebook.structuring_days
        found = self._touched.get(order) or self._seen.get(order)
        if found is None:
            found = self._seen[order] = self._read(order)
        near = [entry for day, entry in found.dates.items() if abs(day - ordinal) <= days]
        return sum(count for count, _ in near) > 1 and sum(cents for _, cents in near) > limit_cents

    def settle(self) -> list[tuple[OrderId, int, int]]:
        """Write the rows. Return each order that is split now and was not reported yet, with cents and limit."""
        split = []
        for order, kept in self._touched.items():
            suffix, found = order_suffix(*order), None
            terms = self._deciding.terms.get(order[0])
            if terms is not None and not kept.alerted:
                found = kept.together_over_limit(terms, self._deciding.rulebook.structuring_days)
            if found is not None:
                kept.alerted = self._clock.today_of(order[0])
                split.append((order, *found))
            if kept.dates or kept.alerted:
                self._group.put(suffix, kept.pack())
            else:
                self._group.delete(suffix)
        return split


class _Order:
    """The number of live bills and their cents, per date."""

    __slots__ = ("alerted", "dates")

    def __init__(self, row: bytes | None, first_kept: int) -> None:
        self.alerted = NOT_ALERTED
        """Ordinal of the date on which the order was reported."""
        self.dates: dict[int, tuple[int, int]] = {}
        if row is not None:
            alerted = _HEAD.unpack_from(row)[1]
            self.alerted = alerted if alerted >= first_kept else NOT_ALERTED
            for ordinal, count, cents in _DATE.iter_unpack(row[_HEAD.size :]):
                if ordinal >= first_kept:
                    self.dates[ordinal] = (count, cents)

    def add(self, ordinal: int, count: int, cents: int) -> None:
        """Add bills of a date; without bills the date is removed."""
        count_before, cents_before = self.dates.get(ordinal, (0, 0))
        if count_before + count > 0:
            self.dates[ordinal] = (count_before + count, cents_before + cents)
        else:
            self.dates.pop(ordinal, None)

    def together_over_limit(self, terms: Terms, days: int) -> tuple[int, int] | None:
        """Return cents and limit of the first window of days in which two or more bills are together over the limit."""
        ordered = sorted(self.dates.items())
        first = count = cents = 0
        for last, (its_count, its_cents) in ordered:
            count, cents = count + its_count, cents + its_cents
            while last - ordered[first][0] > days:
                count, cents = count - ordered[first][1][0], cents - ordered[first][1][1]
                first += 1
            if count > 1:
                limit = terms.limits(last).value
                if limit is not None and cents > limit:
                    return cents, limit
        return None

    def pack(self) -> bytes:
        """Return the order's row."""
        dates = b"".join(_DATE.pack(ordinal, *entry) for ordinal, entry in sorted(self.dates.items()))
        return _HEAD.pack(ROW_FORMAT, self.alerted) + dates


def order_row_expired(row: bytes, today: int) -> bool:
    """Whether an order's row can be removed: all its dates, and its alert's date, are too long ago."""
    dates = [int(_HEAD.unpack_from(row)[1]), *(int(ordinal) for ordinal, _, _ in _DATE.iter_unpack(row[_HEAD.size :]))]
    return max(dates) < today - ORDER_DAYS_KEPT
