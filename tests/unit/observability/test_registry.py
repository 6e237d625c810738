"""The registry refuses what a metric must not be, and no label takes a value that was not declared."""

import pytest

from agents.gateway.http.gateway_metrics import GATEWAY
from agents.observability.process_metrics import tell_build
from agents.observability.registry import Area, Label, Metric, MetricKind
from agents.readmodel.projection_metrics import PROJECTION
from agents.webhooks.webhook_metrics import WEBHOOKS
from agents.worker.decision_metrics import DECISIONS
from agents.worker.engine_metrics import ENGINE
from agents.worker.supervisor_metrics import SUPERVISOR
from tests.unit.observability.scraping import scrape, value, values

AREAS = (ENGINE, DECISIONS, PROJECTION, SUPERVISOR, WEBHOOKS, GATEWAY)
METRICS = [metric for area in AREAS for metric in area.metrics]


@pytest.mark.parametrize(
    ("name", "kind", "unit", "meaning"),
    [
        ("requests_total", MetricKind.COUNTER, "requests", "Requests."),
        ("tallygate_requests", MetricKind.COUNTER, "requests", "Requests."),
        ("tallygate_rows_total", MetricKind.GAUGE, "rows", "Rows."),
        ("tallygate_wait_ms", MetricKind.GAUGE, "seconds", "Waits."),
        ("tallygate_wait_seconds", MetricKind.GAUGE, "rows", "Waits."),
        ("tallygate_wait_seconds", MetricKind.GAUGE, "seconds", "no sentence"),
    ],
)
def test_what_is_not_plain_is_refused(name: str, kind: MetricKind, unit: str, meaning: str) -> None:
    """Prefix, ending, base unit and sentence are insisted on."""
    with pytest.raises(ValueError, match=name):
        Metric(name, kind, unit, meaning)


@pytest.mark.parametrize(("values", "bound"), [((), ""), (("a",), "something else")])
def test_a_label_says_what_bounds_it(values: tuple[str, ...], bound: str) -> None:
    """Its values, or words; not neither, not both."""
    with pytest.raises(ValueError, match="label kind"):
        Label("kind", values, bound)


def test_names_are_unique() -> None:
    """No two areas declare the same metric."""
    names = [metric.name for metric in METRICS]
    assert len(names) == len(set(names)) > 40


def test_an_undeclared_value_becomes_other() -> None:
    """What comes from outside cannot make a series of its own."""
    area = Area("test", "Test")
    counter = area.counter("tallygate_test_readers_total", "readers", "Readers.", Label("kind", ("sse", "scan")))
    counter.add("sse")
    for number in range(20):
        counter.add(f"drop table {number}", amount=2)
    assert {dict(labels)["kind"]: found for labels, found in values(scrape(area), counter.metric.name).items()} == {
        "sse": 1,
        "scan": 0,
        "other": 40,
    }


def test_a_reading_is_asked_at_each_scrape_until_it_is_forgotten() -> None:
    """Numbers that are kept elsewhere are shown as they stand."""
    area, numbers = Area("test", "Test"), [3.0]
    metric = area.read(MetricKind.GAUGE, "tallygate_test_rows", "rows", "Rows.")
    reading = area.reads(lambda: [metric.family([((), numbers[0])])])
    assert value(scrape(area), "tallygate_test_rows") == 3
    numbers[0] = 4.5
    assert value(scrape(area), "tallygate_test_rows") == 4.5
    area.registry.unregister(reading)
    assert values(scrape(area), "tallygate_test_rows") == {}


def test_levels_and_spreads_count_under_their_labels() -> None:
    """A gauge is set and changed, a histogram counts into its buckets."""
    area = Area("test", "Test")
    level = area.level("tallygate_test_lag_offsets", "offsets", "Lag.")
    spread = area.spread("tallygate_test_seconds", "seconds", "Time.", (0.1, 1.0), Label("kind", ("sse", "scan")))
    level.set(7)
    level.add(-2)
    spread.observe(0.5, "sse")
    text = scrape(area)
    assert value(text, "tallygate_test_lag_offsets") == 5
    assert value(text, "tallygate_test_seconds_bucket", kind="sse", le="0.1") == 0
    assert value(text, "tallygate_test_seconds_bucket", kind="sse", le="1.0") == 1
    assert value(text, "tallygate_test_seconds_count", kind="scan") == 0


def test_open_metrics_is_spoken_where_it_is_asked_for() -> None:
    """The Accept header decides between the two text formats."""
    area = Area("test", "Test")
    tell_build(area)
    body, content_type = area.exposition("application/openmetrics-text; version=1.0.0")
    assert content_type.startswith("application/openmetrics-text")
    assert body.endswith(b"# EOF\n")
    assert area.exposition("")[1].startswith("text/plain")
    assert value(scrape(area), "tallygate_build_info", compiled="no") == 1
