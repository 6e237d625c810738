"""What is shown of a decision, by scope: a scanner sees what to do and why, an auditor sees everything."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, Final, Literal

import msgspec
from msgspec import UNSET, UnsetType

from stream.decisions import Advice, Basis, Cause, Code, Decision, DecisionData, Measure, Outcome, Policy
from stream.outcomes import Action, action
from stream.postings import US_321
from stream.reasons import PERIOD_LINES, REASON_LINES, STALE_LINE, UNKNOWN_LINE


class BillView(msgspec.Struct, frozen=True, kw_only=True):
    """A bill's answer as scope `scan` sees it."""

    bill: str
    conveyance: str | None
    action: Action
    """What to do; HOLD whenever what is known may be old."""
    line: str
    """Why, in one line for a warehouse worker."""
    outcome: Outcome | None
    """Null: nothing is known of the bill."""
    reason: str | None
    basis: Basis | None
    day: date | None
    code: Code | None
    entry_type: Literal["11", "01"] | None
    """The type of entry to file instead, where one is needed."""
    as_of: datetime | UnsetType | None = UNSET
    """Everything decided up to then was taken into account; null: the read model is being filled again."""
    stale: bool | UnsetType = UNSET
    """What is known may be old: do not act on it."""


class AuditBillView(BillView, frozen=True, kw_only=True):
    """A bill's answer as scope `audit` sees it; amounts are hundredths of `currency`, fields as in the decision."""

    programme: str
    period: str | None
    currency: str | None
    consignee: str
    seller: str | None
    order: str | None
    value_cents: int | None
    counted_cents: int | None
    counts: bool
    total_cents: int | None
    limit_cents: int | None
    headroom_cents: int | None
    measures: tuple[Measure, ...]
    filing_errors: tuple[str, ...]
    rule: str | None
    policy: Policy
    advice: Advice | None
    cause: Cause
    epoch: int
    bill_version: int
    posting: int
    revision: int
    time: datetime
    """Of the shipment event that led to it."""
    conveyances: "tuple[AuditBillView, ...] | UnsetType" = UNSET
    """The current decision on each of the bill's other conveyances."""


AUDIT_FIELDS: Final = (
    "programme", "period", "currency", "consignee", "seller", "order", "value_cents", "counted_cents", "counts",
    "total_cents", "limit_cents", "headroom_cents", "measures", "filing_errors", "rule", "policy", "advice", "cause",
    "epoch", "bill_version", "posting", "revision",
)  # fmt: skip


class AnswerFreshness(msgspec.Struct, frozen=True):
    """How up to date an answer is."""

    as_of: datetime | None
    stale: bool


def _line(data: DecisionData, default: str) -> str:
    line = REASON_LINES.get(data.reason, data.reason)
    if data.day is not None and data.period not in {None, data.day.isoformat()}:
        line = PERIOD_LINES.get(data.reason, line)
    return line if data.programme == default else f"{line} ({data.programme})"


def verdict(
    decision: Decision,
    *,
    audit: bool,
    freshness: AnswerFreshness | None = None,
    others: Sequence[Decision] | None = None,
    default: str = US_321,
) -> BillView:
    """Show a decision.

    Without a `freshness` the decision is part of a stream or list, which states its own. `others` are the current
    decisions on the bill's other conveyances. The line names the programme where it is not `default`.
    """
    data = decision.data
    stale = freshness is not None and freshness.stale
    fields: dict[str, Any] = {
        "bill": data.bill,
        "conveyance": data.conveyance,
        "action": Action.HOLD if stale else action(data.outcome, data.basis),
        "line": STALE_LINE if stale else _line(data, default),
        "outcome": data.outcome,
        "reason": data.reason,
        "basis": data.basis,
        "day": data.day,
        "code": data.code,
        "entry_type": data.advice.entry_type if data.advice else None,
    }
    if freshness is not None:
        fields |= {"as_of": freshness.as_of, "stale": freshness.stale}
    if not audit:
        return BillView(**fields)
    fields |= {name: getattr(data, name) for name in AUDIT_FIELDS} | {"time": decision.time}
    if others is not None:
        fields["conveyances"] = tuple(
            verdict(other, audit=True, freshness=freshness, default=default) for other in others
        )
    return AuditBillView(**fields)


def unknown(bill: str, freshness: AnswerFreshness) -> BillView:
    """Return the view of a bill of which nothing is known, for a scanner's WebSocket."""
    return BillView(
        bill=bill, conveyance=None, action=Action.HOLD, line=STALE_LINE if freshness.stale else UNKNOWN_LINE,
        outcome=None, reason=None, basis=None, day=None, code=None, entry_type=None,
        as_of=freshness.as_of, stale=freshness.stale,
    )  # fmt: skip
