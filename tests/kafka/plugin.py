"""Fixtures for tests on a real Kafka: a broker for the session, topics of its own for each test, workers."""

import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.kafka.broker import Broker
from tests.kafka.harness import KafkaHarness
from tests.prerequisites import require

# A broker that lives for some tests takes 2.5 s of the processor to start with the first compiler alone, 4 s with both.
Broker.options = ("-XX:TieredStopAtLevel=1",)


@pytest.fixture(scope="session")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    """Yield a running broker, one for all tests that let it live."""
    require("kafka")
    running = Broker(tmp_path_factory.mktemp("kafka")).format().start()
    yield running
    running.stop()


@pytest.fixture(scope="session")
def mortal_broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    """Yield a broker for modules that kill it: with few topics it is back soon. They override `broker` with it."""
    require("kafka")
    running = Broker(tmp_path_factory.mktemp("mortal")).format().start()
    yield running
    running.stop()


@pytest.fixture
def harness(broker: Broker, tmp_path: Path) -> Iterator[KafkaHarness]:
    """Yield topics under a prefix of their own, of four partitions, and workers that do not outlive the test."""
    with KafkaHarness(broker, f"t{uuid.uuid4().hex[:8]}", tmp_path) as made:
        made.create_topics(partitions=4)
        yield made
