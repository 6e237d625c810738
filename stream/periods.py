"""Periods: the days over which a programme sums up, by its window (DESIGN section 3).

Days are ordinals of dates, as `date.toordinal` counts them. A conveyance is no stretch of days, so it has no period
here: its bills go by their own dates.
"""

from collections.abc import Callable
from datetime import date
from functools import lru_cache
from typing import Final, Literal, NamedTuple

CONVEYANCE: Final = "conveyance"
"""The window, and the period that decisions state, of a programme that sums up what travels together."""

CalendarWindow = Literal["day", "calendar-month", "half-year", "calendar-year"]
"""The windows whose periods are stretches of days."""

_MONTHS_KEPT: Final = 4096


class Period(NamedTuple):
    """First and last day of a period, both included."""

    first: int
    last: int

    @property
    def text(self) -> str:
        """The period as decisions state it: one date, or first and last date."""
        first = date.fromordinal(self.first).isoformat()
        return first if self.first == self.last else f"{first}/{date.fromordinal(self.last).isoformat()}"


def period_of(window: CalendarWindow, day: int) -> Period:
    """Return the period of a window that a day lies in."""
    return Period(day, day) if window == "day" else _longer_period(window, day)


@lru_cache(maxsize=_MONTHS_KEPT)
def _longer_period(window: CalendarWindow, day: int) -> Period:
    return _PERIODS[window](date.fromordinal(day))


def _months(year: int, first: int, last: int) -> Period:
    """From the first day of a month to the last day of a month of the same year."""
    after = date.max.toordinal() + 1 if (year, last) == (date.max.year, 12) else _first_of_month_after(year, last)
    return Period(date(year, first, 1).toordinal(), after - 1)


def _first_of_month_after(year: int, month: int) -> int:
    return (date(year + 1, 1, 1) if month == 12 else date(year, month + 1, 1)).toordinal()


_PERIODS: Final[dict[CalendarWindow, Callable[[date], Period]]] = {
    "calendar-month": lambda day: _months(day.year, day.month, day.month),
    "half-year": lambda day: _months(day.year, *((1, 6) if day.month <= 6 else (7, 12))),
    "calendar-year": lambda day: _months(day.year, 1, 12),
}
