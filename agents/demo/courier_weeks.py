"""Some weeks of a small courier under a programme: trips, parcels and what happens to them, in the order of time.

Everything follows from the random numbers that are passed in. Names, streets and firms are invented.
"""

from collections.abc import Iterator
from datetime import UTC, timedelta
from math import log
from random import Random
from typing import Any, Final, NamedTuple

import msgspec

from agents.demo.agenda import Agenda, Made, Planned, repeat, spoil
from agents.demo.demo_bills import GOODS
from agents.demo.faults import RARE
from agents.demo.figures import DAY_SECONDS, HOUR
from agents.demo.people import FIRST, LAST, SHOPS, STREETS
from agents.demo.played import WEEKS, Played
from agents.demo.simulated_day import BILLS_MIN, EXITS
from state.rules.rulebook import Rulebook
from stream.deadletters import Fault
from stream.money import format_cents

DAYS: Final = WEEKS * 7
TRIPS: Final = 2 * DAYS
LAST_ARRIVAL: Final = DAYS * DAY_SECONDS - 12 * HOUR
COUNTRIES: Final = {
    "America/New_York": ("Newark", "07114", "US"),
    "America/Guayaquil": ("Quito", "170150", "EC"),
    "America/Lima": ("Lima", "15001", "PE"),
    "Asia/Baku": ("Baku", "AZ1000", "AZ"),
    "Asia/Seoul": ("Seoul", "04524", "KR"),
    "Asia/Tashkent": ("Tashkent", "100011", "UZ"),
    "Asia/Tbilisi": ("Tbilisi", "0105", "GE"),
}
"""By zone a city, its postal code and the country of the addresses."""
ORIGINS: Final = ("US", "ES", "TR", "DE", "FR", "IT")
SHORT: Final = frozenset({"day", "conveyance"})
"""Windows so short that only what is bought together is summed."""
EAGER: Final = 0.3
"""Share of the orders that persons give who order often: some of them reach the limit."""


class CourierHabits(NamedTuple):
    """How often something happens to a parcel or a trip; assumptions."""

    together: float = 0.5
    """Parcels that travel with another one of the same person and shop."""
    over_cap: float = 0.01
    amended: float = 0.03
    deleted: float = 0.01
    disposed: float = 0.02
    repeated: float = 0.005
    corrected: float = 0.06
    """Trips whose time of arrival is corrected."""


HABITS: Final = CourierHabits()


class Parcel:
    """One parcel and its state; `version` counts its events."""

    __slots__ = (
        "cents", "closed", "filed", "good", "grams", "number", "order", "place", "shop", "trip", "version", "who",
    )  # fmt: skip

    def __init__(self, number: int, trip: "CourierTrip", place: int, who: int, shop: int, order: str) -> None:
        self.number, self.trip, self.place, self.who, self.shop, self.order = number, trip, place, who, shop, order
        self.version, self.closed, self.filed = 1, False, 0
        self.cents, self.grams, self.good = 0, 0, 0

    @property
    def bill(self) -> str:
        """Return its bill number."""
        return f"ZQCW{self.number:08d}"


class CourierTrip:
    """A flight of the courier; times are seconds from the first midnight."""

    __slots__ = ("arrives", "conveyance", "count", "departs", "first")

    def __init__(self, conveyance: str, departs: int, arrives: int, first: int, count: int) -> None:
        self.conveyance, self.departs, self.arrives, self.first, self.count = conveyance, departs, arrives, first, count


