"""Alerts of one posting record (DESIGN section 3). They are never a reason to withhold; each is raised once."""

from datetime import date
from typing import Final

import msgspec

from state.table import Group
from state.withholding.bill import Bill
from state.withholding.clock import Clock
from state.withholding.deciding import Deciding
from state.withholding.heads import Heads
from state.withholding.keys import duplicate_suffix, ledger_suffix
from state.withholding.ledger_ids import LedgerId
from state.withholding.row_format import ROW_FORMAT
from state.withholding.tally import Raised
from stream.alerts import AlertData, AlertKind, alert_event
from stream.periods import CONVEYANCE
from stream.postings import Posting

ALERTED_ROW: Final = bytes((ROW_FORMAT,))
"""The row of an alert that was raised; it holds nothing else."""

_encode = msgspec.json.Encoder().encode


class Alerting:
    """Raises alerts, and remembers which alerts were raised."""

    __slots__ = ("_clock", "_deciding", "_group", "_marks", "_posting", "_raised", "near")

    def __init__(self, deciding: Deciding, posting: Posting, group: Group, clock: Clock) -> None:
        self._deciding = deciding
        self._posting = posting
        self._group = group
        self._clock = clock
        self._marks: dict[bytes, None] = {}
        """Suffixes of the rows to write."""
        self._raised: list[AlertData] = []
        self.near: set[LedgerId] = set()
        """Ledgers with a head that are near their limit now."""

    def near_limit(self, ledger: LedgerId, total: int, limit: int) -> None:
        """Raise `near-limit`, once per ledger: the released total is above 90 % of the limit."""
        if not isinstance(ledger, int) and self._deciding.terms[ledger.programme].has_head:
            is_first = not Heads(self._deciding, self._group, self._clock).was_near(ledger)
            self.near.add(ledger)
        else:
            is_first = self._is_first(ledger_suffix(ledger))
        if is_first:
            self._raise("near-limit", ledger, total=total, limit=limit)

    def duplicate(self, bill: Bill) -> None:
        """Raise `duplicate-bill`, once per bill and ledger: one bill is in it from several conveyances."""
        if self._is_first(duplicate_suffix(bill.bill.encode(), bill.ledger)):
            self._raise("duplicate-bill", bill.ledger, bill=bill)

    def _is_first(self, suffix: bytes) -> bool:
        if suffix in self._marks or self._group.get(suffix) is not None:
            return False
        self._marks[suffix] = None
        return True

    def superseded_release(self, bill: Bill) -> None:
        """Raise `release-superseded`: a released bill is now withheld in the same ledger."""
        self._raise("release-superseded", bill.ledger, bill=bill)

    def structuring(self, programme: str, order: str, total: int, limit: int) -> None:
        """Raise `structuring`: live bills of one order are together over the limit."""
        self._raise("structuring", programme, order=order, total=total, limit=limit)

    def write(self) -> None:
        """Write the rows of what was raised so far."""
        for suffix in self._marks:
            self._group.put(suffix, ALERTED_ROW)

    def raised(self) -> list[bytes]:
        """Return the encoded alerts, in the order in which they were raised, and count them."""
        counts, time, encoded = self._deciding.tally.alerts, self._posting.time, []
        for data in self._raised:
            counts[Raised(data.alert, data.programme)] += 1
            encoded.append(_encode(alert_event(data, time)))
        return encoded

    def _raise(
        self,
        kind: AlertKind,
        of: LedgerId | str,
        *,
        bill: Bill | None = None,
        order: str | None = None,
        total: int | None = None,
        limit: int | None = None,
    ) -> None:
        terms = self._deciding.terms[of] if isinstance(of, str) else self._deciding.terms_of(of)
        day, period, seller = (None, None, None) if isinstance(of, str) else self._words(of)
        if bill is not None:
            day = date.fromordinal(bill.day)
        self._raised.append(
            AlertData(
                kind,
                self._posting.consignee,
                day,
                None if bill is None else bill.bill,
                None if bill is None else bill.conveyance,
                order,
                total,
                limit,
                self._deciding.epoch,
                self._deciding.cause(self._posting),
                terms.id,
                period,
                terms.currency,
                seller,
            )
        )

    def _words(self, ledger: LedgerId) -> tuple[date | None, str, str | None]:
        """Return the day of a ledger, where it is one, its period and its seller."""
        if isinstance(ledger, int):
            day = date.fromordinal(ledger)
            return day, day.isoformat(), None
        seller = ledger.seller or None
        if isinstance(ledger.period, str):
            return None, CONVEYANCE, seller
        terms, first = self._deciding.terms_of(ledger), date.fromordinal(ledger.period)
        return (None if terms.has_head else first), terms.period_text(first), seller
