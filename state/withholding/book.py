"""The book of a consignee: its days, built from its rows and kept as the group's index while the group is large."""

from collections.abc import Iterable, Iterator
from typing import Final

from state.table import Group
from state.withholding.bill import NO_DAY, Bill
from state.withholding.day import DAY_CLASSES, Day
from state.withholding.keys import BILL_KIND, COPY_KIND, number_of_copy
from state.withholding.rivals import Rivals
from state.withholding.rows import open_row, shared_copies
from state.withholding.statuses import CANDIDATES, CLEAR, KEEPS_COUNTING, RELEASED, SUPERSEDED
from stream.decisions import Overflow, Rounding
from stream.money import whole_dollars

_ROWS_A_SLICE: Final = 2000
"""Rows read between two yields: about 15 ms."""


class Book:
    """Days of one large consignee. It holds only what is in the rows, so it can always be built again."""

    __slots__ = ("_day_class", "_days", "_rival_count", "_rivals", "_rounding")

    def __init__(self, overflow: Overflow, rounding: Rounding) -> None:
        self._days: dict[int, Day] = {}
        self._rivals: dict[int, dict[str, Rivals]] = {}
        """Copies of shared numbers, by day and number."""
        self._rival_count = 0
        self._day_class = DAY_CLASSES[overflow]
        self._rounding = rounding

    @property
    def weight(self) -> int:
        """Number of bills that it keeps in memory; released ones are only a sum."""
        return self._rival_count + len(self._days) + sum(day.size for day in self._days.values())

    def build(self, group: Group, today: int, first_open: int) -> Iterator[None]:
        """Read all rows of a group. Yield between slices."""
        for number, (suffix, value) in enumerate(group.items(), 1):
            if number % _ROWS_A_SLICE == 0:
                yield
            kind = suffix[:1]
            if kind == COPY_KIND:
                copy = open_row(number_of_copy(suffix), value, today, first_open)
                if copy is not None:
                    self.join_copy(copy, counted=copy.status != SUPERSEDED)
                    self._take_up(copy)
            elif kind == BILL_KIND and not shared_copies(value):
                copy = open_row(suffix[1:], value, today, first_open)
                if copy is not None:
                    self._take_up(copy)

    def _take_up(self, bill: Bill) -> None:
        """Add a bill from its row, with the status that it has there."""
        if bill.day == NO_DAY or bill.value is None:
            return
        if bill.status in KEEPS_COUNTING:
            self.count_closed(bill)
        elif bill.status in CANDIDATES:
            fits = bill.status in {RELEASED, CLEAR}
            self._day(bill.day).load(bill.key, self._counted(bill), arrived=bill.arrived, fits=fits)

    def close_before(self, first_open: int) -> None:
        """Drop days that are closed."""
        for ordinal in [ordinal for ordinal in self._days if ordinal < first_open]:
            del self._days[ordinal]
        for ordinal in [ordinal for ordinal in self._rivals if ordinal < first_open]:
            self._rival_count -= sum(map(len, self._rivals.pop(ordinal).values()))

    def join_copy(self, copy: Bill, *, counted: bool) -> None:
        """See `Days`."""
        if copy.day == NO_DAY or copy.status in KEEPS_COUNTING:
            return
        rivals = self._rivals.setdefault(copy.day, {}).setdefault(copy.bill, Rivals())
        before = len(rivals)
        rivals.join(copy)
        self._rival_count += len(rivals) - before
        if counted:
            rivals.counted = copy.conveyance

    def leave_copy(self, copy: Bill) -> None:
        """See `Days`."""
        numbers = self._rivals.get(copy.day, {})
        rivals = numbers.get(copy.bill)
        if rivals is None:
            return
        before = len(rivals)
        rivals.leave(copy.conveyance)
        self._rival_count += len(rivals) - before
        if not rivals:
            del numbers[copy.bill]
        if not numbers:
            del self._rivals[copy.day]

    def contenders(self, number: str, ordinal: int) -> tuple[int, Iterable[str]]:
        """See `Days`: the copy that counted, and the first of the others."""
        rivals = self._rivals.get(ordinal, {}).get(number)
        return (0, ()) if rivals is None else (len(rivals), rivals.contenders())

    def note_counted(self, number: str, ordinal: int, conveyance: str) -> None:
        """See `Days`."""
        self._rivals[ordinal][number].counted = conveyance

    def copied(self, ordinal: int) -> Iterable[str]:
        """See `Days`."""
        return sorted(number for number, rivals in self._rivals.get(ordinal, {}).items() if len(rivals) > 1)

    def take_out(self, bill: Bill) -> None:
        """See `Days`."""
        if bill.status == RELEASED and bill.arrived:
            self._day(bill.day).take_released(bill.key, self._counted(bill))
        elif bill.counts:
            self._day(bill.day).count_closed(-self._counted(bill))
        elif bill.status in CANDIDATES:
            self._day(bill.day).take(bill.key, arrived=bill.arrived)

    def count_closed(self, bill: Bill) -> None:
        """See `Days`."""
        self._day(bill.day).count_closed(self._counted(bill))

    def put(self, bill: Bill, counted: int) -> None:
        """See `Days`."""
        if bill.status == RELEASED:
            self._day(bill.day).put_released(bill.key, counted)
        else:
            self._day(bill.day).put(bill.key, counted, arrived=bill.arrived)

    def settle(self, ordinal: int, limit: int) -> Iterable[tuple[Bill | bytes, bool] | None]:
        """See `Days`."""
        day = self._days.get(ordinal)
        return () if day is None else day.settle(limit)

    def totals(self, ordinal: int) -> tuple[int, int]:
        """See `Days`."""
        day = self._days.get(ordinal)
        return (0, 0) if day is None else (day.total, day.projected)

    def would_release(self, ordinal: int, bill: Bill, counted: int, limit: int) -> bool:
        """See `Days`."""
        day = self._days.get(ordinal)
        return counted <= limit if day is None else day.would_release(bill.key, counted, limit)

    def _day(self, ordinal: int) -> Day:
        day = self._days.get(ordinal)
        if day is None:
            day = self._days[ordinal] = self._day_class()
        return day

    def _counted(self, bill: Bill) -> int:
        value = bill.value or 0
        return value if self._rounding == "cents" else whole_dollars(value)
