"""Random programmes as plain data: any mix of window, date, sellers, overflow, measures, zone and turns of limits."""

from collections.abc import Callable, Iterator, Sequence
from datetime import date, timedelta
from itertools import pairwise
from typing import Any

from tests.reference.plain import (
    MEASURES,
    Amount,
    Dated,
    Enforcement,
    Exclusion,
    Goods,
    Measure,
    Programme,
    Window,
    World,
    period_of,
)
from tests.reference.shipped import SHIPPED

Pick = Callable[[Sequence[Any]], Any]
"""Chooses one of several: Hypothesis draws it, or a seeded `random.Random`."""

ZONES = (
    *("America/New_York", "Asia/Seoul", "Asia/Kolkata", "Asia/Kathmandu", "Australia/Lord_Howe", "America/St_Johns"),
    *("Pacific/Kiritimati", "Pacific/Pago_Pago", "Asia/Tehran", "Europe/London"),
)
"""Whole, half and quarter hours, a clock that turns by half an hour, and both ends of the calendar day."""
WINDOWS: tuple[Window, ...] = ("day", "calendar-month", "half-year", "calendar-year", "conveyance")
OVERFLOWS = ("setting", "skip", "latch", "all_or_none", "all_or_none", "excess", "excess")
AMOUNTS: dict[Measure, tuple[int, ...]] = {
    "value": (80_000, 20_000, 30_000, 50_000, 100, 1),
    "count": (2, 1, 3, 5),
    "weight": (4_000, 1_000, 30_000, 1),
}
MEASURES_TOGETHER: tuple[tuple[Measure, ...], ...] = (
    *(("value",), ("value", "weight"), ("value", "count"), ("count", "weight"), MEASURES, ("count",), ("weight",)),
)


def draw_programme(pick: Pick, name: str, around: date) -> Programme:
    """Draw a programme whose limits may begin, change and end in the periods around a day."""
    window, overflow = pick(WINDOWS), pick(OVERFLOWS)
    together = [measures for measures in MEASURES_TOGETHER if len(measures) == 1 or overflow == "all_or_none"]
    measures = pick([("value",)] if overflow == "excess" else [*[("value",)] * 3, *together])
    return Programme(
        name,
        pick(ZONES),
        pick(("USD", "USD", "GEL")),
        limits=tuple(_limits(pick, name, window, measures, around)),
        singles=tuple(_singles(pick, name, around)),
        date=pick(("arrival", "arrival", "purchase")),
        window=window,
        per_seller=pick((False, False, True)),
        overflow=overflow,
        unaggregated=pick((frozenset(), frozenset(), frozenset({"mail"}))),
        open_days=pick((15, 15, 0, 1, 5, 60)),
        **_rules(pick, name, around),
    )


def draw_world(pick: Pick, around: date, count: int = 3) -> World:
    """Draw a world of the programmes that ship enabled and some random ones."""
    names = [f"x-{number}" for number in range(count)]
    return World(SHIPPED.programmes | {name: draw_programme(pick, name, around) for name in names})


def _limits(pick: Pick, name: str, window: Window, measures: Sequence[Measure], around: date) -> Iterator[Amount]:
    turns = [_turn(pick, window, around) for _ in range(pick((0, 0, 1, 2)))]
    edges: list[date | None] = [None, *sorted(set(turns)), None]
    spans = list(pairwise(edges))
    # A conveyance may hold bills of days with and without limits, of which the contract does not say enough.
    if window != "conveyance" and len(spans) > 1:
        spans = pick((spans, spans, spans[1:], spans[:-1]))
    for number, (first, after) in enumerate(spans):
        last = None if after is None else after - timedelta(days=1)
        there = pick([measures, measures, *[(measure,) for measure in measures]])
        for measure in there:
            yield Amount(f"{name}-limit-{measure}-{number}", first, last, measure, pick(AMOUNTS[measure]))


def _turn(pick: Pick, window: Window, around: date) -> date:
    """Return the first day of a period not far away."""
    day = around + timedelta(days=pick((0, 1, 2, -1, 3, 30)))
    return period_of(window, day).first or day


def _singles(pick: Pick, name: str, around: date) -> Iterator[Amount]:
    for measure in pick(((), (), ("value",), ("weight",), ("value", "weight"))):
        first = pick((None, around + timedelta(days=1)))
        yield Amount(f"{name}-single-{measure}", first, None, measure, pick(AMOUNTS[measure][:4]))


def _rules(pick: Pick, name: str, around: date) -> dict[str, Any]:
    suspension = Dated(f"{name}-suspension", around + timedelta(days=2), around + timedelta(days=3))
    exclusion = Exclusion(f"{name}-exclusion", around, None, frozenset({"CN"}))
    goods = Goods(f"{name}-goods", around + timedelta(days=1), None, "fda", frozenset({"manifest"}))
    warns = Enforcement(f"{name}-warns", None, around + timedelta(days=1), "warn")
    withholds = Enforcement(f"{name}-withholds", around + timedelta(days=2))
    return {
        "suspensions": pick(((), (), (), (suspension,))),
        "exclusions": pick(((), (exclusion,))),
        "goods": pick(((), (goods,))),
        "enforcement": pick(((), (), (warns, withholds))),
    }
