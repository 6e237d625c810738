"""Lives of bills for paired runs: the same events, phase by phase, whatever tree judges them.

The lives lead a posting through the three ways of the withholding step: a few cheap parcels a person (the fast path),
a few dear ones (plain ledgers), and a hundred parcels of one person (the kept book), within the limit and over it.
"""

from collections.abc import Iterator
from typing import Final, NamedTuple

import msgspec

from tests.bench.manifest_step import arrival_record, bill_record

PHASES: Final = ("new bill", "amendment", "arrival", "deletion")

Event = tuple[bytes, bytes]
"""Key and value of a shipment record."""


class Life(NamedTuple):
    """How many bills a person gets, how many of them on one conveyance, and the cents of the first line."""

    name: str
    a_person: int
    a_conveyance: int
    dollars: tuple[int, ...]
    """Values of a person's bills, in turn."""


LIVES: Final = (
    Life("fast", 3, 1, (20, 35, 50)),
    Life("plain", 5, 5, (200, 350, 280, 60, 90)),
    Life("book", 100, 10, (3, 9, 5, 7)),
    Life("book, over the limit", 100, 10, (60, 90, 35, 120)),
)


def phases(life: Life, bills: int) -> dict[str, list[Event]]:
    """Yield the events of a life by phase: bills filed, changed by a version, arrived, and one in five deleted."""
    persons = max(1, bills // life.a_person)
    numbers = range(persons * life.a_person)
    conveyances = dict.fromkeys(_conveyance(life, number) for number in numbers)
    return {  # the order of PHASES
        "new bill": [_bill(life, number, persons) for number in numbers],
        "amendment": [_bill(life, number, persons, version=2) for number in numbers if number % 2],
        "arrival": [_event(arrival_record(name, place)) for place, name in enumerate(conveyances)],
        "deletion": [_deletion(life, number) for number in numbers if number % 5 == 0],
    }


def _conveyance(life: Life, number: int) -> str:
    """Return the conveyance of a bill; one has `a_conveyance` bills of each of its persons."""
    return f"air:AF{number % life.a_person // life.a_conveyance:02d}{number // life.a_person // 50:02d}:2025-08-20"


def _bill(life: Life, number: int, persons: int, version: int = 1) -> Event:
    dollars = life.dollars[number % len(life.dollars)] + version - 1
    record = bill_record(number, number // life.a_person % persons, _conveyance(life, number), number)
    event = msgspec.json.decode(record.value or b"")
    event["data"]["version"] = version
    event["data"]["lines"][0]["value"]["amount"] = f"{dollars}.{number % 100:02d}"
    if version > 1:
        event["type"] = "tallygate.bill.amended.v1"
    return record.key or b"", msgspec.json.encode(event)


def _deletion(life: Life, number: int) -> Event:
    name = _conveyance(life, number)
    data = {"bill": f"ACME{number:08d}", "version": 3, "conveyance": name}
    envelope = {"specversion": "1.0", "id": f"d-{number}", "source": "/acme/fulfilment"}
    kind, time = "tallygate.bill.deleted.v1", "2025-08-20T14:00:00Z"
    return name.encode(), msgspec.json.encode({**envelope, "type": kind, "time": time, "data": data})


def _event(record: object) -> Event:
    key, value = getattr(record, "key", None), getattr(record, "value", None)
    return key or b"", value or b""


def all_phases(bills: int) -> Iterator[tuple[str, str, list[Event]]]:
    """Yield life, phase and events of everything that is run."""
    for life in LIVES:
        for phase, events in phases(life, bills).items():
            yield life.name, phase, events
