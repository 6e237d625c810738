"""A year of a small courier under programmes of a day, a month and a year, with kills in between, audited by replay.

`python -m tests.chaos --year PERSONS` plays it at any size, and prints how large the tables and changelogs are at its
end, and how long a worker takes to read them back. The calendar is that of 2024, so every period turns.
"""

import json
import random
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, Final, NamedTuple

from agents.demo.simulated_day import Planned
from agents.settings.settings import Settings
from agents.worker.steps import manifest_step, withholding_step
from state.step import Step
from tests.chaos.customs import CustomsScenario
from tests.chaos.driver import Driver, Fault
from tests.chaos.looking import log_of
from tests.kafka.broker import Broker
from tests.kafka.harness import KafkaHarness
from tests.prerequisites import kafka_missing

FIRST: Final = date(2024, 1, 1)
DAYS: Final = 366
ENABLED: Final = ("us-321", "ec", "az", "kr")
CLAIMED: Final = ("ec", "ec", "ec", "az", "az", "kr")
"""What a person claims, all year; by how often."""
BILLS_A_PERSON: Final = 4
SELLERS: Final = ("Northern Light Books", "Paper Moon", "Tin Whistle")
KILLS: Final = 12
PARTITIONS: Final = 8


class Parcel(NamedTuple):
    """A bill of the year."""

    number: int
    person: int
    day: date
    cents: int


class YearScenario(CustomsScenario):
    """Every day brings a few trips with the parcels of persons who order all year; some leave or are corrected."""

    def __init__(self, seed: int, harness: KafkaHarness, persons: int) -> None:
        """Draw a year of so many persons."""
        super().__init__(seed, harness)
        self._events = year(seed, persons)
        more = (("programmes", json.dumps(ENABLED)),)
        self.posts = [post._replace(settings=post.settings + more) for post in self.posts]

    def settings(self, harness: KafkaHarness, **more: Any) -> Settings:
        """Return the settings under which the steps are replayed."""
        return super().settings(harness, programmes=ENABLED, **more)

    def manifest(self, harness: KafkaHarness) -> Step:
        """Return a fresh manifest step that knows all programmes of the year."""
        return manifest_step(self.settings(harness), harness.partitions)

    def withholding(self, harness: KafkaHarness) -> Step:
        """Return a fresh withholding step that knows all programmes of the year."""
        return withholding_step(self.settings(harness), harness.partitions)


def claimed(parcel: Parcel) -> str:
    """Return the programme that a person's parcels claim."""
    return CLAIMED[parcel.person % len(CLAIMED)]


def year(seed: int, persons: int) -> Iterator[Planned]:
    """Return the events of the year, day by day."""
    dice = random.Random(seed)
    parcels = [
        Parcel(
            number, dice.randrange(persons), FIRST + timedelta(days=dice.randrange(DAYS)), dice.randrange(5_000, 42_000)
        )
        for number in range(persons * BILLS_A_PERSON)
    ]
    by_day: dict[date, list[Parcel]] = {}
    for parcel in parcels:
        by_day.setdefault(parcel.day, []).append(parcel)
    for day in sorted(by_day):
        trips: dict[str, list[Parcel]] = {}
        for parcel in by_day[day]:
            trips.setdefault(f"air:{CLAIMED[parcel.person % len(CLAIMED)]}-{parcel.number % 3}:{day}", []).append(
                parcel
            )
        for trip, carried in trips.items():
            for place, parcel in enumerate(carried):
                yield _event(trip, day, 6, "bill.manifested", _bill(parcel, place))
            yield _event(trip, day, 9, "conveyance.arrived", {"arrived_at": f"{day}T15:00:00Z"})
            yield from _later(dice, trip, day, carried)


