"""What was decided and raised, counted beside the judging for whoever watches; it never has a say in a decision."""

from collections import Counter
from typing import NamedTuple

from stream.alerts import AlertKind
from stream.decisions import Outcome


class Kind(NamedTuple):
    """What decisions are counted by."""

    outcome: Outcome
    reason: str
    basis: str
    """`actual`, `estimated`, or `none` where the decision states no day."""
    mode: str


class Count:
    """Decisions of one kind."""

    __slots__ = ("cents", "made")

    def __init__(self) -> None:
        self.made = 0
        self.cents = 0
        """Their values together, US cents."""


class Tally:
    """Counts since the last drain; a runner drains it at each commit, and throws away what it drains at an abort."""

    def __init__(self) -> None:
        self._counts: dict[Kind, Count] = {}
        self.alerts: Counter[AlertKind] = Counter()

    def count_of(self, kind: Kind) -> Count:
        """The count of one kind, which stays the same object: whoever writes decisions keeps it at hand."""
        return self._counts.setdefault(kind, Count())

    def drain(self) -> tuple[list[tuple[Kind, int, int]], Counter[AlertKind]]:
        """Decisions made and their cents by kind, and alerts by kind, since the last time."""
        decided = [(kind, count.made, count.cents) for kind, count in self._counts.items() if count.made]
        for kind, _made, _cents in decided:
            count = self._counts[kind]
            count.made = count.cents = 0
        alerts, self.alerts = self.alerts, Counter()
        return decided, alerts
