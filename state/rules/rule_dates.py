"""Dates of entries, in whole days: which holds on a day, and where two collide, leave a gap or cut a period."""

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from itertools import pairwise
from typing import TypeVar

from state.rules.entries import Dated

D = TypeVar("D", bound=Dated)


def holds(entry: Dated, day: date) -> bool:
    """Whether an entry holds on a day. Its first and last day are included."""
    return (entry.first is None or entry.first <= day) and (entry.last is None or day <= entry.last)


def always(entry: Dated) -> bool:
    """Whether an entry holds on every day."""
    return entry.first is None and entry.last is None


def in_force(entries: Iterable[D], day: date) -> D | None:
    """Return the first entry that holds on a day, or None."""
    return next((entry for entry in entries if holds(entry, day)), None)


def in_order(entries: Iterable[D]) -> list[D]:
    """Return the entries by their first day; an entry that is open at the start comes first."""
    return sorted(entries, key=lambda entry: entry.first or date.min)


def overlap(entries: Sequence[Dated]) -> tuple[Dated, Dated] | None:
    """Return the earliest two entries that hold on the same day, or None."""
    ordered = in_order(entries)
    for earlier, later in pairwise(ordered):
        if earlier.last is None or (later.first or date.min) <= earlier.last:
            return earlier, later
    return None


def gap(entries: Sequence[Dated]) -> date | None:
    """Return the first day of the calendar on which no entry holds, or None. The entries must not overlap."""
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


def in_words(entry: Dated) -> str:
    """Return the period of an entry in words: `every day`, `from 2025-08-29`, `until ...`, or both ends."""
    if entry.first is None:
        return "every day" if entry.last is None else f"until {entry.last}"
    return f"from {entry.first}" if entry.last is None else f"{entry.first} to {entry.last}"
