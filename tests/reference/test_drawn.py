"""Random worlds are rules that the real rulebook takes, and the shipped plain data say what the rule files say."""

import random
from datetime import date

import pytest

from state.rules.loading import load_rulebook
from tests.reference.drawn import draw_world
from tests.reference.plain import MEASURES, Measure, Programme, World, period_of
from tests.reference.rule_file import rulebook_for
from tests.reference.shipped import EVERY

AROUND = date(2025, 8, 30)
DAYS = [date(year, month, day) for year in (2015, 2022, 2025, 2026) for month in (1, 8, 9, 12) for day in (1, 15, 31)
        if (month, day) != (9, 31)]  # fmt: skip


@pytest.mark.parametrize("seed", range(60))
def test_rulebook_takes_what_is_drawn(seed: int) -> None:
    """Every drawn world passes the checks of rule files, and the rulebook answers with its limits."""
    rng = random.Random(seed)
    world = draw_world(rng.choice, AROUND)
    book = rulebook_for(world)
    assert set(book.programmes) == set(world.programmes)
    for programme in world.programmes.values():
        real = book.programmes[programme.id]
        assert (real.zone, real.window, real.overflow) == (programme.zone, programme.window, programme.overflow)
        assert real.asks_weight == programme.asks_weight
        for day in DAYS:
            assert amounts_of(book.limits(day, programme.id)) == plain_limits(programme, day)


def test_plain_data_are_those_of_the_files() -> None:
    """What the tests hold of the shipped programmes, and what the rule files say, is the same, ids included."""
    known = set(load_rulebook().known)
    assert known <= set(EVERY.programmes)
    book = rulebook_for(EVERY.enabled(*sorted(known)))
    for name in sorted(known):
        programme, real = EVERY.programmes[name], book.programmes[name]
        assert (real.zone, real.currency, real.date, real.window, real.per_seller, real.overflow) == (
            programme.zone, programme.currency, programme.date, programme.window, programme.per_seller,
            programme.overflow,
        )  # fmt: skip
        assert (real.unaggregated_modes, real.open_days) == (programme.unaggregated, programme.open_days)
        assert (real.certainty, real.asks_weight) == (programme.certainty, programme.asks_weight)
        for day in [*DAYS, *edges(programme)]:
            assert amounts_of(book.limits(day, name)) == plain_limits(programme, day)
            rules = book.on(day, name)
            caps = {"value": rules.single_value, "weight": rules.single_weight}
            held = {one.measure: (one.amount, one.id) for one in programme.singles if one.holds(day)}
            assert {name: (one.amount, one.rule) for name, one in caps.items() if one} == held


def test_worlds_hold_every_mix() -> None:
    """Among a few hundred worlds each window, overflow, measure, date and way of the limits occurs."""
    drawn: list[Programme] = []
    for seed in range(400):
        world: World = draw_world(random.Random(seed).choice, AROUND)
        drawn += [programme for name, programme in world.programmes.items() if name.startswith("x-")]
    assert len({(one.window, one.date, one.per_seller, one.overflow) for one in drawn}) == 100
    assert {one.measure for programme in drawn for one in programme.limits} == set(MEASURES)
    assert {len({one.first for one in programme.limits}) for programme in drawn} >= {1, 2, 3}
    assert len({programme.zone for programme in drawn}) == 10


@pytest.mark.parametrize(
    ("window", "day", "text"),
    [
        ("day", date(2025, 8, 20), "2025-08-20"),
        ("calendar-month", date(2024, 2, 29), "2024-02-01/2024-02-29"),
        ("calendar-month", date(2025, 12, 31), "2025-12-01/2025-12-31"),
        ("half-year", date(2025, 6, 30), "2025-01-01/2025-06-30"),
        ("half-year", date(2025, 7, 1), "2025-07-01/2025-12-31"),
        ("calendar-year", date(2025, 8, 20), "2025-01-01/2025-12-31"),
        ("conveyance", date(2025, 8, 20), "conveyance"),
    ],
)
def test_periods(window: str, day: date, text: str) -> None:
    """The period of a day, as decisions write it."""
    assert period_of(window, day).text == text  # type: ignore[arg-type]


def plain_limits(programme: Programme, day: date) -> dict[Measure, tuple[int, str]]:
    """Return the limits of a day with their ids."""
    return {one.measure: (one.amount, one.id) for one in programme.limits if one.holds(day)}


def amounts_of(limits: object) -> dict[str, tuple[int, str]]:
    """Return the rulebook's limits in the same way."""
    found = {measure: getattr(limits, measure, None) for measure in MEASURES}
    return {measure: (one.amount, one.rule) for measure, one in found.items() if one is not None}


def edges(programme: Programme) -> list[date]:
    """Return the days on which the entries of a programme begin and end, and those beside them."""
    turns = [day for one in (*programme.limits, *programme.singles) for day in (one.first, one.last) if day]
    return [date.fromordinal(day.toordinal() + beside) for day in turns for beside in (-1, 0, 1)]
