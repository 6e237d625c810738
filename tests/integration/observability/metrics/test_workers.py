"""Several workers on one host: each shows its own, nothing is shared, and the sum is what there is."""

import urllib.request
import uuid
from pathlib import Path

import pytest

from agents.settings.metrics_group import MetricsSettings
from tests.integration.observability.metrics.test_boards import status
from tests.kafka.broker import Broker
from tests.kafka.harness import KafkaHarness
from tests.prometheus.system import first_port
from tests.unit.observability.scraping import value, values
from tests.waiting import wait_for

pytestmark = pytest.mark.kafka

RECORDS = 300


class Shown:
    """A toy worker whose metrics are shown."""

    def __init__(self, harness: KafkaHarness, name: str) -> None:
        """Start it."""
        first = first_port()
        self.worker = harness.worker(name, metrics__port=str(first))
        self.address = f"127.0.0.1:{MetricsSettings(port=first).port_of('toy')}"

    def scrape(self) -> str:
        """Return what it shows."""
        with urllib.request.urlopen(f"http://{self.address}/metrics", timeout=30) as answer:
            return str(answer.read().decode())

    def total(self, name: str) -> float:
        """Return the sum of all series of this name."""
        return sum(values(self.scrape(), f"tallygate_engine_{name}").values())


def test_two_workers_sum_up(harness: KafkaHarness) -> None:
    """Two share the partitions and count apart; when one is killed, the other restores its share and goes on."""
    pair = [Shown(harness, name) for name in "ab"]
    for each in pair:
        each.worker.ready()
    wait_for(lambda: [each.total("partitions") for each in pair] == [2, 2], "each to have half")
    for partition in range(4):
        harness.produce([b"x"] * RECORDS, partition)
    wait_for(lambda: sum(each.total("records_total") for each in pair) == 4 * RECORDS, "every record to count once")
    assert all(each.total("lag_offsets") >= 0 for each in pair)
    assert [status(each.address, path) for each in pair for path in ("/livez", "/readyz")] == [200] * 4
    assert sum(each.total("table_rows") for each in pair) > 4 * RECORDS
    gone, left = pair
    gone.worker.kill()
    wait_for(lambda: left.total("partitions") == 4 and status(left.address, "/readyz") == 200, "one to have all")
    assert left.total("restored_rows_total") > RECORDS
    with pytest.raises(OSError, match="refused"):
        gone.scrape()


def test_a_worker_in_reserve_is_ready(broker: Broker, tmp_path: Path) -> None:
    """One that gets no partition is ready all the same: it waits for others to fail."""
    with KafkaHarness(broker, f"t{uuid.uuid4().hex[:8]}", tmp_path) as harness:
        harness.create_topics(partitions=1)
        pair = [Shown(harness, name) for name in "ab"]
        wait_for(lambda: [answering(each) for each in pair] == [200, 200], "both to be ready")
        wait_for(lambda: sorted(each.total("partitions") for each in pair) == [0, 1], "one to have the partition")
        assert [answering(each) for each in pair] == [200, 200]


def answering(shown: Shown) -> int:
    """Ask whether it is ready; 0 while nothing answers."""
    try:
        return status(shown.address, "/readyz")
    except OSError:
        return 0


def test_a_halted_partition_shows_its_growing_lag(harness: KafkaHarness) -> None:
    """A halt is shown with its reason, and its lag grows although it is not fetched."""
    harness.produce([b"!dead bad-shape"] * 101, 1)
    shown = Shown(harness, "a")
    shown.worker.ready()
    wait_for(lambda: shown.total("halted") == 1, "the halt to be shown")
    assert value(shown.scrape(), "tallygate_engine_halted", partition="1", reason="ceiling") == 1
    harness.produce([b"x"] * 50, 1)
    wait_for(lambda: value(shown.scrape(), "tallygate_engine_lag_offsets", partition="1") >= 50, "its lag to be seen")
    wait_for(lambda: shown.total("watchdog_age_seconds") == 0, "nothing to be stalled")
    assert value(shown.scrape(), "tallygate_engine_heard_seconds", partition="1") == 0