class CourierWeeks:
    """Weeks of `bills` parcels (at least `BILLS_MIN`) as `played` says; iterate once."""

    def __init__(self, rng: Random, bills: int, played: Played, rulebook: Rulebook) -> None:
        if bills < BILLS_MIN:
            raise ValueError(f"weeks need at least {BILLS_MIN} bills to show every kind of event")
        assert played.programme is not None  # noqa: S101 - the day of August has no weeks
        self._rng, self._bills, self._played = rng, bills, played
        self._programme = played.programme
        self._goods = _Goods(rng, played, rulebook)
        each = [fault for fault in Fault for _ in range(1 if fault in RARE else max(1, bills // 4_000))]
        self._faults = dict(zip(rng.sample(range(bills), len(each)), each, strict=True))
        self._persons = max(10, bills // 4)
        self._agenda = Agenda()

    def __iter__(self) -> Iterator[Planned]:
        """Yield the records in the order of time."""
        for trip in self._trips():
            self._open(trip)
        while self._agenda.due is not None:
            if (planned := self._agenda.act()) is not None:
                yield planned

    def _trips(self) -> Iterator[CourierTrip]:
        """Divide the parcels over the trips, at any hour, the hours around midnight among them."""
        rng, bills = self._rng, self._bills
        for number in range(TRIPS):
            first, after = bills * number // TRIPS, bills * (number + 1) // TRIPS
            if first == after:
                continue
            day = number * DAYS // TRIPS
            hour = rng.choice((0, 3, 9, 14, 19, 23)) * HOUR + rng.randrange(HOUR)
            arrives = min(day * DAY_SECONDS + hour, LAST_ARRIVAL)
            date = (self._played.begins + timedelta(seconds=arrives)).date()
            conveyance = f"air:ZQ{number:03d}:{date}"
            yield CourierTrip(conveyance, arrives - rng.randint(4, 14) * HOUR, arrives, first, after - first)

    def _open(self, trip: CourierTrip) -> None:
        """Put a trip and its parcels on the agenda."""
        rng = self._rng
        self._agenda.add(trip.departs, self._of_trip, trip, "estimated", trip.arrives + rng.randint(-2, 2) * 900)
        self._agenda.add(trip.arrives + 300, self._of_trip, trip, "arrived", trip.arrives)
        if rng.random() < HABITS.corrected:
            self._agenda.add(trip.arrives + HOUR, self._of_trip, trip, "arrived", trip.arrives - 600)
        who, shop, order = self._ordered(trip.first)
        for place in range(trip.count):
            number = trip.first + place
            if not place or rng.random() >= HABITS.together:
                who, shop, order = self._ordered(number)
            parcel = Parcel(number, trip, place, who, shop, order)
            self._goods.fill(parcel)
            parcel.filed = trip.departs - 2 * HOUR + place * HOUR // trip.count
            self._agenda.add(parcel.filed, self._manifest, parcel)

    def _ordered(self, number: int) -> tuple[int, int, str]:
        """Return who orders, in which shop, and the number of the order."""
        rng = self._rng
        eager = rng.random() < EAGER
        who = rng.randrange(max(2, self._persons // 20) if eager else self._persons)
        return who, rng.randrange(len(SHOPS)), f"W-{number:06d}" if rng.random() < 0.4 else ""

    def _of_trip(self, at: int, trip: CourierTrip, kind: str, instant: int) -> Made | None:
        name = "estimated_arrival" if kind == "estimated" else "arrived_at"
        data = {"conveyance": trip.conveyance, name: self._stamp(instant)}
        return self._say(at, f"conveyance.{kind}", trip.conveyance, data)

    def _manifest(self, at: int, parcel: Parcel) -> Made | None:
        """File a parcel, and plan what happens to it later."""
        rng, arrives = self._rng, parcel.trip.arrives
        spoken = self._whole(at, "bill.manifested", parcel)
        draw = rng.random()
        if draw < HABITS.amended:
            self._agenda.add(rng.randint(at + 60, arrives), self._amend, parcel)
        elif draw < HABITS.amended + HABITS.deleted:
            self._agenda.add(rng.randint(at + 60, arrives), self._leave, parcel, "deleted")
        elif draw < HABITS.amended + HABITS.deleted + HABITS.disposed:
            self._agenda.add(arrives + rng.randint(1, 10) * HOUR, self._leave, parcel, rng.choice(EXITS))
        elif draw < HABITS.amended + HABITS.deleted + HABITS.disposed + HABITS.repeated:
            self._agenda.add(at + rng.randint(5, 600), repeat, spoken)
        fault = self._faults.get(parcel.number)
        if fault is not None:
            self._agenda.add(at, spoil, fault, spoken)
        return spoken

    def _amend(self, at: int, parcel: Parcel) -> Made | None:
        if parcel.closed:
            return None
        parcel.version += 1
        self._goods.fill(parcel)
        return self._whole(at, "bill.amended", parcel)

    def _leave(self, at: int, parcel: Parcel, how: str) -> Made | None:
        if parcel.closed:
            return None
        parcel.closed = True
        parcel.version += 1
        data = {"bill": parcel.bill, "conveyance": parcel.trip.conveyance, "version": parcel.version}
        if how == "deleted":
            return self._say(at, "bill.deleted", parcel.trip.conveyance, data)
        return self._say(at, "bill.disposed", parcel.trip.conveyance, {**data, "how": how})

    def _whole(self, at: int, kind: str, parcel: Parcel) -> Made:
        programme, trip = self._programme, parcel.trip
        description, hts = GOODS[parcel.good]
        value = {"amount": format_cents(parcel.cents), "currency": programme.currency}
        origin = ORIGINS[parcel.shop % len(ORIGINS)]
        line = {"description": description, "hts": hts, "origin": origin, "quantity": 1, "value": value, "flags": []}
        data: dict[str, Any] = {
            "bill": parcel.bill,
            "version": parcel.version,
            "conveyance": trip.conveyance,
            "sequence": parcel.place,
            "manifested_at": self._stamp(parcel.filed),
            "mode": "air",
            "filing": "manifest",
            "programme": programme.id,
            "consignee": self._consignee(parcel.who),
            "shipper": {"name": f"{SHOPS[parcel.shop]} Ltd", "country": origin},
            "seller": f"{LAST[parcel.shop]} {SHOPS[parcel.shop]}",
            "lines": [line],
        }
        if parcel.order:
            data["order"] = parcel.order
        if programme.asks_weight:
            data["weight_grams"] = parcel.grams
        if programme.date == "purchase":
            bought = self._played.begins + timedelta(seconds=trip.arrives) - timedelta(days=2)
            data["purchased_on"] = str(bought.date())
        return self._say(at, kind, trip.conveyance, data)

    def _consignee(self, who: int) -> dict[str, Any]:
        city, postal, country = COUNTRIES.get(self._programme.zone, (self._played.zone_words, "1", "ZZ"))
        name = f"{FIRST[who % len(FIRST)]} {LAST[who // len(FIRST) % len(LAST)]}"
        lines = [f"{who * 7919 % 9973 + 1} {STREETS[who % len(STREETS)]} St"]
        return {"name": name, "address": {"lines": lines, "city": city, "postal": postal, "country": country}}

    def _stamp(self, second: int) -> str:
        return f"{(self._played.begins + timedelta(seconds=second)).astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"

    def _say(self, at: int, kind: str, key: str, data: dict[str, Any]) -> Made:
        event = {
            "specversion": "1.0",
            "id": f"w{self._agenda.ordinal()}",
            "source": "/demo/courier",
            "type": f"tallygate.{kind}.v1",
            "time": self._stamp(at),
            "data": data,
        }
        return key, msgspec.json.encode(event), kind, 0


class _Goods:
    """Draws what parcels are worth and weigh, by the limits that hold when the weeks begin."""

    def __init__(self, rng: Random, played: Played, rulebook: Rulebook) -> None:
        assert played.programme is not None  # noqa: S101 - as above
        name, day = played.programme.id, played.begins.date()
        limits, rules = rulebook.limits(day, name), rulebook.on(day, name)
        self._rng = rng
        self._limit = limits.value.amount if limits and limits.value else 100_00
        self._cap = rules.single_value.amount if rules.single_value else self._limit
        weights = [rules.single_weight, limits.weight if limits else None]
        self._grams = min((one.amount for one in weights if one), default=4_000)
        self._usual = log(self._limit * (0.22 if played.programme.window in SHORT else 0.12))

    def fill(self, parcel: Parcel) -> None:
        """Fill a parcel; a few are worth or weigh more than a single one may."""
        rng = self._rng
        draw = rng.random()
        parcel.good = rng.randrange(len(GOODS))
        parcel.cents = min(self._cap, max(500, int(rng.lognormvariate(self._usual, 0.6))))
        parcel.grams = rng.randint(100, self._grams * 2 // 3)
        if draw < HABITS.over_cap:
            parcel.cents = self._cap * 5 // 4
        elif draw < 2 * HABITS.over_cap:
            parcel.grams = self._grams * 5 // 4
