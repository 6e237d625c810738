"""What is known of a bill, wherever it came from, and what could not be found out."""

from datetime import datetime

import msgspec

from stream.decisions import Decision, DecisionData
from stream.outcomes import Action, action


class BillOnDay(msgspec.Struct, frozen=True):
    """A decision and the time of the event that led to it."""

    time: datetime
    data: DecisionData

    @property
    def action(self) -> Action:
        """What it means for a scanner."""
        return action(self.data.outcome, self.data.basis)


class DayFacts(msgspec.Struct, frozen=True):
    """The consignee's day as it is now."""

    total_cents: int
    limit_cents: int | None
    bills: tuple[DecisionData, ...]
    """In the order in which they were first stated."""
    bills_count: int


class Facts(msgspec.Struct, frozen=True):
    """Everything that an explanation says."""

    bill: str
    decision: BillOnDay | None
    """The one that counts; None: nothing is known."""
    others: tuple[BillOnDay, ...]
    """The current ones on its other conveyances."""
    day: DayFacts | None
    history: tuple[BillOnDay, ...]
    """Every decision, oldest first."""
    history_complete: bool
    as_of: datetime | None
    """Everything decided up to then is in the day's figures."""
    stale: bool
    """They may be old."""
    missing: tuple[str, ...]
    """What could not be found out, and what to do about it."""


def standing_of(decision: Decision) -> BillOnDay:
    """Take what is needed of a decision."""
    return BillOnDay(decision.time, decision.data)
