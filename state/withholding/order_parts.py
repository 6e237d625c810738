"""What the bills of one posting record add to their orders, now and before the record."""

from collections.abc import Iterable, Iterator
from typing import Final

from state.table import Group
from state.withholding.bill import Bill
from state.withholding.clock import Clock
from state.withholding.deciding import Deciding
from state.withholding.orders import OrderId, Orders, Part, order_part

_YIELD_EVERY: Final = 500
_UNKNOWN: Final = "unknown-programme"


class OrderParts:
    """Parts of orders that a record changes: noted before it, and settled once all its ledgers are judged."""

    __slots__ = ("_clock", "_deciding", "_group", "_orders", "_parts")

    def __init__(self, deciding: Deciding, group: Group, clock: Clock) -> None:
        self._deciding = deciding
        self._group = group
        self._clock = clock
        self._parts: dict[tuple[str, str], tuple[str, Part] | None] = {}
        """What a bill added to its order before this record, and under which programme; None where it added nothing.
        The key is number and conveyance: if its conveyance was forgotten, the bill has another place in manifest order
        now."""
        self._orders: Orders | None = None

    def _part(self, bill: Bill) -> tuple[str, Part] | None:
        """Return what a bill adds to its order, and under which programme."""
        if bill.order is None or bill.programme not in self._deciding.terms or _UNKNOWN in bill.filing_errors:
            return None
        part = order_part(bill, self._clock.zone_of(bill.programme))
        return None if part is None else (bill.programme, part)

    def note(self, bill: Bill) -> None:
        """Keep what a bill added to its order before this record."""
        if bill.order is not None:
            self._parts.setdefault((bill.bill, bill.conveyance), self._part(bill))

    def settle(self, own: Iterable[tuple[Bill, bool]], others: Iterable[Bill]) -> Iterator[None]:
        """Update the orders, so that a decision can see a split one; `own` says of each bill whether it is gone."""
        for bill, gone in own:
            if bill.order is not None or self._parts:
                self._settle_part(bill, gone=gone)
        for looked_at, other in enumerate(others, 1):
            self._settle_part(other, gone=False)
            if looked_at % _YIELD_EVERY == 0:
                yield

    def _settle_part(self, bill: Bill, *, gone: bool) -> None:
        before = self._parts.pop((bill.bill, bill.conveyance), None) if self._parts else None
        after = None if gone else self._part(bill)
        if before != after:
            for part, sign in ((before, -1), (after, 1)):
                if part is not None:
                    self._open().change(*part, sign)

    def is_split(self, bill: Bill, limit_cents: int) -> bool:
        """Whether bills of its order, itself among them, are together over these cents; once all are settled."""
        return bill.order is not None and self._open().is_split(bill, limit_cents)

    def write(self) -> list[tuple[OrderId, int, int]]:
        """Write the rows. Return each order that is split now and was not reported yet, with cents and limit."""
        return [] if self._orders is None else self._orders.settle()

    def _open(self) -> Orders:
        if self._orders is None:
            self._orders = Orders(self._deciding, self._group, self._clock)
        return self._orders
