"""No counter has a label set that appears only later: `increase()` never sees the first value of such a series."""

import json
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from agents.engine.engine_progress import EngineProgress
from agents.judge import JudgeOptions, open_judge
from agents.observability.registry import Area, Label, MetricKind
from agents.worker.engine_metrics import ENGINE, EngineMetrics
from agents.worker.supervisor_metrics import SUPERVISOR, ended, started, supervision_begins
from state.manifest.step import ManifestStep
from state.rules import load_rulebook
from state.step import Step
from state.table import Overlay
from stream.consignee import JUDGE_SECRET, KeyMaker
from stream.decisions import Policy
from stream.records import Fate, Record, Result
from tests.docs.pages import CASES
from tests.unit.observability.scraping import born_late, label_sets, scrape, value
from tests.unit.observability.test_registry import AREAS
from tests.unit.withholding.judged_step import JudgedStep, posted

WALKED = {
    "tallygate_alerts_total": "test_a_worker_counts_nothing_that_it_did_not_show",
    "tallygate_decisions_total": "test_a_worker_counts_nothing_that_it_did_not_show",
    "tallygate_decisions_value_total": "test_a_worker_counts_nothing_that_it_did_not_show",
    "tallygate_engine_records_total": "test_a_worker_counts_nothing_that_it_did_not_show",
    "tallygate_engine_transactions_total": "test_a_worker_shows_all_its_counters_at_once",
    "tallygate_engine_outputs_total": "test_a_worker_shows_all_its_counters_at_once",
    "tallygate_engine_restored_rows_total": "test_a_worker_shows_all_its_counters_at_once",
    "tallygate_engine_restore_seconds_total": "test_a_worker_shows_all_its_counters_at_once",
    "tallygate_engine_transaction_seconds": "test_a_worker_shows_all_its_counters_at_once",
    "tallygate_engine_transaction_records": "test_a_worker_shows_all_its_counters_at_once",
    "tallygate_engine_chunk_records": "test_a_worker_shows_all_its_counters_at_once",
    "tallygate_engine_chunk_bytes": "test_a_worker_shows_all_its_counters_at_once",
    "tallygate_supervisor_starts_total": "test_a_supervisor_shows_its_steps_before_it_starts_them",
    "tallygate_supervisor_ends_total": "test_a_supervisor_shows_its_steps_before_it_starts_them",
    "tallygate_gateway_requests_total": "tests.integration.gateway.gateway_setup: every gateway of a test",
    "tallygate_gateway_request_seconds": "tests.integration.gateway.gateway_setup: every gateway of a test",
    "tallygate_webhook_attempts_total": "tests.unit.webhooks.test_webhook_metrics",
    "tallygate_gateway_rate_limited_total": "tests.integration.gateway.gateway_setup: every gateway of a test",
}
"""Counters and histograms with a label that does not state its values, and what walks over all label sets of each."""


def test_every_counter_is_walked() -> None:
    """A counter whose labels state their values shows all of them by itself; every other one has its walk."""
    counting = [metric for area in AREAS for metric in area.metrics if metric.kind is not MetricKind.GAUGE]
    unstated = {metric.name for metric in counting if not all(label.values for label in metric.labels)}
    assert unstated == WALKED.keys()
    assert {walk for walk in WALKED.values() if walk.startswith("test_")} <= globals().keys()
    assert len(counting) - len(unstated) > 10


def test_stated_labels_are_shown_at_once_however_many() -> None:
    """All combinations are there as 0 before anything is counted."""
    area = Area("test", "Test")
    many = tuple(f"value {number}" for number in range(30))
    metric = area.counter("tallygate_test_rows_total", "rows", "Rows.", Label("a", many), Label("b", many)).metric
    assert len(label_sets(scrape(area), metric.name)) == 900


class Noting:
    """A step that notes the fates of its records."""

    def __init__(self, step: Step) -> None:
        """Wrap a step."""
        self.step = step
        self.progress = EngineProgress()
        self.metrics = EngineMetrics(step)
        self.metrics.attached(lambda: self.progress, float)

    def __call__(self, record: Record, table: Overlay) -> Result:
        """Judge as the step does."""
        result = self.step(record, table)
        self.progress.fates[result.fate, result.code] += 1
        return result

    def sweep(self, table: Overlay, budget: int) -> int:
        """Sweep as the step does."""
        return self.step.sweep(table, budget)

    def sets(self) -> set[tuple[str, tuple[tuple[str, str], ...]]]:
        """Return metric and labels of everything that a scrape shows now."""
        return {
            (sample.name, tuple(sorted(sample.labels.items())))
            for family in self.metrics.families()
            for sample in family.samples
        }


