"""The parcels of a courier over many days, as shipment events in the order of time; a seed gives the same ones."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any, Final, NamedTuple

import msgspec

TRIP_PARCELS: Final = 150
DAY_SECONDS: Final = 86_400
CURRENCY: Final = "USD"
PLACES: Final = {"ec": ("Quito", "170150", "EC"), "uz": ("Tashkent", "100011", "UZ"), "us-321": ("Reno", "89501", "US")}
"""By programme, what all its addresses have."""
PERSONS_OF: Final = 20
"""Of so many persons one has parcels under us-321, nine under uz, the others under ec."""


class Plan(NamedTuple):
    """How large a year is; everything follows from it."""

    seed: int
    persons: int
    first: date
    days: int
    parcels_each: int = 5
    """Parcels a person, on average; some have ten times as many."""

    @property
    def parcels(self) -> int:
        """Return the parcels of all persons."""
        return self.persons * self.parcels_each

    def text(self) -> str:
        """Return it as text, for another process."""
        return msgspec.json.encode(self).decode()

    @classmethod
    def read(cls, text: str) -> "Plan":
        """Read what `text` returned."""
        return msgspec.json.decode(text, type=cls)


@dataclass(eq=False)
class Trip:
    """A conveyance; `arrives` is in seconds from the midnight, UTC, at which the first day begins."""

    name: str
    programme: str
    arrives: int


@dataclass(eq=False)
class Parcel:
    """A parcel as its latest version has it."""

    number: int
    trip: Trip
    place: int
    person: int
    cents: int
    grams: int | None
    order: str
    filed: int
    version: int = 1
    closed: bool = False

    @property
    def bill(self) -> str:
        """Return its bill number."""
        return f"YEAR{self.number:08d}"


def programme_of(person: int) -> str:
    """Return the programme of a person's parcels."""
    group = person % PERSONS_OF
    return "us-321" if not group else "uz" if group < PERSONS_OF // 2 else "ec"


def consignee(person: int, programme: str, *, loud: bool) -> dict[str, Any]:
    """Return who a person is: mostly an identifier, of every fifth a name and address, at times in capitals."""
    if person % 5:
        return {"identifier_type": "34", "identifier": f"{person:09d}"}
    city, postal, country = PLACES[programme]
    name, street = f"Persona {person:06d}", f"{person} Avenida Larga"
    if loud:
        name, street, city = name.upper(), street.upper(), city.upper()
    address = {"lines": [street], "city": city, "postal": postal, "country": country}
    return {"name": name, "address": address}


class Drawing:
    """Draws the parcels of each day."""

    def __init__(self, plan: Plan, rng: Random) -> None:
        self._plan = plan
        self._rng = rng
        self._drawn = 0

    def trips(self, day: int) -> list[tuple[Trip, list[Parcel]]]:
        """Return the trips that arrive on a day, counted from 0, each with its parcels."""
        plan, rng = self._plan, self._rng
        before, after = (plan.parcels * (day + more) // plan.days for more in (0, 1))
        persons: dict[str, list[tuple[int, str]]] = {name: [] for name in PLACES}
        last = (0, "")
        for number in range(before, after):
            if last[1] and number % plan.parcels_each and rng.random() < 0.3:
                person, order = last  # a second parcel of an order
            else:
                person, order = self._person(number), f"o-{number}" if rng.random() < 0.1 else ""
            last = person, order
            persons[programme_of(person)].append((person, order))
        return [
            self._trip(day, place // TRIP_PARCELS, name, there[place : place + TRIP_PARCELS])
            for name, there in persons.items()
            for place in range(0, len(there), TRIP_PARCELS)
        ]

    def _person(self, number: int) -> int:
        """Choose a person: every fifth time the next one, so that everybody comes; else some far more often."""
        plan = self._plan
        if number % plan.parcels_each == 0:
            return number // plan.parcels_each
        return int(plan.persons * self._rng.random() ** 1.5)

    def _trip(self, day: int, number: int, programme: str, there: list[tuple[int, str]]) -> tuple[Trip, list[Parcel]]:
        rng = self._rng
        arrives = day * DAY_SECONDS + rng.randrange(DAY_SECONDS)
        name = f"air:{programme.upper()}{number:03d}:{self._plan.first + timedelta(days=day)}"
        trip = Trip(name, programme, arrives)
        opens = arrives - rng.randint(4, 20) * 3600
        found = []
        for place, (person, order) in enumerate(there):
            grams = None if rng.random() < 0.01 else rng.randint(100, 4_200)
            parcel = Parcel(self._drawn, trip, place, person, self.cents(), grams, order, opens + place * 10)
            self._drawn += 1
            found.append(parcel)
        return trip, found

    def cents(self) -> int:
        """Return a value: mostly some ten dollars, now and then above what a single parcel may be worth in Ecuador."""
        return min(45_000, int(self._rng.lognormvariate(8.7, 0.8)) + 100)


class Writing:
    """Writes events."""

    def __init__(self, first: date) -> None:
        self._start = datetime(first.year, first.month, first.day, tzinfo=UTC)
        self._number = 0

    def event(self, kind: str, at: int, data: dict[str, Any]) -> dict[str, Any]:
        """Return an event; each has an id of its own."""
        self._number += 1
        return {
            "specversion": "1.0",
            "id": f"y{self._number}",
            "source": "/tests/year",
            "type": f"tallygate.{kind}.v1",
            "time": self.stamp(at),
            "data": data,
        }

    def stamp(self, at: int) -> str:
        """Return an instant as text."""
        return (self._start + timedelta(seconds=at)).strftime("%Y-%m-%dT%H:%M:%SZ")

    def bill(self, parcel: Parcel, *, loud: bool) -> dict[str, Any]:
        """Return the data of a whole bill."""
        trip = parcel.trip
        data = {
            "bill": parcel.bill,
            "version": parcel.version,
            "conveyance": trip.name,
            "sequence": parcel.place,
            "manifested_at": self.stamp(parcel.filed),
            "mode": "air",
            "filing": "manifest",
            "consignee": consignee(parcel.person, trip.programme, loud=loud),
            "shipper": {"name": "Tienda Sol", "country": "FR"},
            "lines": [
                {
                    "description": "shirt",
                    "hts": "6109.10",
                    "origin": "FR",
                    "quantity": 1,
                    "value": {"amount": f"{parcel.cents // 100}.{parcel.cents % 100:02d}", "currency": CURRENCY},
                }
            ],
        }
        if trip.programme != "us-321":
            data["programme"] = trip.programme
        if parcel.order:
            data["order"] = parcel.order
        if parcel.grams is not None:
            data["weight_grams"] = parcel.grams
        return data
