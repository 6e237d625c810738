"""Counts of decisions and alerts for monitoring, beside the judging; they never influence a decision."""

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple, get_args

from state.rules.programmes import Programme
from stream.alerts import AlertKind
from stream.decisions import Outcome
from stream.events import Mode
from stream.outcomes import LIMITS, VERDICTS, Verdict

MODES: Final[tuple[str, ...]] = get_args(Mode)
BASES: Final = ("actual", "estimated", "none")
OTHER: Final = "other"
"""Stands for every programme that is not enabled."""

_CLOSED: Final = 1
_FILING_ERROR: Final = 2
_PENDING: Final = 3
_UNAGGREGATED: Final = 9
_MISFIT: Final = 10
_FIT: Final = 11


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


def kinds_under(programmes: Iterable[Programme]) -> Iterator[Kind]:
    """Yield every kind that a decision under these programmes, or under one that is not enabled, can be of."""
    for programme in programmes:
        yield from _kinds_of(programme)
    for verdict in VERDICTS[:_FILING_ERROR]:
        for reason in verdict.reasons:
            if reason != "superseded":  # only a bill that has a day has copies
                yield from (Kind(verdict.outcome, reason, "none", mode, OTHER, "") for mode in MODES)


def _kinds_of(programme: Programme) -> Iterator[Kind]:
    other_limit = LIMITS[programme.window == "day"]
    for mode in MODES:
        rows = {_MISFIT, _FIT} if mode in programme.unaggregated_modes else {_UNAGGREGATED}
        for verdict in VERDICTS:
            if verdict.row not in rows:
                for reason in verdict.reasons:
                    if reason != other_limit:
                        for outcome, basis in _readings(verdict):
                            yield Kind(outcome, reason, basis, mode, programme.id, programme.currency)


def _readings(verdict: Verdict) -> Iterable[tuple[Outcome, str]]:
    """Return the outcome of a row on each basis on which it can occur."""
    on_a_day = [(verdict.outcome, "actual"), (verdict.outcome_estimated, "estimated")]
    if verdict.row == _PENDING:
        return [(verdict.outcome, "none")]
    if verdict.row in {_CLOSED, _FILING_ERROR}:
        return [*on_a_day, (verdict.outcome, "none")]
    # Where the enforcement only warns, an arrived misfit gets `warn` too.
    return [*on_a_day, (verdict.outcome_estimated, "actual")] if verdict.row == _MISFIT else on_a_day


class Count:
    """Decisions of one kind."""

    __slots__ = ("cents", "made")

    def __init__(self) -> None:
        self.made = 0
        self.cents = 0
        """Sum of their values, in hundredths of the kind's currency."""


class Tally:
    """Counts since the last drain. A runner drains it at each commit, and drops what it drains at an abort."""

    def __init__(self, programmes: Iterable[Programme]) -> None:
        self.programmes = tuple(programmes)
        """The enabled ones."""
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
