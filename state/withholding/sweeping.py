"""Sweeping: rows of closed days go, a bounded number at a time, whenever stream time enters a new day."""

from state.table import Group, Overlay
from state.withholding.orders import order_row_expired
from state.withholding.rows import BILL_KIND, DAY_KIND, ORDER_KIND, open_row, pack_row


class Sweep:
    """One pass over a table after stream time entered a day; it can stop and go on between any two rows."""

    def __init__(self, today: int, first_open: int, roots: list[bytes]) -> None:
        self.today = today
        self._first_open = first_open
        self._roots = roots
        self._suffixes: list[bytes] = []
        self._root = b""

    def step(self, table: Overlay, budget: int) -> int:
        """Look at about `budget` rows; gives how many went."""
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
        value = group.get(suffix)
        kind = suffix[:1]
        if value is None:
            return 0
        if kind == ORDER_KIND:
            expired = order_row_expired(value, self.today)
        elif kind == DAY_KIND:
            expired = int.from_bytes(suffix[1:], "big") < self._first_open
        else:
            return self._sweep_bill(group, suffix, value) if kind == BILL_KIND else 0
        if expired:
            group.delete(suffix)
        return int(expired)

    def _sweep_bill(self, group: Group, suffix: bytes, value: bytes) -> int:
        row = open_row(suffix[1:], value, self.today, self._first_open)
        if not row.copies and not row.alerted_days:
            group.delete(suffix)
            return 1
        fresh = pack_row(row.copies, row.alerted_days)
        if fresh != value:
            group.put(suffix, fresh)
        return 0
