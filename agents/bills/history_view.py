"""A history as JSON: the fields of each decision, and its place in the topic."""

from datetime import datetime

import msgspec

from agents.bills.history import History, Past
from stream.decisions import DecisionData
from stream.outcomes import Action, action


class PastDecision(DecisionData, frozen=True, kw_only=True, gc=False):
    """An earlier decision with all its fields; amounts are hundredths of `currency`."""

    time: datetime
    """Time of the event that caused it."""
    partition: int
    """Of the decisions topic."""
    offset: int
    action: Action
    """What it meant for a scanner then."""


class BillHistory(msgspec.Struct, frozen=True):
    """A bill's decisions, oldest first by the topic's order, on all its conveyances."""

    bill: str
    decisions: tuple[PastDecision, ...]
    complete: bool
    """Everything that is committed was read; else go on with `next`."""
    next: str | None
    """`after` of the next page."""


def history_view(bill: str, found: History) -> BillHistory:
    """Show a page of a bill's history."""
    following = None if found.next is None else str(found.next)
    return BillHistory(bill, tuple(_past(past) for past in found.past), found.complete, following)


def _past(past: Past) -> PastDecision:
    data = past.decision.data
    fields = {name: getattr(data, name) for name in DecisionData.__struct_fields__}
    meant = action(data.outcome, data.basis)
    return PastDecision(**fields, time=past.decision.time, partition=past.partition, offset=past.offset, action=meant)
