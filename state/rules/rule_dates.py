"""Dates of entries, in whole days: which holds on a day, and where two collide, leave a gap or cut a period."""

from calendar import monthrange
from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from itertools import pairwise
from typing import TypeVar

from state.rules.entries import Dated
from state.rules.programmes import Window

D = TypeVar("D", bound=Dated)

MONTHS: dict[Window, int] = {"calendar-month": 1, "half-year": 6, "calendar-year": 12}
"""Months of the periods that are longer than a day."""


def holds(entry: Dated, day: date) -> bool:
    """Whether an entry holds on a day; its first and last day are included."""
    return (entry.first is None or entry.first <= day) and (entry.last is None or day <= entry.last)


def always(entry: Dated) -> bool:
    """Whether an entry holds on every day."""
    return entry.first is None and entry.last is None


def in_force(entries: Iterable[D], day: date) -> D | None:
    """Find the first of the entries that holds on a day, or None."""
    return next((entry for entry in entries if holds(entry, day)), None)


def in_order(entries: Iterable[D]) -> list[D]:
    """Entries by their first day; one that is open at the start comes first."""
    return sorted(entries, key=lambda entry: entry.first or date.min)


def overlap(entries: Sequence[Dated]) -> tuple[Dated, Dated] | None:
    """Find the earliest two entries that hold on one and the same day; None if no two do."""
    ordered = in_order(entries)
    for earlier, later in pairwise(ordered):
        if earlier.last is None or (later.first or date.min) <= earlier.last:
            return earlier, later
    return None


def gap(entries: Sequence[Dated]) -> date | None:
    """Find a day on which none of the entries holds, from the first day of the calendar; they do not overlap."""
    expected = date.min
    for entry in in_order(entries):
        if (entry.first or date.min) > expected:
            return expected
        if entry.last is None or entry.last == date.max:
            return None
        expected = entry.last + timedelta(days=1)
    return expected


def hole(entries: Iterable[D]) -> tuple[date, D] | None:
    """Find the first day between entries on which none holds, and the entry after it; they may overlap."""
    ordered = in_order(entries)
    reached = ordered[0].last
    for entry in ordered[1:]:
        if reached is None or reached == date.max:
            return None
        if entry.first is not None and entry.first > reached + timedelta(days=1):
            return reached + timedelta(days=1), entry
        reached = None if entry.last is None else max(reached, entry.last)
    return None


def period_around(window: Window, day: date) -> tuple[date, date]:
    """First and last day of the period that a day falls into; of a conveyance, which has no dates, the day itself."""
    months = MONTHS.get(window)
    if months is None:
        return day, day
    first = (day.month - 1) // months * months + 1
    last = first + months - 1
    return date(day.year, first, 1), date(day.year, last, monthrange(day.year, last)[1])


def in_words(entry: Dated) -> str:
    """Write the period of an entry: `every day`, `from 2025-08-29`, `until ...`, or both ends."""
    if entry.first is None:
        return "every day" if entry.last is None else f"until {entry.last}"
    return f"from {entry.first}" if entry.last is None else f"{entry.first} to {entry.last}"
