"""A programme is enabled on a running system, as docs/operating.md says: nothing is lost, repeated or changed."""

import json
import uuid
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from agents.worker.steps import manifest_step, withholding_step
from state.step import Step
from state.table import Overlay
from stream.partition import partition_of
from stream.records import Record, Result
from tests.chaos.customs import CustomsScenario
from tests.chaos.topic_records import log_of
from tests.kafka.broker import Broker
from tests.kafka.harness import KafkaHarness
from tests.kafka.worker import WorkerProcess
from tests.waiting import wait_for

pytestmark = pytest.mark.kafka

ENABLED = ("us-321", "us-gift", "us-gift-insular", "uz")
NEW = {"programmes": json.dumps(ENABLED)}
BILLS = 60


class SwitchedStep:
    """A step that is another from an offset on, as where a worker was restarted with other settings."""

    def __init__(self, before: Step, after: Step, ends: dict[int, int]) -> None:
        """Take both, and by partition the first offset that the second one judges."""
        self.name, self.fingerprint, self.programmes = "switched", "", after.programmes
        self.reads: tuple[str, ...] = ()
        self.fates = after.fates
        self._before, self._after, self._ends = before, after, ends

    def __call__(self, record: Record, table: Overlay) -> Result:
        """Judge with the one whose turn it is."""
        later = record.offset >= self._ends.get(record.partition, 0)
        return (self._after if later else self._before)(record, table)

    def sweep(self, table: Overlay, budget: int) -> int:  # noqa: ARG002
        """Sweep nothing."""
        return 0


class EnablingScenario(CustomsScenario):
    """A day of us-321, and between its events parcels that claim uz: at first no worker knows that programme."""

    def __init__(self, seed: int, harness: KafkaHarness) -> None:
        """Begin with what was judged before uz was enabled."""
        super().__init__(seed, harness)
        self.ends: dict[int, int] = {}

    def manifest(self, harness: KafkaHarness) -> Step:
        """Return the step as it was until the workers knew uz, and as it is since."""
        before, after = self.settings(harness), self.settings(harness, programmes=ENABLED)
        return SwitchedStep(
            manifest_step(before, harness.partitions), manifest_step(after, harness.partitions), self.ends
        )

    def withholding(self, harness: KafkaHarness) -> Step:
        """Return the step that knows uz: what it says of other programmes must not depend on that."""
        return withholding_step(self.settings(harness, programmes=ENABLED), harness.partitions)

    def claim(self, harness: KafkaHarness, first: int) -> None:
        """Publish arrived bills of six persons that claim uz, 40 dollars each: five of a person fit the month."""
        with harness.producer() as producer:
            for number in range(first, first + BILLS):
                event = parcel(number)
                key = event["data"]["conveyance"].encode()
                producer.produce(
                    harness.topics.shipments, json.dumps(event), key, partition_of(key, harness.partitions)
                )


def parcel(number: int) -> dict[str, Any]:
    """Return an event of a bill that claims uz and has arrived."""
    return {
        "specversion": "1.0",
        "id": f"uz-{number}",
        "source": "/tests/uz",
        "type": "tallygate.bill.manifested.v1",
        "time": "2025-08-20T12:00:00Z",
        "data": {
            "bill": f"UZPX{number:06d}",
            "conveyance": f"air:UZ{number % 7}:2025-08-20",
            "sequence": number,
            "manifested_at": "2025-08-20T09:00:00Z",
            "mode": "air",
            "filing": "manifest",
            "programme": "uz",
            "arrived_at": "2025-08-20T10:00:00Z",
            "consignee": {"identifier_type": "34", "identifier": f"12345678{number % 6}"},
            "shipper": {"name": "Shop", "country": "FR"},
            "lines": [
                {
                    "description": "toy",
                    "hts": "9503.00",
                    "origin": "FR",
                    "quantity": 1,
                    "value": {"amount": "40.00", "currency": "USD"},
                }
            ],
        },
    }


@pytest.fixture
def enabling(broker: Broker, tmp_path: Path) -> Iterator[tuple[KafkaHarness, EnablingScenario]]:
    """Return topics of four partitions and the scenario on them."""
    with KafkaHarness(broker, f"enabling{uuid.uuid4().hex[:8]}", tmp_path) as harness:
        harness.create_topics(4, steps=())
        yield harness, EnablingScenario(5, harness)


def start(harness: KafkaHarness, scenario: EnablingScenario, step: str, name: str, **more: str) -> WorkerProcess:
    """Start a worker with the scenario's settings."""
    return harness.worker(name, step, **dict(scenario.posts[0].settings), **more)


def drained(harness: KafkaHarness, scenario: EnablingScenario) -> None:
    """Wait until everything is judged."""
    wait_for(lambda: not scenario.behind(harness), "everything to be judged")


def verdicts(harness: KafkaHarness) -> Counter[tuple[str, str, str]]:
    """Count the decisions on the parcels that claim uz by programme, outcome and reason."""
    found = [json.loads(value)["data"] for value in harness.decisions()]
    return Counter(
        (each["programme"], each["outcome"], each["reason"]) for each in found if each["bill"].startswith("UZPX")
    )


@pytest.mark.slow
def test_a_programme_is_enabled_while_events_flow(enabling: tuple[KafkaHarness, EnablingScenario]) -> None:
    """Withholding workers get the setting first, then manifest workers; bills that came too early stay rejected."""
    harness, scenario = enabling
    workers = {
        (step, name): start(harness, scenario, step, name) for step in ("withholding", "manifest") for name in "ab"
    }
    for worker in workers.values():
        worker.ready()
    scenario.claim(harness, 0)
    scenario.feed(harness, 1_000)
    drained(harness, scenario)
    assert verdicts(harness) == {("uz", "reject", "filing-error"): BILLS}
    scenario.ends = {
        number: records[-1].offset + 1 for number, records in log_of(harness, harness.topics.shipments).items()
    }
    for (step, name), worker in workers.items():
        scenario.feed(harness, 500)
        assert worker.stop() == 0
        workers[step, name] = start(harness, scenario, step, name, **NEW)
        workers[step, name].ready()
    scenario.claim(harness, BILLS)
    scenario.feed(harness, 1_000)
    drained(harness, scenario)
    assert verdicts(harness) == {
        ("uz", "reject", "filing-error"): BILLS,
        ("uz", "release", "within-limit"): 30,
        ("uz", "withhold", "period-limit"): 30,
    }
    assert scenario.audit(harness) == []
    for (step, name), worker in workers.items():
        assert worker.stop() == 0
        former = start(harness, scenario, step, name)
        assert former.refused() == 78
        assert "uz is not enabled, and the table was built with it" in former.log()


def test_manifest_workers_first_are_refused_and_nothing_is_lost(
    enabling: tuple[KafkaHarness, EnablingScenario],
) -> None:
    """A withholding worker that does not know the programme ends with 78 and judges nothing of it as us-321."""
    harness, scenario = enabling
    start(harness, scenario, "manifest", "a", **NEW).ready()
    scenario.claim(harness, 0)
    for _ in range(4):
        ignorant = start(harness, scenario, "withholding", "a")
        assert ignorant.wait() == 78
        assert "a posting is of the programme uz, which is not enabled here" in ignorant.log()
        harness.bury("withholding")
    assert verdicts(harness) == {}
    assert harness.halts() == []
    start(harness, scenario, "withholding", "a", **NEW).ready()
    drained(harness, scenario)
    assert verdicts(harness) == {("uz", "release", "within-limit"): 30, ("uz", "withhold", "period-limit"): 30}
    assert scenario.audit(harness) == []
