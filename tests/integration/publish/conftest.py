"""The ground that the tests of this folder share."""

from collections.abc import Iterator

import pytest

from tests.integration.publish.ground import Ground, ground_on
from tests.kafka.broker import Broker
from tests.redis.server import RedisServer


@pytest.fixture(scope="package")
def ground(broker: Broker, redis_server: RedisServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
    """Return a running Tallygate; tests on it use bills and persons of their own."""
    with ground_on(broker, redis_server, tmp_path_factory.mktemp("ground")) as made:
        yield made
