"""The simulated day: trips, their bills, and what happens to both, as shipment events in the order of time.

Everything follows from the random generator passed in, so the same seed makes the same day byte for byte.
"""

from collections.abc import Iterator
from random import Random
from typing import Final

from agents.demo.agenda import Agenda, Made, Planned, repeat, spoil
from agents.demo.demo_bills import LIMIT_CENTS, SPLIT_CENTS, DemoBill, stamp
from agents.demo.faults import RARE
from agents.demo.figures import DAY_SECONDS, EXCLUDED_ORIGINS, HABITS, HOUR
from agents.demo.people import POPULATION, Consignees, Population
from agents.demo.trips import Trip, plan_trips
from stream.deadletters import Fault

BILLS_MIN: Final = 50
"""Fewer bills would not show every kind of event."""

EXITS: Final = ("entry-11", "entry-11", "entry-11", "entry-01", "exported", "abandoned", "returned")

_EXCLUDED: Final = frozenset(country for country, _ in EXCLUDED_ORIGINS)


class SimulatedDay:
    """A day of `bills` bills (at least `BILLS_MIN`); iterate once."""

    def __init__(self, rng: Random, bills: int, population: Population = POPULATION) -> None:
        if bills < BILLS_MIN:
            raise ValueError(f"a day needs at least {BILLS_MIN} bills to show every kind of event")
        self._rng = rng
        self._consignees = Consignees(rng, bills, population)
        self._split_orders = self._split(int(HABITS.split_order * bills) or 1, bills)
        self._faults = self._spoil(bills)
        self._totals: dict[tuple[int, int], int] = {}
        self._agenda = Agenda()
        self._waiting = plan_trips(rng, bills)[::-1]

    def __iter__(self) -> Iterator[Planned]:
        """Yield the records in the order of time."""
        agenda, waiting = self._agenda, self._waiting
        while waiting or agenda.due is not None:
            while waiting and (agenda.due is None or waiting[-1].opens <= agenda.due):
                self._open(waiting.pop())
            if (planned := agenda.act()) is not None:
                yield planned

    def _split(self, orders: int, bills: int) -> dict[int, tuple[int, int, str]]:
        """Choose orders over the limit that travel as two or three bills: bill -> consignee, value, order number."""
        rng = self._rng
        chosen: dict[int, tuple[int, int, str]] = {}
        for number in range(orders):
            parts = rng.choice((2, 2, 3))
            cents, who = rng.randint(*SPLIT_CENTS) // parts, self._consignees.newcomer()
            for bill in rng.sample(range(bills), parts):
                chosen[bill] = (who, cents, f"S-{number:05d}")
        return chosen

    def _spoil(self, bills: int) -> dict[int, Fault]:
        """Choose the bills beside which a bad record comes."""
        each = max(1, round(HABITS.faults * bills))
        faults = [fault for fault in Fault for _ in range(1 if fault in RARE else each)]
        return dict(zip(self._rng.sample(range(bills), len(faults)), faults, strict=True))

    # -- trips -----------------------------------------------------------------------------------------------------

    def _open(self, trip: Trip) -> None:
        """Put the events of a trip on the agenda."""
        rng = self._rng
        draw = rng.random
        self._agenda.add(trip.filed_at(0), self._manifest, trip, 0)
        if draw() >= HABITS.unestimated:
            self._agenda.add(trip.departs, self._estimate, trip, trip.expected)
            if draw() < HABITS.restated:
                middle = (trip.departs + trip.expected) // 2
                if draw() < HABITS.retracted:
                    self._agenda.add(middle - 600, self._estimate, trip, None)
                self._agenda.add(middle, self._estimate, trip, trip.expected + rng.randint(-1800, 1800))
        self._agenda.add(trip.arrives, self._arrive, trip, trip.arrives - 240)
        if draw() < HABITS.retracted:
            self._agenda.add(trip.arrives + 600, self._arrive, trip, None)
            self._agenda.add(trip.arrives + 1800, self._arrive, trip, trip.arrives + 1500)
        self._agenda.add(trip.arrives + 1860, self._take_stock, trip)

    def _bill(self, trip: Trip, place: int) -> DemoBill:
        number = trip.first + place
        bill = DemoBill(self._rng, number, place, self._consignees.of_bill[number], trip.conveyance, trip.traffic)
        split = self._split_orders.get(number)
        if split is not None:
            bill.who, bill.value_cents, bill.order = split
        if self._consignees.is_firm(bill.who):
            trip.firms_bills.append(bill)
        return bill

    def _estimate(self, at: int, trip: Trip, expected: int | None) -> Made | None:
        said = "null" if expected is None else f'"{stamp(expected)}"'
        data = f'{{"conveyance":"{trip.conveyance}","estimated_arrival":{said}}}'
        return self._event(at, "conveyance.estimated", trip.conveyance, data)

    def _arrive(self, at: int, trip: Trip, arrived: int | None) -> Made | None:
        said = "null" if arrived is None else f'"{stamp(arrived)}"'
        data = f'{{"conveyance":"{trip.conveyance}","arrived_at":{said},"port":"4701"}}'
        return self._event(at, "conveyance.arrived", trip.conveyance, data)

    def _take_stock(self, _at: int, trip: Trip) -> None:
        """Find firms' bills that do not fit the day, about as the engine does, and dispose of some of them."""
        rng, totals, day = self._rng, self._totals, trip.arrives // DAY_SECONDS
        for bill in trip.firms_bills:
            if trip.traffic.mode != "mail" and bill.origin not in _EXCLUDED and not bill.closed:
                total = totals.get((bill.who, day), 0) + bill.value_cents
                if total <= LIMIT_CENTS:
                    totals[bill.who, day] = total
                elif rng.random() < HABITS.disposed:
                    self._agenda.add(trip.arrives + rng.randint(1, 8) * HOUR, self._dispose, bill)
        trip.firms_bills = []

    # -- bills -----------------------------------------------------------------------------------------------------

    def _manifest(self, at: int, trip: Trip, place: int) -> Made | None:
        """File one bill, and plan the next one of the trip."""
        rng, bill = self._rng, self._bill(trip, place)
        draw = rng.random
        if place + 1 < trip.count:
            self._agenda.add(trip.filed_at(place + 1), self._manifest, trip, place + 1)
        bill.manifested_at = at - 3
        emitted = self._whole(at, "bill.manifested", trip, bill)
        if draw() < HABITS.repeated:
            self._agenda.add(at + rng.randint(5, 600), repeat, emitted)
        fault = self._faults.get(trip.first + place)
        if fault is not None:
            self._agenda.add(at, spoil, fault, emitted)
        if draw() < HABITS.amended:
            self._agenda.add(at + rng.randint(60, 5 * HOUR), self._amend, trip, bill)
        if draw() < HABITS.deleted:
            self._agenda.add(at + rng.randint(60, 2 * HOUR), self._delete, bill)
        if draw() < HABITS.arrived_apart:
            self._agenda.add(max(at, trip.arrives - HOUR), self._arrive_apart, trip, bill)
        return emitted

    def _amend(self, at: int, trip: Trip, bill: DemoBill) -> Made | None:
        if bill.closed:
            return None
        bill.version += 1
        bill.value_cents = max(100, int(bill.value_cents * self._rng.uniform(0.7, 1.3)))
        if self._rng.random() < HABITS.amended_consignee and not self._consignees.is_firm(bill.who):
            bill.who = self._consignees.newcomer()
        return self._whole(at, "bill.amended", trip, bill)

    def _arrive_apart(self, at: int, trip: Trip, bill: DemoBill) -> Made | None:
        if bill.closed:
            return None
        bill.version += 1
        bill.arrived = at
        return self._whole(at, "bill.amended", trip, bill)

    def _delete(self, at: int, bill: DemoBill) -> Made | None:
        return self._leave(at, bill, "bill.deleted", "")

    def _dispose(self, at: int, bill: DemoBill) -> Made | None:
        how = self._rng.choice(EXITS)
        entry = f',"entry_number":"ZZZ{bill.sequence:08d}"' if how.startswith("entry") else ""
        return self._leave(at, bill, "bill.disposed", f',"how":"{how}"{entry}')

    def _leave(self, at: int, bill: DemoBill, kind: str, more: str) -> Made | None:
        if bill.closed:
            return None
        bill.closed = True
        bill.version += 1
        data = f'{{"bill":"{bill.number}","conveyance":"{bill.conveyance}","version":{bill.version}{more}}}'
        return self._event(at, kind, bill.conveyance, data)

    def _whole(self, at: int, kind: str, trip: Trip, bill: DemoBill) -> Made:
        otherwise = self._rng.random() < HABITS.spelt_otherwise
        return self._event(
            at, kind, bill.conveyance, bill.written(self._consignees, trip.expected, otherwise=otherwise)
        )

    def _event(self, at: int, kind: str, conveyance: str, data: str) -> Made:
        event = (
            f'{{"specversion":"1.0","id":"d{self._agenda.ordinal()}","source":"/demo/{conveyance[:3]}",'
            f'"type":"tallygate.{kind}.v1","time":"{stamp(at)}","data":{data}}}'
        )
        return conveyance, event.encode(), kind, 0
