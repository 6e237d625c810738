"""The book of a consignee: its open days, built from its rows, kept as the group's index while the group is large."""

from collections.abc import Iterator
from typing import Final

from state.table import Group
from state.withholding.bill import NO_DAY, Bill, unpack_row
from state.withholding.day import DAY_CLASSES, Day
from state.withholding.statuses import CANDIDATES, CLEAR, KEEPS_COUNTING, RELEASED
from stream.decisions import Overflow, Rounding
from stream.money import whole_dollars

BILL_KIND: Final = b"b"
DAY_KIND: Final = b"d"
ORDER_KIND: Final = b"o"

_ROWS_A_SLICE: Final = 2000


class Row:
    """The copies of one bill number, as the running judging sees them."""

    __slots__ = ("alerted_days", "copies")

    def __init__(self, copies: list[Bill], alerted_days: tuple[int, ...]) -> None:
        self.copies = copies
        self.alerted_days = alerted_days


class Book:
    """Open days of one consignee. It holds nothing that is not in the rows, so it can always be built anew."""

    __slots__ = ("_day_class", "_rounding", "days", "weight")

    def __init__(self, overflow: Overflow, rounding: Rounding) -> None:
        self.days: dict[int, Day] = {}
        """By ordinal of the date."""
        self.weight = 0
        """Bills taken up so far, roughly."""
        self._day_class = DAY_CLASSES[overflow]
        self._rounding = rounding

    def counted(self, value: int) -> int:
        """A value as the total counts it."""
        return value if self._rounding == "cents" else whole_dollars(value)

    def day(self, ordinal: int) -> Day:
        """The day, opened if need be."""
        day = self.days.get(ordinal)
        if day is None:
            day = self.days[ordinal] = self._day_class()
        return day

    def take_up(self, bill: Bill) -> None:
        """Take over a bill from its row, judged as it is."""
        if bill.day == NO_DAY or bill.value is None:
            return
        self.weight += 1
        counted = self.counted(bill.value)
        if bill.status in KEEPS_COUNTING:
            self.day(bill.day).count_closed(counted)
        elif bill.status in CANDIDATES:
            fits = bill.status in {RELEASED, CLEAR}
            self.day(bill.day).load(bill.key, counted, arrived=bill.arrived, fits=fits)

    def build(self, group: Group, first_open: int, rows: dict[bytes, Row] | None = None) -> Iterator[None]:
        """Take up all rows of a group; yields between slices. Rows read are left in `rows`, if given."""
        for number, (suffix, value) in enumerate(group.items(), 1):
            if number % _ROWS_A_SLICE == 0:
                yield
            if suffix[:1] != BILL_KIND:
                continue
            row = open_row(suffix[1:], value, first_open)
            for copy in row.copies:
                self.take_up(copy)
            if rows is not None:
                rows[suffix[1:]] = row

    def close_before(self, first_open: int) -> None:
        """Forget days that are closed."""
        for ordinal in [ordinal for ordinal in self.days if ordinal < first_open]:
            del self.days[ordinal]


def open_row(bill: bytes, value: bytes, first_open: int) -> Row:
    """Read a row without what is on a closed day: whether that was swept already must make no difference."""
    copies, alerted = unpack_row(bill, value)
    if any(NO_DAY < copy.day < first_open for copy in copies):
        copies = [copy for copy in copies if not NO_DAY < copy.day < first_open]
    if alerted:
        alerted = tuple(day for day in alerted if day >= first_open)
    return Row(copies, alerted)
