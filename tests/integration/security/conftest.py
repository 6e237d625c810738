"""One secured broker for the folder."""

from collections.abc import Iterator

import pytest

from tests.kafka.secured import SecuredBroker
from tests.prerequisites import require


@pytest.fixture(scope="session")
def secured(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SecuredBroker]:
    """Yield a running broker that knows only its administrator."""
    require("kafka")
    broker = SecuredBroker(tmp_path_factory.mktemp("secured") / "broker").format().start()
    yield broker
    broker.stop()
