"""The installation that the tests of this folder share."""

from collections.abc import Iterator

import pytest

from tests.integration.publish.installation import Installation, installation_on
from tests.kafka.broker import Broker
from tests.redis.server import RedisServer


@pytest.fixture(scope="package")
def installation(
    broker: Broker, redis_server: RedisServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Installation]:
    """Return a running Tallygate; tests on it use bills and persons of their own."""
    with installation_on(broker, redis_server, tmp_path_factory.mktemp("installation")) as made:
        yield made
