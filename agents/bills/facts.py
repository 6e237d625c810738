"""The facts about a bill from all sources, and what could not be found out."""

from datetime import datetime

import msgspec

from stream.decisions import Decision, DecisionData
from stream.outcomes import Action, action


class TimedDecision(msgspec.Struct, frozen=True):
    """A decision and the time of the event that led to it."""

    time: datetime
    data: DecisionData

    @property
    def action(self) -> Action:
        """What a scanner shows for it."""
        return action(self.data.outcome, self.data.basis)


class DayFacts(msgspec.Struct, frozen=True):
    """The consignee's day now."""

    total_cents: int
    limit_cents: int | None
    bills: tuple[DecisionData, ...]
    """In the order in which they were first stated."""
    bills_count: int


class Facts(msgspec.Struct, frozen=True):
    """Everything that an explanation is made from."""

    bill: str
    decision: TimedDecision | None
    """The decision that counts; None: nothing is known."""
    others: tuple[TimedDecision, ...]
    """The current decisions on its other conveyances."""
    day: DayFacts | None
    history: tuple[TimedDecision, ...]
    """Every decision, oldest first."""
    history_complete: bool
    as_of: datetime | None
    """The day's figures hold everything decided up to then."""
    stale: bool
    """The day's figures may be old."""
    missing: tuple[str, ...]
    """What could not be found out, and what to do about it."""


def timed(decision: Decision) -> TimedDecision:
    """Return what is needed of a decision event."""
    return TimedDecision(decision.time, decision.data)
