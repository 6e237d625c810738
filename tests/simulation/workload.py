"""The workload: shipment events with planned outcomes, as producers deliver them: repeated, late, sometimes bad."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random
from typing import TYPE_CHECKING, Any

import msgspec
from aiokafka.partitioner import murmur2

if TYPE_CHECKING:
    from collections.abc import Callable

Event = dict[str, Any]

BEGINNINGS = ("2025-08-18", "2025-08-09", "2025-08-26", "2025-04-29", "2016-03-07")
PEOPLE: tuple[tuple[Event, ...], ...] = (
    (
        {
            "name": "Ann Lee",
            "address": {"lines": ["12 Main Street"], "state": "NJ", "postal": "07102", "country": "US"},
        },
        {"name": "ANN  LEE", "address": {"lines": ["12 main st."], "state": "NJ", "postal": "07102", "country": "US"}},
    ),
    ({"identifier_type": "EI", "identifier": "12-3456789"},),
    ({"name": "Bo Ek", "address": {"lines": ["Gata 1"], "country": "SE"}},),
)
"""Each person with the ways in which it is spelled."""

AMOUNTS = ("300.00", "500", "400.00", "200", "100.00", "250.5", "800.00", "0", "400.40", "799.50", "800.01", "49.49")
FAULTS = ("not-json", "wrong-envelope", "unknown-type", "wrong-shape", "time-ahead", "key-mismatch", "wrong-partition")


def who_is(consignee: Event) -> str:
    """Name the person behind any of its spellings."""
    name: str = consignee.get("identifier") or " ".join(consignee["name"].casefold().split())
    return name


def partition_of(key: bytes, partitions: int) -> int:
    """Return the partition that Java's default partitioner gives; the code is aiokafka's, not ours."""
    return int((murmur2(key) & 0x7FFFFFFF) % partitions)


@dataclass(frozen=True)
class Planned:
    """A shipment record, and what is known of it beforehand."""

    key: bytes
    value: bytes
    partition: int
    event: Event
    time: datetime
    fault: str | None = None


@dataclass
class Workload:
    """What happens at the producers, in the order of their clocks; `deliveries` is what reaches the broker."""

    rng: Random
    partitions: int
    clock: datetime = field(init=False)
    bills: dict[tuple[str, str], Event] = field(default_factory=dict)
    """The last whole bill of each bill on each conveyance."""
    versions: dict[str, int] = field(default_factory=dict)
    number: int = 0

    def __post_init__(self) -> None:
        self.clock = datetime.fromisoformat(self.rng.choice(BEGINNINGS)).replace(hour=12, tzinfo=UTC)
        # A life ends before 45 days are over, after which conveyances are forgotten.
        self.leaps_end = self.clock + timedelta(days=20)
        self.conveyances = [f"air:{number}" for number in range(self.rng.randint(2, 4))]

    def deliveries(self, events: int) -> list[Planned]:
        """Make this many events, then repeat some and bring some late."""
        slots: list[tuple[float, int, Planned]] = []
        for place in range(events):
            planned = self._next()
            late = self.rng.uniform(1, 20) if self.rng.random() < 0.15 else 0.0
            slots.append((place + late, len(slots), planned))
            if self.rng.random() < 0.1:
                slots.append((place + late + self.rng.uniform(0, 10), len(slots), planned))
        return [planned for _, _, planned in sorted(slots, key=lambda slot: slot[:2])]

    def _next(self) -> Planned:
        self.number += 1
        if self.rng.random() < 0.01 and self.clock < self.leaps_end:
            self.clock += timedelta(days=self.rng.choice((13, 15, 16)))
        self.clock += timedelta(minutes=self.rng.choice((0, 1, 30, 240)))
        make: Callable[[], Event] = self.rng.choice(
            (self._whole, self._whole, self._whole, self._whole, self._exit, self._conveyance, self._conflict)
        )
        event = make()
        if self.rng.random() < 0.04:
            return self._faulty(event)
        return self._planned(event)

    def _planned(self, event: Event, **other: Any) -> Planned:
        key = event["data"]["conveyance"].encode()
        plain = {"key": key, "value": msgspec.json.encode(event), "partition": partition_of(key, self.partitions)}
        return Planned(**{**plain, **other}, event=event, time=self.clock)

    def _event(self, kind: str, data: Event) -> Event:
        hours = self.rng.choice((0, -4, 2))
        time = self.clock.astimezone(UTC) + timedelta(hours=hours)
        offset = "Z" if hours == 0 else f"{hours:+03d}:00"
        return {
            "specversion": "1.0",
            "id": f"e-{self.number}",
            "source": "/simulation",
            "type": f"tallygate.{kind}.v1",
            "time": time.strftime("%Y-%m-%dT%H:%M:%S") + offset,
            "data": data,
        }

    def _instant(self) -> str:
        return (self.clock + timedelta(hours=self.rng.choice((0, 12, 24, 30, -24)))).isoformat()

    def _rise(self, bill: str) -> int:
        self.versions[bill] = self.versions.get(bill, 0) + self.rng.choice((1, 1, 1, 2))
        return self.versions[bill]

    def _whole(self) -> Event:
        bill, conveyance = f"ACME{self.rng.randint(1, 7):04}", self.rng.choice(self.conveyances)
        held = self.bills.get((bill, conveyance))
        data = dict(held) if held else self._new_bill(bill, conveyance)
        for name in self.rng.sample(sorted(self._facts()), 3) if held else ():
            data[name] = self._facts()[name]
        data["version"] = self._rise(bill)
        kind = "bill.manifested" if not held or self.rng.random() < 0.5 else "bill.amended"
        self.bills[bill, conveyance] = data
        return self._event(kind, data)

    def _new_bill(self, bill: str, conveyance: str) -> Event:
        manifested = self.clock - timedelta(minutes=self.rng.choice((0, 5, 600)))
        return {
            "bill": bill,
            "conveyance": conveyance,
            "sequence": self.rng.randint(0, 3),
            "manifested_at": manifested.isoformat(),
            "shipper": {"name": "Shop", "country": "FR"},
            **self._facts(),
        }

    def _facts(self) -> Event:
        choose, day = self.rng.choice, (self.clock + timedelta(days=self.rng.choice((0, 1, 2)))).date().isoformat()
        return {
            "mode": choose(("air", "air", "ocean", "truck", "mail")),
            "filing": choose(("manifest", "manifest", "type86")),
            "consignee": choose(choose((PEOPLE[0], *PEOPLE))),
            "order": choose((None, "", "order-1", "order-1")),
            "estimated_arrivals": choose(([day], [day], [], [day, day])),
            "arrived_at": choose((None, None, self._instant())),
            "bill_type": choose(("M", "M", "M", "T")),
            "quantity": choose((1, 1, 1, 1, 0, None, "")),
            "planned_port": choose(("4601", "4601", None)),
            "lines": [self._line() for _ in range(choose((1, 1, 2)))],
        }

    def _line(self) -> Event:
        choose = self.rng.choice
        return {
            "description": choose(("toy",) * 15 + ("",)),
            "hts": choose(("9503.00.0073",) * 15 + ("9503.00",)),
            "origin": choose(("FR", "FR", "FR", "FR", "CN")),
            "quantity": 1,
            "value": {"amount": choose(AMOUNTS), "currency": choose(("USD",) * 15 + ("EUR",))},
            "flags": choose(([], [], [], [], [], ["pga"], ["fda"], ["quota", "adcvd"])),
        }

    def _exit(self) -> Event:
        bill, conveyance = self.rng.choice(sorted(self.bills)) if self.bills else ("ACME0001", self.conveyances[0])
        data: Event = {"bill": bill, "conveyance": conveyance, "version": self._rise(bill)}
        if self.rng.random() < 0.4:
            return self._event("bill.deleted", data)
        data["how"] = self.rng.choice(("entry-01", "entry-11", "exported", "abandoned", "returned"))
        return self._event("bill.disposed", data)

    def _conveyance(self) -> Event:
        conveyance = self.rng.choice(self.conveyances)
        instant = None if self.rng.random() < 0.15 else self._instant()
        if self.rng.random() < 0.4:
            return self._event("conveyance.estimated", {"conveyance": conveyance, "estimated_arrival": instant})
        return self._event("conveyance.arrived", {"conveyance": conveyance, "arrived_at": instant})

    def _conflict(self) -> Event:
        """Say something else, or the same in other words, at a version that was said before."""
        if not self.bills:
            return self._whole()
        data = dict(self.bills[self.rng.choice(sorted(self.bills))])
        chance = self.rng.random()
        if chance < 0.3:
            data["order"] = "order-9"
        elif chance < 0.5:
            data["lines"] = [{**line, "description": "another toy"} for line in data["lines"]]
        else:
            data["shipper"] = {"name": "Another shop", "country": "DE"}
        return self._event("bill.manifested", data)

    def _faulty(self, event: Event) -> Planned:
        fault = self.rng.choice(FAULTS if self.partitions > 1 else FAULTS[:-1])
        plain = self._planned(event)
        other: dict[str, Any] = {}
        match fault:
            case "not-json":
                other["value"] = plain.value[: len(plain.value) // 2]
            case "wrong-envelope":
                other["value"] = msgspec.json.encode({name: event[name] for name in event if name != "id"})
            case "unknown-type":
                other["value"] = msgspec.json.encode({**event, "type": "tallygate.bill.painted.v1"})
            case "wrong-shape":
                other["value"] = msgspec.json.encode({**event, "data": {"conveyance": event["data"]["conveyance"]}})
            case "key-mismatch":
                other["key"] = b"other"
            case "time-ahead":
                ahead = (self.clock + timedelta(days=60)).isoformat()
                other["value"] = msgspec.json.encode({**event, "time": ahead})
            case _:
                other["partition"] = (plain.partition + 1) % self.partitions
        return self._planned(event, fault=fault, **other)
