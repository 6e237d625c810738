"""What a projection shows: its counts as they stand when somebody asks, and how far the read model is behind."""

from collections.abc import Callable, Iterable, Iterator
from time import monotonic, time
from typing import Final

from prometheus_client.metrics_core import Metric as Family

from agents.observability.metrics_server import Shown, show
from agents.observability.process_metrics import tell_build
from agents.observability.registry import Area, Label, MetricKind
from agents.readmodel.projection import Projection
from agents.settings.metrics_group import MetricsSettings

PROJECTION: Final = Area("projection", "Projection")

STUCK_SECONDS: Final = 120.0
"""Kafka may take forty seconds to fail a request, and a turn makes a few."""

_WHERE: Final = (
    Label("topic", ("decisions", "alerts")),
    Label("partition", bound="the partitions of the decisions topic"),
)


_records = PROJECTION.read(
    MetricKind.COUNTER,
    "tallygate_projection_records_total",
    "records",
    "Records applied, including repeated and outranked ones.",
)
_changed = PROJECTION.read(
    MetricKind.COUNTER,
    "tallygate_projection_changes_total",
    "changes",
    "Decisions that became current, and new alerts.",
)
_unreadable = PROJECTION.read(
    MetricKind.COUNTER,
    "tallygate_projection_unreadable_total",
    "records",
    "Records in the two topics that Tallygate did not write.",
)
_placings = PROJECTION.read(
    MetricKind.COUNTER,
    "tallygate_projection_placings_total",
    "lookups",
    "Lookups of the offsets that Redis holds: at assignments, and after Redis was away.",
)
_fills = PROJECTION.read(
    MetricKind.COUNTER,
    "tallygate_projection_fills_total",
    "partitions",
    "Partitions filled from their beginning, because Redis held nothing of them.",
)
_failures = PROJECTION.read(
    MetricKind.COUNTER, "tallygate_projection_failures_total", "failures", "Times that Redis or Kafka did not answer."
)
_away = PROJECTION.read(
    MetricKind.GAUGE,
    "tallygate_projection_away_seconds",
    "seconds",
    "How long Redis or Kafka has not answered; else 0.",
)
_ready = PROJECTION.read(
    MetricKind.GAUGE,
    "tallygate_projection_ready",
    "boolean",
    "1 while the projection reads every partition that it is assigned, else 0.",
)
_lag = PROJECTION.read(
    MetricKind.GAUGE,
    "tallygate_projection_lag_offsets",
    "offsets",
    "Lag: offsets between what Redis has applied and the last stable offset, at the latest fetch.",
    *_WHERE,
)
_behind = PROJECTION.read(
    MetricKind.GAUGE,
    "tallygate_projection_behind_seconds",
    "seconds",
    "Redis holds everything that was committed to the partition this many seconds ago or earlier.",
    *_WHERE,
)


class ProjectionMetrics:
    """Shows one projection; the only one of its process."""

    def __init__(self, projection: Projection, now: Callable[[], float] = time) -> None:
        self._projection = projection
        self._now = now
        self.reading = PROJECTION.reads(self.families)

    def families(self) -> Iterable[Family]:
        """Return what a scrape shows; called in the thread that serves it."""
        yield from self._counts()
        places = dict(self._projection.progress.places)
        yield _lag.family(((topic, str(number)), place.lag) for (topic, number), place in places.items())
        now_ms = self._now() * 1000
        yield _behind.family(
            ((topic, str(number)), max(0.0, now_ms - place.fresh_ms) / 1000)
            for (topic, number), place in places.items()
            if place.fresh_ms is not None
        )

    def stuck(self) -> str:
        """Say that the loop does not get on, for `/livez`."""
        seconds = monotonic() - self._projection.progress.turned
        return f"the loop has not turned for {seconds:.0f} s" if seconds > STUCK_SECONDS else ""

    def _counts(self) -> Iterator[Family]:
        progress = self._projection.progress
        for metric, number in (
            (_records, progress.records),
            (_changed, progress.changed),
            (_unreadable, progress.unreadable),
            (_placings, progress.placings),
            (_fills, progress.fills),
            (_failures, progress.failures),
            (_away, 0.0 if progress.away_since is None else monotonic() - progress.away_since),
            (_ready, float(not self._projection.unready())),
        ):
            yield metric.family([((), number)])


def watch_projection(settings: MetricsSettings, projection: Projection) -> None:
    """Show a projection's metrics, if they are on."""
    if settings.port:
        metrics = ProjectionMetrics(projection)
        tell_build(PROJECTION)
        show(settings, "projection", Shown(PROJECTION, metrics.stuck, projection.unready))
