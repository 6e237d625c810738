"""The trips of the simulated day: how many of each mode, how many bills each, when they leave and arrive."""

from random import Random
from typing import TYPE_CHECKING, Final

from agents.demo.figures import HABITS, HOUR, TRAFFIC, Traffic

if TYPE_CHECKING:
    from agents.demo.demo_bills import DemoBill

TRIPS_MIN: Final = 60
"""A small day has smaller trips, not fewer, so that there is always something to see."""


class Trip:
    """One conveyance on one trip; times are seconds from the day's midnight, Eastern."""

    __slots__ = ("arrives", "conveyance", "count", "departs", "expected", "files", "firms_bills", "first", "traffic")

    def __init__(self, rng: Random, number: int, traffic: Traffic, first: int, count: int) -> None:
        carrier = traffic.carriers[number % len(traffic.carriers)]
        self.conveyance = f"{traffic.mode}:{carrier}{number:04d}:2025-08-20"
        self.traffic = traffic
        self.first = first
        """Number of its first bill."""
        self.count = count
        self.expected, self.arrives = _arrival(rng, traffic)
        """When it is expected at its departure, and when it arrives."""
        self.departs = self.expected - int(rng.uniform(*traffic.journey) * HOUR)
        self.files = tuple(self.expected - int(hours * HOUR) for hours in traffic.filed_before)
        """When its first and its last bill are filed."""
        self.firms_bills: list[DemoBill] = []
        """Filed bills of consignees with many bills, which may not fit their day."""

    @property
    def opens(self) -> int:
        """When the first thing happens."""
        return min(self.departs, self.files[0])

    def filed_at(self, place: int) -> int:
        """When the bill at this place of the manifest is filed."""
        begin, end = self.files
        return begin + (end - begin) * place // self.count


def plan_trips(rng: Random, bills: int) -> list[Trip]:
    """Divide the day's bills over modes and trips, in the order in which the trips open."""
    trips: list[Trip] = []
    first = 0
    for traffic, of_mode in zip(TRAFFIC, _bills_of_modes(bills), strict=True):
        for count in _sizes(rng, of_mode, min(traffic.bills, max(1, bills // TRIPS_MIN))):
            trips.append(Trip(rng, len(trips) + 1, traffic, first, count))
            first += count
    return sorted(trips, key=lambda trip: (trip.opens, trip.first))


def _bills_of_modes(bills: int) -> list[int]:
    """Split the bills by the modes' shares; air, the first and largest, takes what rounding leaves."""
    counts = [max(1, round(traffic.share * bills)) for traffic in TRAFFIC]
    counts[0] += bills - sum(counts)
    return counts


def _sizes(rng: Random, bills: int, usual: int) -> list[int]:
    """Split the bills of a mode over trips of about the usual size."""
    weights = [rng.uniform(0.5, 1.5) for _ in range(max(1, round(bills / usual)))]
    scale = bills / sum(weights)
    sizes = [max(1, int(weight * scale)) for weight in weights]
    sizes[0] += bills - sum(sizes)
    return [size for size in sizes if size > 0]


def _arrival(rng: Random, traffic: Traffic) -> tuple[int, int]:
    """Return when a trip is expected, and when it arrives."""
    if rng.random() < HABITS.past_midnight:
        return int(rng.uniform(21.5, 23.4) * HOUR), int(rng.uniform(24.2, 26.5) * HOUR)
    low, high, peak = traffic.arrivals
    expected = int(rng.triangular(low, high, peak) * HOUR)
    return expected, expected + int(rng.uniform(-0.15, 0.6) * HOUR)
