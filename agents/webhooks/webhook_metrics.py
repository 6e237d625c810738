"""Metrics of the webhooks: attempts as they end, and how each webhook is at the time of a scrape."""

from collections.abc import Callable, Collection, Iterable
from datetime import datetime
from time import monotonic, time
from typing import Final, Protocol

from prometheus_client.metrics_core import Metric as Family

from agents.observability.registry import Area, Label, MetricKind
from agents.webhooks.receiver import RESULTS

WEBHOOKS: Final = Area("webhooks", "Webhooks")

STUCK_SECONDS: Final = 120.0
"""A turn writes to Kafka, which may take ten seconds to fail, and to let go of."""

_WEBHOOK: Final = Label("webhook", bound="the ids in the webhooks file, at most 100 at a time")

_attempts = WEBHOOKS.counter(
    "tallygate_webhook_attempts_total",
    "attempts",
    "Attempts to deliver, by result.",
    _WEBHOOK,
    Label("result", RESULTS),
)
_lag = WEBHOOKS.read(
    MetricKind.GAUGE,
    "tallygate_webhook_lag_offsets",
    "offsets",
    "Offsets between what a webhook has read and the last stable offset, over all partitions.",
    _WEBHOOK,
)
_waiting = WEBHOOKS.read(
    MetricKind.GAUGE, "tallygate_webhook_waiting", "deliveries", "Deliveries that were read and are not done.", _WEBHOOK
)
_failing = WEBHOOKS.read(
    MetricKind.GAUGE,
    "tallygate_webhook_failing_seconds",
    "seconds",
    "How long the oldest delivery that fails has failed; else 0.",
    _WEBHOOK,
)
_dead = WEBHOOKS.read(
    MetricKind.GAUGE,
    "tallygate_webhook_dead",
    "boolean",
    "1 while nothing is delivered until `tallygate webhooks enable`, else 0.",
    _WEBHOOK,
)
_unsaved = WEBHOOKS.read(
    MetricKind.GAUGE,
    "tallygate_webhook_unsaved_seconds",
    "seconds",
    "How long the places of the webhooks could not be written to Kafka; else 0.",
)
_unreadable = WEBHOOKS.read(
    MetricKind.GAUGE,
    "tallygate_webhook_file_unreadable",
    "boolean",
    "1 while the webhooks file cannot be read, and the webhooks of before go on; else 0.",
)


def begin_attempts(webhook_id: str) -> None:
    """Show a webhook's counters as 0 from the start."""
    for result in RESULTS:
        _attempts.begin(webhook_id, result)


def count_attempt(webhook_id: str, result: str) -> None:
    """Count an attempt."""
    _attempts.add(webhook_id, result)


class Failure(Protocol):
    """A delivery that fails."""

    @property
    def since(self) -> datetime:
        """Its first failure."""


class Delivered(Protocol):
    """One webhook."""

    @property
    def lag(self) -> int:
        """Offsets that it has not read."""

    @property
    def waiting(self) -> int:
        """Deliveries that are not done."""

    @property
    def failing(self) -> Failure | None:
        """The oldest delivery that fails."""

    @property
    def dead(self) -> object | None:
        """Why it is dead."""


class WebhooksShown:
    """What the process lets a scrape see; written by its loop, read in the thread that serves scrapes."""

    def __init__(self, now: Callable[[], float] = time) -> None:
        self.webhooks: dict[str, Delivered] = {}
        self.lost: Collection[str] = ()
        """Webhooks whose row in the control topic cannot be read; they are not delivered."""
        self.unsaved_since: float | None = None
        """Seconds, monotonic clock."""
        self.unreadable = ""
        """What is wrong with the file."""
        self.turned = monotonic()
        self._now = now
        self.reading = WEBHOOKS.reads(self.families)

    def families(self) -> Iterable[Family]:
        """Yield the metrics of a scrape."""
        webhooks = dict(self.webhooks)
        dead = {webhook_id: float(each.dead is not None) for webhook_id, each in webhooks.items()}
        dead |= dict.fromkeys(self.lost, 1.0)
        yield _lag.family(((webhook_id,), each.lag) for webhook_id, each in webhooks.items())
        yield _waiting.family(((webhook_id,), each.waiting) for webhook_id, each in webhooks.items())
        yield _failing.family(((webhook_id,), self._seconds(each.failing)) for webhook_id, each in webhooks.items())
        yield _dead.family(((webhook_id,), number) for webhook_id, number in dead.items())
        yield _unsaved.family([((), 0.0 if self.unsaved_since is None else monotonic() - self.unsaved_since)])
        yield _unreadable.family([((), float(bool(self.unreadable)))])

    def stuck(self) -> str:
        """Return for `/livez` that the loop is stuck, or an empty string."""
        seconds = monotonic() - self.turned
        return f"the loop has not turned for {seconds:.0f} s" if seconds > STUCK_SECONDS else ""

    def unready(self) -> str:
        """Return why not every webhook is served as the file says, or an empty string."""
        return self.unreadable or ("Kafka is away" if self.unsaved_since is not None else "")

    def _seconds(self, failing: Failure | None) -> float:
        return max(0.0, self._now() - failing.since.timestamp()) if failing else 0.0
