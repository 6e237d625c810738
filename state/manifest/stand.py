"""Decides which day a bill is on, and on what basis (DESIGN section 2, "Which day")."""

from datetime import date
from typing import Protocol

from state.manifest.rows import ConveyanceRow
from state.rules.programmes import Programme
from stream.days import day_of_micros


class OwnDates(Protocol):
    """What a bill itself states about its day."""

    @property
    def estimate(self) -> int:
        """Day of its own estimate as an ordinal, or 0."""

    @property
    def estimate_stated(self) -> int:
        """Time of the event that stated it, in microseconds."""

    @property
    def arrived(self) -> int | None:
        """Instant of the bill's own arrival, if the bill states one."""

    @property
    def purchase_day(self) -> int:
        """Day of purchase as an ordinal, or 0."""


def day_and_basis(own: OwnDates, conveyance: ConveyanceRow, programme: Programme | None) -> tuple[date | None, bool]:
    """Return the bill's day in the zone of its programme, or None while it waits, and whether its basis is actual.

    An arrival goes before every estimate, and the bill's own arrival before the conveyance's. Of two estimates the one
    that was stated later counts; if both were stated at the same time, the bill's counts. Under a programme by date of
    purchase an arrival changes only the basis. A bill whose programme is not known (None) has no day.
    """
    if programme is None:
        return None, False
    arrived = own.arrived if own.arrived is not None else conveyance.arrival
    if programme.date == "purchase":
        return (date.fromordinal(own.purchase_day), arrived is not None) if own.purchase_day else (None, False)
    if arrived is not None:
        return day_of_micros(arrived, programme.zone), True
    expected, stated = conveyance.estimate, conveyance.estimate_stated
    if own.estimate and (expected is None or stated is None or own.estimate_stated >= stated):
        return date.fromordinal(own.estimate), False
    return (None if expected is None else day_of_micros(expected, programme.zone)), False
