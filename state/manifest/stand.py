"""Which day a bill is on, and on what basis (DESIGN section 2, "Which day")."""

from datetime import date
from typing import Protocol

from state.manifest.rows import ConveyanceRow
from state.rules.programmes import Programme
from stream.days import day_of_micros


class OwnDates(Protocol):
    """What a bill itself says of its day."""

    @property
    def estimate(self) -> int:
        """Day of its own estimate as an ordinal, or 0."""

    @property
    def estimate_stated(self) -> int:
        """Time of the event that stated it, in microseconds."""

    @property
    def arrived(self) -> int | None:
        """Instant at which the bill itself is known to have arrived."""

    @property
    def purchase_day(self) -> int:
        """Day of purchase as an ordinal, or 0."""


def day_and_basis(own: OwnDates, conveyance: ConveyanceRow, programme: Programme | None) -> tuple[date | None, bool]:
    """Return the bill's day in the zone of its programme, or None while it waits, and whether its basis is actual.

    An arrival beats every estimate, the bill's own beats the conveyance's; of two estimates the one stated later
    counts, at the same time the bill's. Under a programme by date of purchase an arrival changes the basis alone. A
    bill of a programme that is not known (None) has no day.
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
