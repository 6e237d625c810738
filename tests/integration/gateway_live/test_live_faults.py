"""Gateway, Redis and Kafka killed under load: no decision is missed or sent twice, no verdict shown was wrong."""

from pathlib import Path

import pytest

from tests.integration.gateway_live.faults import Faults, Run
from tests.kafka.harness import KafkaHarness
from tests.redis.server import RedisServer

pytestmark = [pytest.mark.kafka, pytest.mark.redis, pytest.mark.slow]


async def test_faults_are_survived_exactly(harness: KafkaHarness, own_redis: RedisServer, tmp_path: Path) -> None:
    """The short fault run is exact, and every kind of thing was shown in it."""
    report = await Run(harness, own_redis, tmp_path, Faults(), print).go()
    assert report.connections >= 3 * report.subscribers
    assert report.gos > 0
    assert report.stale > 0
