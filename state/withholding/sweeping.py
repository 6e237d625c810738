"""Sweeping: it removes rows of closed ledgers, a bounded number at a time, when stream time enters a new day."""

from typing import Final

from state.table import Group, Overlay
from state.withholding.clock import Clock
from state.withholding.deciding import Deciding
from state.withholding.heads import head_expired
from state.withholding.keys import (
    BILL_KIND,
    COPY_KIND,
    DUPLICATE_KIND,
    LEDGER_KIND,
    ORDER_KIND,
    bill_suffix,
    number_of_copy,
    period_of_ledger,
    programme_of_order,
)
from state.withholding.orders import order_row_expired
from state.withholding.rows import open_row, pack_row, pack_shared, shared_copies

_OF_A_LEDGER: Final = frozenset((DUPLICATE_KIND, LEDGER_KIND))


class Sweep:
    """One pass over a table after stream time entered a day; it can pause between any two rows."""

    def __init__(self, deciding: Deciding, clock: Clock, roots: list[bytes]) -> None:
        self.today = clock.today
        self._deciding = deciding
        self._clock = clock
        self._roots = roots
        self._suffixes: list[bytes] = []
        self._root = b""

    def step(self, table: Overlay, budget: int) -> int:
        """Look at about `budget` rows. Return how many were removed."""
        gone = 0
        while budget > 0 and (self._suffixes or self._roots):
            if not self._suffixes:
                self._root = self._roots.pop()
                self._suffixes = [suffix for suffix, _ in table.group(self._root).items()] if self._root else []
                budget -= 1
                continue
            group = table.group(self._root)
            for suffix in self._suffixes[-budget:]:
                gone += self._sweep_row(group, suffix)
            looked_at = min(budget, len(self._suffixes))
            del self._suffixes[-budget:]
            budget -= looked_at
        return gone

    def _sweep_row(self, group: Group, suffix: bytes) -> int:
        value, kind = group.get(suffix), suffix[:1]
        if value is None:
            return 0
        if kind == ORDER_KIND:
            expired = order_row_expired(value, self._clock.today_of(programme_of_order(suffix)))
        elif kind in _OF_A_LEDGER:
            expired = self._is_closed(suffix, value)
        elif kind == BILL_KIND and not shared_copies(value):
            return self._sweep_copy(group, suffix, suffix[1:], value)
        elif kind == COPY_KIND:
            return self._sweep_shared(group, suffix, value)
        else:
            return 0
        if expired:
            group.delete(suffix)
        return int(expired)

    def _is_closed(self, suffix: bytes, value: bytes) -> bool:
        period = period_of_ledger(suffix)
        terms = self._deciding.terms.get(period.programme)
        if terms is None:
            return False
        if terms.by_conveyance:
            return head_expired(self._deciding, self._clock, terms, value)
        return not self._clock.is_open(terms, period.first)

    def _sweep_shared(self, group: Group, suffix: bytes, value: bytes) -> int:
        """Sweep a copy of a shared number; with the last copy, remove the row that counts them too."""
        number = number_of_copy(suffix)
        gone = self._sweep_copy(group, suffix, number, value)
        if gone:
            shared = bill_suffix(number)
            copies = shared_copies(group.get(shared) or pack_shared(1)) - 1
            if copies:
                group.put(shared, pack_shared(copies))
            else:
                group.delete(shared)
                gone += 1
        return gone

    def _sweep_copy(self, group: Group, suffix: bytes, number: bytes, value: bytes) -> int:
        copy = open_row(number, value, self._clock)
        if copy is None:
            group.delete(suffix)
            return 1
        fresh = pack_row(copy)
        if fresh != value:
            group.put(suffix, fresh)
        return 0
