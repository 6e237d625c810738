"""Files of random programmes, judged by the steps and by the plain model."""

import random
from datetime import date, timedelta
from typing import Final

import msgspec

from stream.decisions import Policy
from tests.reference.drawn import draw_programme
from tests.reference.plain import Amount, Programme
from tests.reference.plain import World as Rules
from tests.reference.rule_file import rulebook_for
from tests.reference.shipped import SHIPPED
from tests.second_judge.by_model import RATES_OF_MODEL, model
from tests.second_judge.comparing import JOINS, POLICIES, differing, judge_by
from tests.second_judge.lives import Life
from tests.second_judge.regimes import Regime

BEGINS: Final = (date(2025, 8, 29), date(2025, 6, 28), date(2025, 12, 29), date(2024, 2, 27), date(2025, 4, 4))
"""Days around which limits may turn: ends of a month, a half-year and a year, and a turn of the clock."""
WINDOWS: Final = {"calendar-month": "month", "calendar-year": "year"}


def compare_drawn(seed: int, count: int = 300) -> tuple[str, int]:
    """Return the first difference over the file of a seed, empty if there is none, and how many decisions agreed."""
    draw = random.Random(f"programmes {seed}")
    rules, programmes, begin = draw_rules(draw)
    overflow, rounding, enforcement = POLICIES[seed % len(POLICIES)]
    as_of = draw.choice((None, None, None, begin, begin + timedelta(days=2), begin - timedelta(days=400)))
    settings = {"overflow": overflow, "rounding": rounding, "enforcement": enforcement, "as_of": as_of}
    policy = msgspec.convert(settings, Policy)
    events = Life(seed, {one.id: regime_of(one) for one in programmes}, begin).events(count)
    book, agreed, sellers = rulebook_for(rules), 0, dict[str, str]()
    pairs = zip(
        model(book, events, policy, rules), judge_by(book, events, policy, JOINS[seed % len(JOINS)]), strict=True
    )
    for number, (mine, real) in enumerate(pairs):
        difference = differing(mine, real, sellers)
        if difference:
            return f"seed {seed}, event {number}: {difference}; {programmes}", agreed
        agreed += sum(map(len, mine.decisions.values()))
    return "", agreed


def draw_rules(draw: random.Random) -> tuple[Rules, list[Programme], date]:
    """Return the programmes that ship enabled beside random ones, the random ones alone, and a day to begin with."""
    begin = draw.choice(BEGINS)
    programmes = [draw_programme(draw.choice, f"x-{number}", begin) for number in range(draw.choice((1, 1, 2)))]
    known = SHIPPED.programmes | {one.id: one for one in programmes}
    return Rules(known, programmes[0].id, RATES_OF_MODEL), programmes, begin


def regime_of(programme: Programme) -> Regime:
    """Return what the random files need of a programme: where it is, and around which amounts to draw."""
    return Regime(
        programme.id,
        programme.zone,
        tuple(map(_amount, programme.limits)),
        tuple(map(_amount, programme.singles)),
        currency=programme.currency,
        window=WINDOWS.get(programme.window, programme.window),
        open_days=programme.open_days,
    )


def _amount(entry: Amount) -> tuple[str, tuple[date, date], int]:
    return entry.measure, (entry.first or date.min, entry.last or date.max), entry.amount
