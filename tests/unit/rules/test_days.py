"""What holds on a day: limit, enforcement, suspension and origins, by whole Eastern days."""

from datetime import date, timedelta
from typing import Literal

import pytest

from state.rules import ENFORCEMENT_SETTING, load_rulebook
from state.rules.programmes import Amount
from state.rules.rulebook import DAYS_CACHED

BOOK = load_rulebook()
CHINA = {"CN": "origin-cn-hk-2025-05", "HK": "origin-cn-hk-2025-05"}
FEBRUARY = {"CN": "origin-cn-hk-2025-02", "HK": "origin-cn-hk-2025-02"}

# day, limit in cents, enforcement, suspended by, excluded origins: both sides of every date of the rulebook.
DAYS: list[tuple[date, int, str, str | None, dict[str, str]]] = [
    (date.min, 20000, "warn", None, {}),
    (date(2016, 3, 9), 20000, "warn", None, {}),
    (date(2016, 3, 10), 80000, "warn", None, {}),
    (date(2025, 2, 3), 80000, "warn", None, {}),
    (date(2025, 2, 4), 80000, "warn", None, FEBRUARY),
    (date(2025, 2, 6), 80000, "warn", None, FEBRUARY),
    (date(2025, 2, 7), 80000, "warn", None, {}),
    (date(2025, 5, 1), 80000, "warn", None, {}),
    (date(2025, 5, 2), 80000, "warn", None, CHINA),
    (date(2025, 8, 11), 80000, "warn", None, CHINA),
    (date(2025, 8, 12), 80000, "withhold", None, CHINA),
    (date(2025, 8, 28), 80000, "withhold", None, CHINA),
    (date(2025, 8, 29), 80000, "withhold", "suspension-2025", CHINA),
    (date(2026, 6, 23), 80000, "withhold", "suspension-2025", CHINA),
    (date(2026, 6, 24), 80000, "withhold", "suspension-2026-regulation", CHINA),
    (date(2027, 7, 1), 80000, "withhold", "suspension-2026-regulation", CHINA),
    (date.max, 80000, "withhold", "suspension-2026-regulation", CHINA),
]


@pytest.mark.parametrize(("day", "limit", "enforcement", "suspended", "origins"), DAYS)
def test_rules_of_a_day(
    day: date, limit: int, enforcement: str, suspended: str | None, origins: dict[str, str]
) -> None:
    """Each day has the rules that DESIGN section 3 lists, and names the entry behind each."""
    rules, limits = BOOK.on(day), BOOK.limits(day)
    assert limits is not None
    assert limits.value == Amount(limit, {20000: "limit-200", 80000: "limit-800"}[limit])
    assert rules.single_value == Amount(limit, f"single-{limit // 100}")
    assert (rules.enforcement, rules.enforcement_rule) == (enforcement, f"enforcement-{enforcement}")
    assert (rules.suspended_rule, rules.excluded_origins) == (suspended, origins)


def test_every_day_of_ten_years_has_rules() -> None:
    """More days than are kept ready can be asked, and each still gets its own rules."""
    book = load_rulebook()
    days = [date(2015, 1, 1) + timedelta(days=n) for n in range(DAYS_CACHED + 100)]
    caps = [cap.amount for day in days if (cap := book.on(day).single_value)]
    assert caps == [20000 if day < date(2016, 3, 10) else 80000 for day in days]
    assert 0 < len(book._days["us-321"]) <= DAYS_CACHED


def test_rules_of_a_day_are_made_once() -> None:
    """A day asked twice is answered by the same object, so asking costs one look-up."""
    assert BOOK.on(date(2025, 8, 20)) is BOOK.on(date(2025, 8, 20))


def test_as_of_gives_the_rules_of_that_day_to_every_day() -> None:
    """With an as-of date every day is judged as it would have been on that date."""
    book = BOOK.as_of(date(2025, 8, 20))
    assert book.on(date(2015, 1, 1)) == book.on(date(2026, 1, 1)) == BOOK.on(date(2025, 8, 20))
    assert book.as_of(None).on(date(2026, 1, 1)) == BOOK.on(date(2026, 1, 1))


def test_rules_as_of_a_day_before_the_regulation_do_not_know_it() -> None:
    """What refuses a bill of July 2026 is the order of 2025, as of any day before 24 June 2026, and then both."""
    days = (date(2025, 8, 28), date(2025, 8, 29), date(2026, 6, 23), date(2026, 6, 24))
    found = [BOOK.as_of(day).on(date(2026, 7, 1)).suspended_rule for day in days]
    assert found == [None, "suspension-2025", "suspension-2025", "suspension-2026-regulation"]


def test_copies_leave_the_original_as_it_was() -> None:
    """As-of and enforcement make new rulebooks; the one asked does not change, and neither does its id."""
    before = BOOK.on(date(2026, 1, 1))
    other = BOOK.as_of(date(2025, 8, 1)).with_enforcement("withhold")
    assert other.on(date(2026, 1, 1)) != before
    assert BOOK.on(date(2026, 1, 1)) is before
    assert (other.id, other.as_of_day, other.enforcement) == (BOOK.id, date(2025, 8, 1), "withhold")


@pytest.mark.parametrize("enforcement", ["warn", "withhold"])
def test_enforcement_set_by_hand_wins_on_every_day(enforcement: Literal["warn", "withhold"]) -> None:
    """A set enforcement replaces the dated one and is named as a setting, so that no dated rule is blamed."""
    book = BOOK.with_enforcement(enforcement)
    for day in (date(2025, 8, 11), date(2025, 8, 12)):
        rules = book.on(day)
        assert (rules.enforcement, rules.enforcement_rule) == (enforcement, ENFORCEMENT_SETTING)
    assert book.with_enforcement("auto").on(date(2025, 8, 12)).enforcement_rule == "enforcement-withhold"
