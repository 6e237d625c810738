"""The broker killed under load, the short form; `make chaos ARGS="--outage 180"` is the long one."""

from pathlib import Path

import pytest

from tests.chaos.outage import hastened, run
from tests.kafka.harness import KafkaHarness
from tests.prometheus.plugin import Start
from tests.prometheus.system import System
from tests.redis.server import RedisServer


@pytest.mark.kafka
@pytest.mark.redis
@pytest.mark.prometheus
@pytest.mark.slow
def test_an_outage_is_told_and_nothing_is_lost(
    harness: KafkaHarness, redis_server: RedisServer, prometheus: Start, tmp_path: Path
) -> None:
    """The alert of an absent broker fires and clears, workers go on by themselves, and every record is there once."""
    with System(harness, redis_server) as system:
        server = prometheus(system.targets, hastened(tmp_path / "rules"))
        outage = run(system, server, seconds=9.0, events_a_second=100, before=1.0)
    assert outage.faults == []
    assert "TallygateKafkaAway" in outage.fired
    assert outage.cleared.keys() >= {"TallygateKafkaAway"}
