"""The workload: lives under any programmes, as producers deliver them: repeated, late, spelled otherwise, or bad."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Any, NamedTuple

import msgspec
from aiokafka.partitioner import murmur2

from state.rules.rulebook import Rulebook
from tests.reference.plain import World
from tests.reference.rule_file import rulebook_for
from tests.reference.shipped import EVERY
from tests.second_judge.by_model import RATES_OF_MODEL
from tests.second_judge.comparing import rulebook
from tests.second_judge.drawn import draw_rules, regime_of
from tests.second_judge.lives import Event, Life
from tests.second_judge.manifest import person
from tests.second_judge.regimes import REGIMES

FAULTS = ("not-json", "wrong-envelope", "unknown-type", "wrong-shape", "time-ahead", "key-mismatch", "wrong-partition")
DRAWN_EACH = 6
"""Of so many lives one is under programmes that are made up, the others under those that ship."""
ALONE_EACH = 4
"""Of so many of these one has bills of one programme alone, so that they meet."""
AHEAD = timedelta(days=4_000)
"""No life leaps so far."""


def who_is(consignee: Event) -> str:
    """Name the person behind any of its spellings."""
    return " ".join(person(consignee).casefold().split())


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


class RulesOfLife(NamedTuple):
    """The enabled programmes, as the models know them and as the steps do."""

    world: World
    book: Rulebook


class Workload:
    """What happens at the producers, in the order of their clocks; `deliveries` is what reaches the broker."""

    def __init__(self, seed: int, rng: Random, partitions: int) -> None:
        self.rng = rng
        self.partitions = partitions
        self.life, self.rules = _drawn(seed) if seed % DRAWN_EACH == 0 else _shipped(seed)

    def deliveries(self, events: int) -> list[Planned]:
        """Make this many events, then repeat some and bring some late."""
        slots: list[tuple[float, int, Planned]] = []
        for place, event in enumerate(self.life.events(events)):
            planned = self._faulty(event) if self.rng.random() < 0.04 else self._planned(self._spelled(event))
            late = self.rng.uniform(1, 20) if self.rng.random() < 0.15 else 0.0
            slots.append((place + late, len(slots), planned))
            if self.rng.random() < 0.1:
                slots.append((place + late + self.rng.uniform(0, 10), len(slots), planned))
        return [planned for _, _, planned in sorted(slots, key=lambda slot: slot[:2])]

    def _spelled(self, event: Event) -> Event:
        """Spell a consignee's name and street otherwise, at times."""
        consignee = event["data"].get("consignee", {})
        if "name" not in consignee or self.rng.random() < 0.5:
            return event
        address = consignee["address"]
        address = {**address, "lines": [f"{line.upper()}." for line in address["lines"]]}
        other = {"name": consignee["name"].lower().replace(" ", "  "), "address": address}
        return {**event, "data": {**event["data"], "consignee": other}}

    def _planned(self, event: Event, **other: Any) -> Planned:
        key = event["data"]["conveyance"].encode()
        plain = {"key": key, "value": msgspec.json.encode(event), "partition": partition_of(key, self.partitions)}
        return Planned(**{**plain, **other}, event=event, time=datetime.fromisoformat(event["time"]))

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
                other["value"] = msgspec.json.encode({**event, "time": (plain.time + AHEAD).isoformat()})
            case _:
                other["partition"] = (plain.partition + 1) % self.partitions
        return self._planned(event, fault=fault, **other)


def _shipped(seed: int) -> tuple[Life, RulesOfLife]:
    """Return a life under some of the programmes that ship."""
    turn, alone = divmod(seed, ALONE_EACH)
    name = list(REGIMES)[turn % len(REGIMES)]
    life = Life(seed) if alone else Life(seed, {name: REGIMES[name]})
    world = World(EVERY.enabled(*life.enabled).programmes, life.default, RATES_OF_MODEL)
    return life, RulesOfLife(world, rulebook().with_programmes(life.enabled, life.default))


def _drawn(seed: int) -> tuple[Life, RulesOfLife]:
    """Return a life under programmes of any window, zone, measures and overflow."""
    world, programmes, begin = draw_rules(Random(f"programmes {seed}"))
    life = Life(seed, {one.id: regime_of(one) for one in programmes}, begin)
    return life, RulesOfLife(world, rulebook_for(world))