def options_of(case: Path) -> JudgeOptions:
    """Return the options of a conformance case."""
    words = [part for each in described(case)["options"] for part in each.removeprefix("--").split("=", 1)]
    given = dict(zip(words[::2], words[1::2], strict=True))
    policy: dict[str, Any] = {
        name: given.pop(name) for name in ("overflow", "rounding", "enforcement") if name in given
    }
    as_of = given.pop("as-of", None)
    rules, programmes = given.pop("rules", None), given.pop("programmes", None)
    options = JudgeOptions(
        Policy(**policy, as_of=None if as_of is None else date.fromisoformat(as_of)),
        match=given.pop("match", "normalised"),
        rules=None if rules is None else [case / rules],
        programmes=None if programmes is None else programmes.split(","),
        default_programme=given.pop("default-programme", None),
    )
    assert not given
    return options


def described(case: Path) -> dict[str, Any]:
    """Return what a case says of itself."""
    found: dict[str, Any] = json.loads((case / "case.json").read_text("utf-8"))
    return found


def lines_of(case: Path) -> Iterator[bytes]:
    """Return the events of a case, the one that is too long at its full length."""
    padded = described(case).get("padded", {})
    for number, line in enumerate((case / "events.jsonl").read_bytes().splitlines(), 1):
        yield line.ljust(padded.get(str(number), 0))


def test_a_worker_counts_nothing_that_it_did_not_show() -> None:
    """Over all conformance cases no decision, value, alert, stale record or dead letter makes a series of its own."""
    met: Counter[Fate] = Counter()
    reasons = set()
    for case in sorted(CASES.iterdir()):
        judge = open_judge(options_of(case), lambda _: None)
        steps = [Noting(judge._manifest), Noting(judge._withholding)]
        judge._manifest, judge._withholding = steps  # type: ignore[assignment]
        first = [step.sets() for step in steps]
        for number, line in enumerate(lines_of(case)):
            judge.push(line, number)
        for step in steps:
            step.metrics.committed(step.progress, 0.0)
            ENGINE.registry.unregister(step.metrics.reading)
            met.update({fate: count for (fate, _code), count in step.progress.fates.items()})
        assert [step.sets() - before for step, before in zip(steps, first, strict=True)] == [set(), set()]
        tallied = steps[1].metrics._tallied
        assert tallied is not None
        reasons |= {kind.reason for kind, made in tallied._made.items() if made}
    assert met.keys() == set(Fate)
    assert len(reasons) > 15


@contextmanager
def showing(step: Step) -> Iterator[EngineMetrics]:
    """Show the metrics of a step while the block runs."""
    metrics = EngineMetrics(step)
    try:
        yield metrics
    finally:
        ENGINE.registry.unregister(metrics.reading)


def test_a_worker_shows_its_first_decision_as_a_rise() -> None:
    """The series of a release is there as 0 before the first one, and then 1; no number of programmes is too many."""
    rulebook = load_rulebook()
    every = rulebook.with_programmes([*rulebook.known], rulebook.default_programme)
    judged_step = JudgedStep(rulebook=every)
    with showing(judged_step.step) as metrics:
        labels = {"outcome": "release", "reason": "within-limit", "basis": "actual", "mode": "air"}
        name, us_321 = "tallygate_decisions_total", "us-321"
        assert value(scrape(ENGINE), name, programme=us_321, **labels) == 0
        assert value(scrape(ENGINE), "tallygate_decisions_value_total", programme=us_321, currency="USD", **labels) == 0
        judged_step.post(posted(1, 250))
        metrics.committed(EngineProgress(), 0.01)
        assert value(scrape(ENGINE), name, programme=us_321, **labels) == 1
        shown = label_sets(scrape(ENGINE), name)
    assert {dict(each)["programme"] for each in shown} == {*rulebook.known, "other"}
    assert len(shown) < 3_000


@pytest.mark.parametrize("name", ["manifest", "withholding"])
def test_a_worker_shows_all_its_counters_at_once(name: str) -> None:
    """Counters and histograms of a step are there before its first transaction, and the first one adds none."""
    manifest = ManifestStep(load_rulebook(), KeyMaker(JUDGE_SECRET, "normalised"))
    step: Step = manifest if name == "manifest" else JudgedStep().step
    with showing(step) as metrics:
        before = scrape(ENGINE)
        metrics.fetched(40, 9_000)
        metrics.committed(EngineProgress(records=30), 0.02)
        metrics.aborted()
        assert born_late(before, scrape(ENGINE)) == set()
    counting = [metric.name for metric in ENGINE.metrics if metric.kind is MetricKind.COUNTER]
    counting += [f"{metric.name}_count" for metric in ENGINE.metrics if metric.kind is MetricKind.HISTOGRAM]
    assert len(counting) > 8
    assert [each for each in counting if not label_sets(before, each, step=name)] == []


def test_a_supervisor_shows_its_steps_before_it_starts_them() -> None:
    """Starts and ends of each way are 0 before the first start."""
    supervision_begins(["early"])
    before = scrape(SUPERVISOR)
    assert value(before, "tallygate_supervisor_starts_total", step="early") == 0
    for status in (0, 78, 75, -9, 1):
        started("early")
        ended("early", status)
    after = scrape(SUPERVISOR)
    assert born_late(before, after) == set()
    assert value(after, "tallygate_supervisor_starts_total", step="early") == 5
