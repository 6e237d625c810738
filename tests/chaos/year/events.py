"""What happens to the parcels of a year, in the order of time."""

from collections.abc import Callable, Iterator
from heapq import heappop, heappush
from random import Random
from typing import Any, Final

import msgspec

from agents.demo.agenda import Planned
from tests.chaos.year.parcels import DAY_SECONDS, Drawing, Parcel, Plan, Trip, Writing

EXITS: Final = ("entry-11", "exported", "abandoned", "returned")
HOUR: Final = 3600
LATEST_DAYS: Final = 60
"""Some changes come so late that the ledger of a month, or of the year before, has closed."""

Said = tuple[str, str, bytes] | None
"""Key, kind and value of an event, None where nothing is left to be said."""


class CourierYear:
    """The events of a plan; iterate once."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._rng = Random(plan.seed)
        self._drawing = Drawing(plan, self._rng)
        self._writing = Writing(plan.first)
        self._ordinal = 0
        self._agenda: list[tuple[int, int, Callable[..., Said], tuple[Any, ...]]] = []

    def __iter__(self) -> Iterator[Planned]:
        """Yield the events; no trip is known earlier than a day before it arrives."""
        for day in range(self._plan.days):
            for trip, parcels in self._drawing.trips(day):
                self._open(trip, parcels)
            yield from self._said_until(day * DAY_SECONDS)
        yield from self._said_until(self._plan.days * DAY_SECONDS)

    def _said_until(self, end: int) -> Iterator[Planned]:
        agenda, before = self._agenda, None
        while agenda and agenda[0][0] < end:
            at, _, act, arguments = heappop(agenda)
            said = act(at, *arguments)
            if said is not None:
                key, kind, value = said
                yield Planned(0 if before is None else at - before, at, key.encode(), value, kind)
                before = at

    def _at(self, at: int, act: Callable[..., Said], *arguments: Any) -> None:
        self._ordinal += 1
        heappush(self._agenda, (at, self._ordinal, act, arguments))

    def _open(self, trip: Trip, parcels: list[Parcel]) -> None:
        """Put on the agenda what will happen to a trip and its parcels."""
        rng = self._rng
        if rng.random() < 0.7:
            self._at(parcels[0].filed - 60, self._of_trip, trip, "estimated", trip.arrives + rng.randint(-3600, 3600))
        landed = trip.arrives + 300
        self._at(landed, self._of_trip, trip, "arrived", trip.arrives)
        if rng.random() < 0.05:
            self._at(landed + HOUR, self._of_trip, trip, "arrived", None)
            self._at(landed + 2 * HOUR, self._of_trip, trip, "arrived", trip.arrives + rng.randint(-9, 9) * HOUR)
        for parcel in parcels:
            self._at(parcel.filed, self._manifest, parcel)
            draw = rng.random()
            if draw < 0.04:
                self._at(self._later(parcel, trip.arrives), self._amend, parcel)
            elif draw < 0.055:
                self._at(self._later(parcel, trip.arrives), self._leave, parcel, "deleted")
            elif draw < 0.08:
                self._at(self._later(parcel, trip.arrives), self._leave, parcel, rng.choice(EXITS))

    def _later(self, parcel: Parcel, arrives: int) -> int:
        rng = self._rng
        if rng.random() < 0.3:
            return rng.randint(parcel.filed + 60, arrives + HOUR)
        return arrives + rng.randint(HOUR, rng.choice((1, 5, LATEST_DAYS)) * DAY_SECONDS)

    def _of_trip(self, at: int, trip: Trip, kind: str, instant: int | None) -> Said:
        name = "estimated_arrival" if kind == "estimated" else "arrived_at"
        data = {"conveyance": trip.name, name: None if instant is None else self._writing.stamp(instant)}
        return self._say(at, f"conveyance.{kind}", trip.name, data)

    def _manifest(self, at: int, parcel: Parcel) -> Said:
        rng = self._rng
        said = self._whole(at, "bill.manifested", parcel)
        draw = rng.random()
        if draw < 0.01:
            self._at(at + rng.randint(5, 600), _again, said, "repeat")
        elif draw < 0.012:
            other = said[2].replace(b'"description":"shirt"', b'"description":"coat"')
            self._at(at + rng.randint(5, 600), _again, (said[0], said[1], other), "version-conflict")
        elif draw < 0.0125:
            self._at(at, _again, (said[0], said[1], said[2][: len(said[2]) // 2]), "not-json")
        return said

    def _amend(self, at: int, parcel: Parcel) -> Said:
        if parcel.closed:
            return None
        rng = self._rng
        parcel.version += 1
        parcel.cents = self._drawing.cents()
        if rng.random() < 0.2:
            # A neighbour under the same programme.
            parcel.person += 20 if parcel.person + 20 < self._plan.persons else 0
        return self._whole(at, "bill.amended", parcel)

    def _leave(self, at: int, parcel: Parcel, how: str) -> Said:
        if parcel.closed:
            return None
        parcel.closed = True
        parcel.version += 1
        data = {"bill": parcel.bill, "conveyance": parcel.trip.name, "version": parcel.version}
        if how == "deleted":
            return self._say(at, "bill.deleted", parcel.trip.name, data)
        return self._say(at, "bill.disposed", parcel.trip.name, {**data, "how": how})

    def _whole(self, at: int, kind: str, parcel: Parcel) -> tuple[str, str, bytes]:
        loud = self._rng.random() < 0.3
        return self._say(at, kind, parcel.trip.name, self._writing.bill(parcel, loud=loud))

    def _say(self, at: int, kind: str, key: str, data: dict[str, Any]) -> tuple[str, str, bytes]:
        return key, kind, msgspec.json.encode(self._writing.event(kind, at, data))


def _again(_at: int, said: tuple[str, str, bytes], kind: str) -> Said:
    return said[0], kind, said[2]
