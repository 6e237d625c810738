"""A consignee's day as a table: one row a bill, with what its ledger comes to."""

from collections.abc import Iterator
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from agents.gateway.endpoints.views import AuditBillView

if TYPE_CHECKING:
    from agents.gateway.endpoints.consignee_days import ConsigneeDay, LedgerView

COLUMNS: Final = (
    "programme", "period", "seller", "currency", "total", "limit", "headroom", "bill", "conveyance", "order", "action",
    "outcome", "reason", "line", "basis", "day", "value", "counted", "counts", "entry_type", "rule", "time", "as_of",
)  # fmt: skip
TABLE_BILLS: Final = 10_000
"""Most bills of a ledger in one table; Redis serves no other client while it reads them."""


def day_rows(day: "ConsigneeDay") -> Iterator[tuple[object, ...]]:
    """Return a row for each bill of each ledger."""
    for ledger in (day, *day.further):
        for bill in ledger.bills:
            yield _row(ledger, bill)


def _row(ledger: "LedgerView", bill: AuditBillView) -> tuple[object, ...]:
    as_of = bill.as_of.isoformat() if bill.as_of else None
    return (
        ledger.programme, ledger.period, ledger.seller, ledger.currency, _amount(ledger.total_cents),
        _amount(ledger.limit_cents), _amount(ledger.headroom_cents), bill.bill, bill.conveyance, bill.order,
        bill.action.value, bill.outcome, bill.reason, bill.line, bill.basis, bill.day, _amount(bill.value_cents),
        _amount(bill.counted_cents), bill.counts, bill.entry_type, bill.rule, bill.time.isoformat(), as_of,
    )  # fmt: skip


def _amount(cents: int | None) -> Decimal | None:
    return None if cents is None else Decimal(cents).scaleb(-2)
