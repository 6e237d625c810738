"""The short form of the scanners' measurement: what it measures is exact, whatever the clock says."""

from pathlib import Path

import pytest

from tests.bench import scanners
from tests.bench.kafka_bench import KafkaBench
from tests.kafka.broker import Broker

pytestmark = [pytest.mark.kafka, pytest.mark.redis]


def test_each_scanner_is_shown_each_decision_on_its_bill(broker: Broker, tmp_path: Path) -> None:
    """Sixty scanners see three rounds of decisions, each once and in order, and a moment is taken of each."""
    played = scanners.run(KafkaBench(broker, tmp_path), 60, 1.0, 180)
    assert len(played.taken_ms) == 180
    assert set(played.shares) == {"gateway", "projection"}
