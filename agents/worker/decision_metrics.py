"""What the withholding step has decided, counted once it is committed."""

from collections import Counter
from collections.abc import Iterator
from typing import Final, get_args

from prometheus_client.metrics_core import Metric as Family

from agents.observability.registry import Area, Label, MetricKind
from state.step import Step
from state.withholding import WithholdingStep
from state.withholding.tally import BASES, MODES, Raised, Tally, kinds_under
from state.withholding.tally import Kind as Decided
from stream.alerts import AlertKind
from stream.decisions import Outcome
from stream.outcomes import VERDICTS

DECISIONS: Final = Area("decisions", "Decisions")
"""A worker of the withholding step shows these beside its engine's."""

_LABELS: Final = (
    Label("outcome", get_args(Outcome)),
    Label("reason", tuple(reason for verdict in VERDICTS for reason in verdict.reasons)),
    Label("basis", BASES),
    Label("mode", MODES),
    Label("programme", bound="the enabled programmes, and `other` for a bill that claims none of them"),
)
_decisions = DECISIONS.read(
    MetricKind.COUNTER,
    "tallygate_decisions_total",
    "decisions",
    "Decisions committed. A bill gets one on its estimate, one at arrival, and one at each change.",
    *_LABELS,
)
_values = DECISIONS.read(
    MetricKind.COUNTER,
    "tallygate_decisions_value_total",
    "units of `currency`",
    "Value of the bills of these decisions, before rounding. Add up values of one currency only.",
    *_LABELS,
    Label("currency", bound="the currencies of the enabled programmes"),
)
_alerts = DECISIONS.read(
    MetricKind.COUNTER,
    "tallygate_alerts_total",
    "alerts",
    "Alerts for the officer.",
    Label("kind", get_args(AlertKind)),
    Label("programme", bound="the enabled programmes"),
)


class Tallied:
    """The tally of one step, over all its committed transactions."""

    def __init__(self, tally: Tally) -> None:
        """Show all that can occur as 0 at once: a rate needs a first sample."""
        self._tally = tally
        kinds = list(kinds_under(tally.programmes))
        self._made: Counter[Decided] = Counter(dict.fromkeys(kinds, 0))
        self._cents: Counter[Decided] = Counter(dict.fromkeys((kind for kind in kinds if kind.currency), 0))
        names = [programme.id for programme in tally.programmes]
        self._alerts: Counter[Raised] = Counter(
            dict.fromkeys((Raised(kind, name) for kind in get_args(AlertKind) for name in names), 0)
        )

    @classmethod
    def of(cls, step: Step) -> "Tallied | None":
        """Return the tally of a step that keeps one."""
        return cls(step.tally) if isinstance(step, WithholdingStep) else None

    def keep(self) -> None:
        """Add what was decided in the transaction that is committed now."""
        decided, alerts = self._tally.drain()
        for kind, made, cents in decided:
            self._made[kind] += made
            if kind.currency:
                self._cents[kind] += cents
        self._alerts.update(alerts)

    def drop(self) -> None:
        """Forget what was decided in a transaction that is aborted."""
        self._tally.drain()

    def families(self) -> Iterator[Family]:
        """Return what a scrape shows."""
        # A programme has one currency, so decisions that differ in it differ in the programme too.
        yield _decisions.family((kind[:-1], made) for kind, made in dict(self._made).items())
        yield _values.family((tuple(kind), cents / 100) for kind, cents in dict(self._cents).items())
        yield _alerts.family((tuple(raised), number) for raised, number in dict(self._alerts).items())
