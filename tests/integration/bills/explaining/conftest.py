"""Topics, a Redis of its own, a projection and a gateway, with decisions sent by hand; shared by this folder."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.integration.gateway.gateway_setup import GatewayProcess, setup_on
from tests.integration.publish.installation import Installation
from tests.integration.readmodel.projections import read_model_on
from tests.kafka.broker import Broker
from tests.kafka.harness import KafkaHarness
from tests.redis.events import decision
from tests.redis.server import RedisServer
from tests.unit.bills.known import WITHHELD


@contextmanager
def known_on(broker: Broker, redis: RedisServer, factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """Start what answers, and send a story: ACME0002 waits, is withheld behind ACME0001, and is on two conveyances."""
    folder = factory.mktemp("known")
    with (
        KafkaHarness(broker, f"t{uuid.uuid4().hex[:8]}", folder) as harness,
        read_model_on(harness, redis) as read_model,
    ):
        harness.create_topics(partitions=4, steps=())
        setup = setup_on(folder, redis.store(harness.topics.prefix), broker.address)
        read_model.project()
        with GatewayProcess(setup, folder / "gateway.log", gateway__headroom_per_minute="1000") as gateway:
            installation = Installation(read_model, gateway.address(), setup.tokens, folder)
            installation.environment["TALLYGATE_GATEWAY__STALE_SECONDS"] = "60"
            installation.tell(
                decision("ACME0001", cents=70_000),
                decision("ACME0002", outcome="pending", reason="no-day", day=None, basis=None, counts=False),
                decision("ACME0002", "air:2", outcome="closed", reason="deleted", counts=False, minutes=1),
                decision("ACME0002", rank=(1, 1, 2, 1), minutes=5, **WITHHELD),
            )
            yield installation


@pytest.fixture(scope="package")
def known(
    broker: Broker, redis_server: RedisServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Installation]:
    """Return what the tests of this folder ask."""
    with known_on(broker, redis_server, tmp_path_factory) as made:
        yield made
