"""The demo on a real Kafka: the same sums, exactly once, and none of its topics left."""

import signal

import pytest
from aiokafka.admin import AIOKafkaAdminClient

from tests.integration.demo.test_demo import Run, gone, runs  # noqa: F401 - a fixture
from tests.kafka.broker import Broker

pytestmark = [pytest.mark.kafka, pytest.mark.slow]


async def topics_of_demo(broker: Broker) -> list[str]:
    admin = AIOKafkaAdminClient(bootstrap_servers=broker.address)
    await admin.start()
    try:
        return [name for name in await admin.list_topics() if name.startswith("tallygate-demo-")]
    finally:
        await admin.close()


async def test_day_on_kafka(broker: Broker, runs: list[Run]) -> None:  # noqa: F811 - the fixture
    """A day on a real Kafka adds up, and its topics are removed."""
    runs.append(run := Run("--bills", "2000", "--seconds", "6", "--broker", broker.address))
    assert run.end() == 0, run.output
    assert run.check_sums()["bills"] == 2000
    assert await topics_of_demo(broker) == []


async def test_ctrl_c_on_kafka(broker: Broker, runs: list[Run]) -> None:  # noqa: F811 - the fixture
    """Ctrl-C in the middle of a day on a real Kafka ends in order, and removes the topics too."""
    runs.append(run := Run("--bills", "3000", "--seconds", "60", "--broker", broker.address))
    run.read_until(" ET  ")
    run.process.send_signal(signal.SIGINT)
    assert run.end() == 0, run.output
    run.check_sums()
    assert gone(run.children)
    assert await topics_of_demo(broker) == []


async def test_weeks_on_kafka(broker: Broker, runs: list[Run]) -> None:  # noqa: F811 - the fixture
    """Weeks under a programme of a year have topics that are kept long enough; they add up, and nothing is left."""
    runs.append(run := Run("--programme", "ec", "--bills", "300", "--seconds", "4", "--broker", broker.address))
    assert run.end() == 0, run.output
    assert run.check_sums()["bills"] == 300
    assert await topics_of_demo(broker) == []
