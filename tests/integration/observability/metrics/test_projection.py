"""A projection shows how far the read model is behind, and says that it is not ready while Redis is away."""

import urllib.error
import urllib.request

import pytest

from agents.settings.metrics_group import MetricsSettings
from tests.integration.observability.metrics.test_boards import status
from tests.integration.readmodel.projections import ProjectionProcess
from tests.kafka.harness import KafkaHarness
from tests.prometheus.system import first_port
from tests.redis.server import RedisServer
from tests.unit.observability.scraping import value, values
from tests.waiting import wait_for

pytestmark = [pytest.mark.kafka, pytest.mark.redis]


def body(address: str, path: str) -> str:
    """Return what is answered, whatever the status."""
    try:
        with urllib.request.urlopen(f"http://{address}{path}", timeout=30) as answer:
            return str(answer.read().decode())
    except urllib.error.HTTPError as error:
        return error.read().decode()


def behind(address: str) -> list[float]:
    """Return for each partition how many seconds it is behind."""
    return list(values(body(address, "/metrics"), "tallygate_projection_behind_seconds").values())


def test_redis_away_and_back_is_shown(harness: KafkaHarness, own_redis: RedisServer) -> None:
    """Behind, away and ready follow Redis as it dies and comes back empty; foreign records are counted."""
    harness.produce([b"none of ours"], 2, topic=harness.topics.decisions)
    first = first_port()
    environment = {
        "TALLYGATE_KAFKA__BROKERS": harness.broker.address,
        "TALLYGATE_KAFKA__PREFIX": harness.topics.prefix,
        "TALLYGATE_REDIS__URL": own_redis.url,
        "TALLYGATE_METRICS__PORT": str(first),
    }
    address = f"127.0.0.1:{MetricsSettings(port=first).port_of('projection')}"
    projecting = ProjectionProcess(environment, harness.folder / "projection.log")
    try:
        wait_for(lambda: "metrics at" in projecting.log(), "metrics to be shown")
        wait_for(lambda: status(address, "/readyz") == 200, "the projection to be ready")
        wait_for(lambda: len(behind(address)) == 8, "every partition of both topics to be read once")
        wait_for(
            lambda: value(body(address, "/metrics"), "tallygate_projection_unreadable_total") == 1,
            "the foreign record to be counted",
        )
        assert value(body(address, "/metrics"), "tallygate_projection_fills_total") == 8
        own_redis.kill()
        wait_for(lambda: status(address, "/readyz") == 503, "it to be not ready")
        assert body(address, "/readyz") == "Redis or Kafka is away\n"
        wait_for(lambda: min(behind(address)) > 2, "the read model to be seen as behind")
        assert value(body(address, "/metrics"), "tallygate_projection_away_seconds") > 0
        assert status(address, "/livez") == 200
        own_redis.start()
        wait_for(lambda: status(address, "/readyz") == 200 and max(behind(address)) < 2, "it to be ready again")
        assert value(body(address, "/metrics"), "tallygate_projection_fills_total") == 16
        assert value(body(address, "/metrics"), "tallygate_projection_away_seconds") == 0
    finally:
        projecting.kill()
