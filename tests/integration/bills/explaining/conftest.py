"""Topics, a Redis of its own, a projection and a gateway, with decisions sent by hand; shared by this folder."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.integration.gateway.stage import GatewayProcess, gate_on
from tests.integration.publish.ground import Ground
from tests.integration.readmodel.stage import stage_on
from tests.kafka.broker import Broker
from tests.kafka.field import Field
from tests.redis.events import decision
from tests.redis.server import RedisServer
from tests.unit.bills.known import WITHHELD


@contextmanager
def known_on(broker: Broker, redis: RedisServer, factory: pytest.TempPathFactory) -> Iterator[Ground]:
    """Start what answers, and send a story: ACME0002 waits, is withheld behind ACME0001, and is on two conveyances."""
    folder = factory.mktemp("known")
    with Field(broker, f"t{uuid.uuid4().hex[:8]}", folder) as field, stage_on(field, redis) as stage:
        field.create_topics(partitions=4, steps=())
        gate = gate_on(folder, redis.store(field.topics.prefix), broker.address)
        stage.project()
        with GatewayProcess(gate, folder / "gateway.log", gateway__headroom_per_minute="1000") as gateway:
            ground = Ground(stage, gateway.address(), gate.tokens, folder)
            ground.environment["TALLYGATE_GATEWAY__STALE_SECONDS"] = "60"
            ground.tell(
                decision("ACME0001", cents=70_000),
                decision("ACME0002", outcome="pending", reason="no-day", day=None, basis=None, counts=False),
                decision("ACME0002", "air:2", outcome="closed", reason="deleted", counts=False, minutes=1),
                decision("ACME0002", rank=(1, 1, 2, 1), minutes=5, **WITHHELD),
            )
            yield ground


@pytest.fixture(scope="package")
def known(broker: Broker, redis_server: RedisServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
    """Return what the tests of this folder ask."""
    with known_on(broker, redis_server, tmp_path_factory) as made:
        yield made