def _later(dice: random.Random, trip: str, day: date, carried: list[Parcel]) -> Iterator[Planned]:
    """Some parcels are returned or deleted, some are stated again at another value, some events come twice."""
    for place, parcel in enumerate(carried):
        fate, version = dice.random(), {"bill": f"YEAR{parcel.number:08d}", "version": 2}
        if fate < 0.03:
            yield _event(trip, day, 12, "bill.disposed", {**version, "how": "returned"})
        elif fate < 0.06:
            yield _event(trip, day, 12, "bill.deleted", version)
        elif fate < 0.10:
            cheaper = _bill(parcel._replace(cents=parcel.cents // 2), place)
            yield _event(trip, day, 12, "bill.amended", {**cheaper, "version": 2})
        elif fate < 0.12:
            yield _event(trip, day, 6, "bill.manifested", _bill(parcel, place))


def _bill(parcel: Parcel, place: int) -> dict[str, Any]:
    # What a Korean buys in a day from one seller has a limit of its own, lower than the others.
    cents = parcel.cents // 3 if claimed(parcel) == "kr" else parcel.cents
    return {
        "bill": f"YEAR{parcel.number:08d}",
        "version": 1,
        "sequence": place,
        "manifested_at": f"{parcel.day}T08:00:00Z",
        "mode": "air",
        "filing": "manifest",
        "programme": claimed(parcel),
        "purchased_on": str(parcel.day.replace(day=1)),
        "seller": SELLERS[parcel.number % len(SELLERS)],
        "weight_grams": 200 + parcel.number % 5_000,
        "consignee": {"identifier_type": "34", "identifier": f"{parcel.person:09d}"},
        "shipper": {"name": "Warehouse", "country": "US"},
        "lines": [
            {
                "description": "goods",
                "hts": "9503.00",
                "origin": "US",
                "quantity": 1,
                "value": {"amount": f"{cents // 100}.{cents % 100:02d}", "currency": "USD"},
            }
        ],
    }


def _event(trip: str, day: date, hour: int, kind: str, data: dict[str, Any]) -> Planned:
    moment = datetime(day.year, day.month, day.day, hour, tzinfo=UTC).isoformat()
    key = f"{kind}/{trip}/{data.get('bill', '')}/{data.get('version', 1)}"
    event = {
        "specversion": "1.0",
        "id": key,
        "source": "/courier",
        "type": f"tallygate.{kind}.v1",
        "time": moment,
        "data": {"conveyance": trip, **data},
    }
    return Planned(0, 0, trip.encode(), json.dumps(event).encode(), kind)


def events_of(persons: int, seed: int) -> int:
    """Count the events of a year."""
    return sum(1 for _ in year(seed, persons))


def sizes(harness: KafkaHarness, step: str) -> str:
    """Say how many rows a step's tables have, and what is in its changelog."""
    records = [record for part in log_of(harness, harness.topics.changelog(step)).values() for record in part]
    rows = {(record.partition, record.key): record.value for record in records}
    living = [len(key or b"") + len(value) for (_partition, key), value in rows.items() if value is not None]
    logged = sum(len(record.key or b"") + len(record.value or b"") for record in records)
    return (
        f"{step}: {len(living):,} rows of {sum(living) / 1e6:.1f} MB in the tables; "
        f"{len(records):,} records of {logged / 1e6:.1f} MB in the changelog"
    )


def restored(harness: KafkaHarness, scenario: YearScenario, step: str) -> float:
    """Return the seconds from the start of one worker of a step until it has all tables."""
    began = time.monotonic()
    worker = harness.worker("restoring", step, **dict(scenario.posts[0].settings))
    while len(worker.ready()) < harness.partitions:
        time.sleep(0.01)
    seconds = time.monotonic() - began
    worker.stop()
    return seconds


def faults(dice: random.Random, count: int, spacing: float) -> list[Fault]:
    """Draw kills of workers, all year long."""
    return [Fault("kill", dice.uniform(0.5, 1.5) * spacing) for _ in range(count)]


def main(persons: int, seed: int) -> int:
    """Play the year, and print what came of it; 0 if it is exact, else 1, 2 where there is no Kafka."""
    if missing := kafka_missing():
        print(f"no year without a real Kafka: {missing}")
        return 2
    total = events_of(persons, seed)
    print(f"{persons:,} persons, {total:,} events, seed {seed}", flush=True)
    with tempfile.TemporaryDirectory(prefix="tallygate-year-") as folder:
        broker = Broker(Path(folder) / "kafka").format().start()
        try:
            with KafkaHarness(broker, "year", Path(folder)) as harness:
                harness.create_topics(PARTITIONS, steps=())
                scenario = YearScenario(seed, harness, persons)
                outcome = Driver(harness, scenario, seed).run(total, faults(random.Random(seed), KILLS, 6.0))
                print("\n".join(outcome.faults) or "exact", dict(outcome.tally), dict(scenario.accounted), flush=True)
                for step in ("manifest", "withholding"):
                    print(f"{sizes(harness, step)}; restored in {restored(harness, scenario, step):.1f} s", flush=True)
        finally:
            broker.stop()
    return 1 if outcome.faults else 0
