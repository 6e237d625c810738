"""The short year: some weeks around New Year, as `make chaos ARGS=--year` plays a whole one."""

import uuid
from datetime import date
from pathlib import Path

import pytest

from tests.chaos.year.parcels import Plan
from tests.chaos.year.run import TOPIC_DAYS, YearRun, report
from tests.kafka.broker import Broker
from tests.kafka.harness import KafkaHarness

PLAN = Plan(seed=11, persons=300, first=date(2025, 12, 20), days=50)


@pytest.mark.kafka
@pytest.mark.slow
def test_months_and_a_year_turn_while_a_worker_is_killed(broker: Broker, tmp_path: Path) -> None:
    """A month turns twice and the year once; both steps do what the plain models say, though one is killed."""
    with KafkaHarness(broker, f"year{uuid.uuid4().hex[:8]}", tmp_path) as harness:
        harness.create_topics(4, steps=(), days=TOPIC_DAYS)
        run = YearRun(harness, PLAN, print)
        outcome = run.go(kills=1)
        assert outcome.faults == []
        assert outcome.tally["kill -9"] == 1
        assert run.scenario.accounted.total() >= run.events
        assert (run.periods("uz"), run.periods("ec")) == (3, 2)
        assert run.scenario.met["uz withhold period-limit"] > 0
        assert report(run, outcome)[-1].startswith("EXACT: ")
