"""The typed registry: every metric states its kind, unit and meaning, and what bounds the values of its labels.

A metric is counted as things happen, or read from plain numbers at a scrape. No label ever holds what comes from
outside unchecked: a value that was not declared is counted as `other`. docs/metrics.md is written from this.

Every counter shows every label set that can occur as 0 from the start: `increase()` does not see the first value of a
series that is born with it. Where labels state their values the registry does this, else the owner of the counter.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import product
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, disable_created_metrics
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.exposition import choose_encoder
from prometheus_client.metrics_core import Metric as Family
from prometheus_client.registry import Collector

PREFIX: Final = "tallygate_"
OTHER: Final = "other"
BASE_UNITS: Final = ("seconds", "bytes", "ratio")
QUICK: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
"""Buckets for seconds that should be a fraction of one."""
COUNTS: Final = (1.0, 3.0, 10.0, 30.0, 100.0, 300.0, 1e3, 3e3, 1e4, 3e4)
"""Buckets for numbers of records."""

# A second series beside each, which says when it began, helps no reader here.
disable_created_metrics()  # type: ignore[no-untyped-call] # prometheus_client's own


class MetricKind(StrEnum):
    """How a metric behaves: only rises, goes up and down, or counts into buckets."""

    COUNTER = "counter"
    GAUGE = "gauge"
    HISTOGRAM = "histogram"


@dataclass(frozen=True)
class Label:
    """One label: all values that it can have, or words on what bounds them."""

    name: str
    values: tuple[str, ...] = ()
    bound: str = ""

    def __post_init__(self) -> None:
        if bool(self.values) == bool(self.bound):
            raise ValueError(f"label {self.name}: either its values or what bounds them")

    def bounded(self, value: str) -> str:
        """Return the value, or `other` if it is none of those declared."""
        return value if self.bound or value in self.values else OTHER


@dataclass(frozen=True)
class Metric:
    """What one metric is; `unit` is a base unit, or what is counted."""

    name: str
    kind: MetricKind
    unit: str
    meaning: str
    labels: tuple[Label, ...] = ()
    buckets: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        words = self.name.removesuffix("_total").split("_")
        if not self.name.startswith(PREFIX) or (self.kind is MetricKind.COUNTER) != self.name.endswith("_total"):
            raise ValueError(f"{self.name}: a name begins with {PREFIX}, and only a counter's ends with _total")
        wrong = words[-1] != self.unit if self.unit in BASE_UNITS else set(BASE_UNITS) & {words[-1]}
        if wrong or not self.meaning.endswith("."):
            raise ValueError(f"{self.name}: the name ends with its base unit, the meaning with a full stop")

    @property
    def label_names(self) -> tuple[str, ...]:
        """Return the names of the labels."""
        return tuple(label.name for label in self.labels)

    def bounded(self, values: Sequence[str]) -> tuple[str, ...]:
        """Return label values with every undeclared one replaced."""
        return tuple(label.bounded(value) for label, value in zip(self.labels, values, strict=True))

    def combinations(self) -> Iterable[tuple[str, ...]]:
        """Return all combinations of label values if the labels state them, else none."""
        stated = self.labels and all(label.values for label in self.labels)
        return product(*(label.values for label in self.labels)) if stated else ()

    def family(self, samples: Iterable[tuple[tuple[str, ...], float]]) -> Family:
        """Return what a scrape shows, from numbers that are kept elsewhere; not for histograms."""
        made = CounterMetricFamily if self.kind is MetricKind.COUNTER else GaugeMetricFamily
        family = made(self.name.removesuffix("_total"), self.meaning, labels=self.label_names)
        for values, number in samples:
            family.add_metric(self.bounded(values), number)
        return family


class Counting:
    """A counter that is counted as things happen."""

    def __init__(self, metric: Metric, registry: CollectorRegistry) -> None:
        self.metric = metric
        self._counter = Counter(metric.name, metric.meaning, metric.label_names, registry=registry)
        for values in metric.combinations():
            self._counter.labels(*values)

    def begin(self, *values: str) -> None:
        """Show these label values as 0 until they are counted."""
        self._counter.labels(*self.metric.bounded(values))

    def add(self, *values: str, amount: float = 1) -> None:
        """Add, under label values in the order in which they are declared."""
        (self._counter.labels(*self.metric.bounded(values)) if values else self._counter).inc(amount)


class Level:
    """A gauge that is set as things happen."""

    def __init__(self, metric: Metric, registry: CollectorRegistry) -> None:
        self.metric = metric
        self._gauge = Gauge(metric.name, metric.meaning, metric.label_names, registry=registry)
        for values in metric.combinations():
            self._gauge.labels(*values)

    def set(self, number: float, *values: str) -> None:
        """Set it."""
        (self._gauge.labels(*self.metric.bounded(values)) if values else self._gauge).set(number)

    def add(self, number: float, *values: str) -> None:
        """Change it by a number."""
        (self._gauge.labels(*self.metric.bounded(values)) if values else self._gauge).inc(number)


class Spread:
    """A histogram."""

    def __init__(self, metric: Metric, registry: CollectorRegistry) -> None:
        self.metric = metric
        self._histogram = Histogram(
            metric.name, metric.meaning, metric.label_names, registry=registry, buckets=metric.buckets
        )
        for values in metric.combinations():
            self._histogram.labels(*values)

    def observe(self, number: float, *values: str) -> None:
        """Count one value, under label values in the order in which they are declared."""
        self.under(*values)(number)

    def under(self, *values: str) -> Callable[[float], None]:
        """Return what counts a value under these labels, for those who count often."""
        histogram = self._histogram.labels(*self.metric.bounded(values)) if values else self._histogram
        return histogram.observe


class Area:
    """The metrics of one kind of process, and what a scrape of it shows."""

    def __init__(self, name: str, title: str) -> None:
        self.name = name
        self.title = title
        self.metrics: list[Metric] = []
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)

    def counter(self, name: str, unit: str, meaning: str, *labels: Label) -> Counting:
        """Declare a counter that is counted as things happen."""
        return Counting(self.read(MetricKind.COUNTER, name, unit, meaning, *labels), self.registry)

    def level(self, name: str, unit: str, meaning: str, *labels: Label) -> Level:
        """Declare a gauge that is set as things happen."""
        return Level(self.read(MetricKind.GAUGE, name, unit, meaning, *labels), self.registry)

    def spread(self, name: str, unit: str, meaning: str, buckets: Sequence[float], *labels: Label) -> Spread:
        """Declare a histogram."""
        metric = Metric(name, MetricKind.HISTOGRAM, unit, meaning, labels, tuple(buckets))
        self.metrics.append(metric)
        return Spread(metric, self.registry)

    def read(self, kind: MetricKind, name: str, unit: str, meaning: str, *labels: Label) -> Metric:
        """Declare a metric that is read, by a collector, from numbers kept elsewhere."""
        metric = Metric(name, kind, unit, meaning, labels)
        self.metrics.append(metric)
        return metric

    def reads(self, collect: Callable[[], Iterable[Family]]) -> Collector:
        """Have `collect` asked at every scrape, from now on; return what the registry can unregister."""
        reading = _Reading(collect)
        self.registry.register(reading)
        return reading

    def exposition(self, accept: str = "") -> tuple[bytes, str]:
        """Return the answer to a scrape with this Accept header, and its content type."""
        encode, content_type = choose_encoder(accept)
        return encode(self.registry), content_type


class _Reading(Collector):
    """A collector by a function; it is not asked when it is registered, so it may need what is not there yet."""

    def __init__(self, families: Callable[[], Iterable[Family]]) -> None:
        self._families = families

    def collect(self) -> Iterable[Family]:
        return self._families()

    def describe(self) -> Iterable[Family]:
        return ()
