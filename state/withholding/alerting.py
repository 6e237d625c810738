"""Alerts of one posting record (DESIGN section 3). They are never a reason to withhold; each is raised once."""

from datetime import date
from typing import Final

import msgspec

from state.table import Group
from state.withholding.bill import Bill
from state.withholding.deciding import Deciding
from state.withholding.keys import ledger_suffix
from state.withholding.rows import ROW_FORMAT
from stream.alerts import AlertData, AlertKind, alert_event
from stream.postings import Posting

ALERTED_ROW: Final = bytes((ROW_FORMAT,))
"""The row of an alert that was raised; it holds nothing else."""

_encode = msgspec.json.Encoder().encode


class Alerting:
    """Raises alerts, and writes to the rows which alerts were raised."""

    __slots__ = ("_deciding", "_group", "_posting", "raised")

    def __init__(self, deciding: Deciding, posting: Posting, group: Group) -> None:
        self._deciding = deciding
        self._posting = posting
        self._group = group
        self.raised: list[bytes] = []
        """Encoded alerts, in the order they were raised."""

    def near_limit(self, ordinal: int, total: int, limit: int) -> None:
        """Raise `near-limit`, once per consignee day: the released total is above 90 % of the limit."""
        suffix = ledger_suffix(ordinal)
        if self._group.get(suffix) is None:
            self._group.put(suffix, ALERTED_ROW)
            self._raise("near-limit", day=date.fromordinal(ordinal), total=total, limit=limit)

    def duplicate(self, bill: Bill, day: date) -> None:
        """Raise `duplicate-bill`: one bill is on a day from several conveyances."""
        self._raise("duplicate-bill", bill=bill, day=day)

    def superseded_release(self, bill: Bill, day: date) -> None:
        """Raise `release-superseded`: a released bill is now withheld on the same day."""
        self._raise("release-superseded", bill=bill, day=day)

    def structuring(self, order: str, total: int, limit: int) -> None:
        """Raise `structuring`: live bills of one order are together over the limit."""
        self._raise("structuring", order=order, total=total, limit=limit)

    def _raise(
        self,
        kind: AlertKind,
        *,
        bill: Bill | None = None,
        day: date | None = None,
        order: str | None = None,
        total: int | None = None,
        limit: int | None = None,
    ) -> None:
        data = AlertData(
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
        )
        self._deciding.tally.alerts[kind] += 1
        self.raised.append(_encode(alert_event(data, self._posting.time)))
