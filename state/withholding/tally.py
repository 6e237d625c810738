"""Counts of decisions and alerts for monitoring, beside the judging; they never influence a decision."""

from collections import Counter
from typing import NamedTuple

from stream.alerts import AlertKind
from stream.decisions import Outcome


class Kind(NamedTuple):
    """The fields by which decisions are counted."""

    outcome: Outcome
    reason: str
    basis: str
    """`actual`, `estimated`, or `none` if the decision states no day."""
    mode: str
    programme: str
    """One of the enabled, or `other`."""
    currency: str
    """That of the programme; empty where it is `other`, since such a bill has no value."""


class Raised(NamedTuple):
    """The fields by which alerts are counted."""

    kind: AlertKind
    programme: str


class Count:
    """Decisions of one kind."""

    __slots__ = ("cents", "made")

    def __init__(self) -> None:
        self.made = 0
        self.cents = 0
        """Sum of their values, in hundredths of the kind's currency."""


class Tally:
    """Counts since the last drain. A runner drains it at each commit, and drops what it drains at an abort."""

    def __init__(self) -> None:
        self._counts: dict[Kind, Count] = {}
        self.alerts: Counter[Raised] = Counter()

    def count_of(self, kind: Kind) -> Count:
        """Return the count of one kind. It is always the same object, so the writer of decisions can keep it."""
        return self._counts.setdefault(kind, Count())

    def drain(self) -> tuple[list[tuple[Kind, int, int]], Counter[Raised]]:
        """Return decisions and their cents by kind, and alerts, since the last drain, and reset them."""
        decided = [(kind, count.made, count.cents) for kind, count in self._counts.items() if count.made]
        for kind, _made, _cents in decided:
            count = self._counts[kind]
            count.made = count.cents = 0
        alerts, self.alerts = self.alerts, Counter()
        return decided, alerts
