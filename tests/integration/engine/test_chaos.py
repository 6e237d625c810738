"""The short fault run; `make chaos` is the long one."""

import pytest

from tests.chaos.customs import CustomsScenario
from tests.chaos.driver import Driver, Fault
from tests.chaos.toy import ToyScenario
from tests.kafka.broker import Broker
from tests.kafka.harness import KafkaHarness

SHORT = [
    Fault("kill", 3),
    Fault("freeze", 4, 8),
    Fault("kill", 2),
    Fault("trap", 6, 15),
    Fault("join", 3),
    Fault("kill", 3),
    Fault("broker", 5, 1),
    Fault("leave", 8),
    Fault("kill", 4),
    Fault("kill", 1),
]


@pytest.fixture(scope="module")
def broker(mortal_broker: Broker) -> Broker:
    """Return a broker that may be killed."""
    return mortal_broker


@pytest.mark.kafka
@pytest.mark.slow
def test_nothing_is_lost_or_repeated_under_faults(harness: KafkaHarness) -> None:
    """Kills, a freeze beyond the session timeout, one in mid-transaction, a dead broker, a worker come and gone."""
    outcome = Driver(harness, ToyScenario(7, harness), 7).run(20_000, SHORT)
    assert outcome.faults == []
    assert outcome.tally["kill -9"] >= 5
    assert outcome.tally["broker kill -9"] == 1


BOTH_STEPS = [
    Fault("kill", 3),
    Fault("kill", 2),
    Fault("freeze", 3, 8),
    Fault("kill", 4),
    Fault("kill", 1),
    Fault("leave", 3),
]


@pytest.mark.kafka
@pytest.mark.slow
def test_a_day_goes_through_both_steps_exactly_under_faults(harness: KafkaHarness) -> None:
    """Workers of both steps are killed and frozen; every posting, decision, alert and dead letter is there once."""
    scenario = CustomsScenario(7, harness)
    outcome = Driver(harness, scenario, 7).run(12_000, BOTH_STEPS)
    assert outcome.faults == []
    assert outcome.tally["kill -9"] >= 4
    assert min(scenario.accounted[fate] for fate in ("applied", "stale", "dead-lettered")) > 0
