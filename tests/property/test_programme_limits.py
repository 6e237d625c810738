"""Random programmes: what the checks take and refuse is what the contract says, counted day by day."""

from collections.abc import Callable
from datetime import date, timedelta
from itertools import pairwise
from typing import NamedTuple

from hypothesis import assume, given
from hypothesis import strategies as st

from state.rules import Rulebook, RulebookError, rulebook_of
from state.rules.loading import shipped_texts
from state.rules.rule_files import RuleText

WHY = 'source = "made up for this test"\ncertainty = "C"\ntext = "Made up for this test."\n'
FIRST, LAST = date(2024, 1, 1), date(2026, 12, 31)
DAYS = [FIRST + timedelta(n) for n in range(-1, (LAST - FIRST).days + 2)]
"""Every day on which a drawn limit can begin or end, and one beside."""

PERIODS: dict[str, Callable[[date], object]] = {
    "day": lambda day: day,
    "calendar-month": lambda day: (day.year, day.month),
    "half-year": lambda day: (day.year, day.month > 6),
    "calendar-year": lambda day: day.year,
}
"""What days of one period have in common."""

MONTHS = [date(year, month, 1) for year in (2024, 2025, 2026) for month in range(1, 13)]
# Mostly the edges of months, where a limit may turn; now and then a day within one.
starts = st.none() | st.sampled_from(MONTHS) | st.sampled_from([*MONTHS[::6], date(2025, 3, 17)])
ends = st.none() | st.sampled_from([day - timedelta(1) for day in MONTHS[1:]]) | st.just(date(2025, 8, 20))


class Drawn(NamedTuple):
    """A limit as drawn."""

    measure: str
    first: date | None
    last: date | None

    def holds(self, day: date) -> bool:
        """Whether it holds on a day."""
        return (self.first or date.min) <= day <= (self.last or date.max)

    def text(self, name: str) -> str:
        """The entry in a rule file."""
        amount = '"9.00"' if self.measure == "value" else "9"
        lines = [f"[[limit]]\nid = {name!r}\nprogramme = 'xx'\nmeasure = {self.measure!r}\namount = {amount}"]
        lines += [f"from = {self.first}"] if self.first else []
        lines += [f"until = {self.last}"] if self.last else []
        return "\n".join([*lines, WHY])


def programme(window: str, overflow: str) -> str:
    """The programme in a rule file."""
    return (
        "[[programme]]\nid = 'xx'\ntitle = 'Made up'\nzone = 'Asia/Kolkata'\ncurrency = 'INR'\ndate = 'arrival'\n"
        f"window = {window!r}\noverflow = {overflow!r}\nopen_days = 10\n{WHY}"
    )


def load(text: str) -> Rulebook | RulebookError:
    """The rulebook with a file added, or why it is refused."""
    try:
        return rulebook_of(shipped_texts(), [RuleText("mine.toml", text)])
    except RulebookError as error:
        return error


def is_sound(window: str, overflow: str, limits: list[Drawn]) -> bool:
    """What the contract says, day by day."""
    period = PERIODS.get(window)
    measures = {limit.measure for limit in limits}
    held = [[limit.measure for limit in limits if limit.holds(day)] for day in DAYS]
    covered = [bool(names) for names in held]
    turns = sum(before != after for before, after in pairwise([False, *covered, False]))
    whole = period is None or all(
        (limit.first is None or period(limit.first) != period(limit.first - timedelta(1)))
        and (limit.last is None or period(limit.last) != period(limit.last + timedelta(1)))
        for limit in limits
    )
    return (
        all((limit.first or date.min) <= (limit.last or date.max) for limit in limits)
        and all(len(set(names)) == len(names) for names in held)
        and turns <= 2
        and whole
        and (len(measures) == 1 or overflow == "all_or_none")
        and (overflow != "excess" or measures == {"value"})
    )


chains = st.lists(st.sampled_from(MONTHS), min_size=0, max_size=3, unique=True).map(sorted)


@st.composite
def drawn_limits(draw: st.DrawFn) -> list[Drawn]:
    """A chain of limits end to end, often bent, sometimes with one on another measure."""
    turns: list[date] = draw(chains)
    edges = [None, *turns, None]
    limits = [Drawn("value", first, None if last is None else last - timedelta(1)) for first, last in pairwise(edges)]
    others = st.builds(Drawn, st.sampled_from(["value", "count", "weight"]), starts, ends)
    limits[draw(st.integers(0, len(limits) - 1))] = draw(st.sampled_from(limits) | others)
    return limits + draw(st.lists(others, max_size=1))


@given(
    st.sampled_from(["day", "calendar-month", "half-year", "calendar-year", "conveyance"]),
    st.sampled_from(["setting", "skip", "latch", "all_or_none", "all_or_none", "excess"]),
    drawn_limits(),
    st.lists(st.sampled_from(DAYS), min_size=3, max_size=3),
)
def test_checks_take_what_the_contract_allows(
    window: str, overflow: str, limits: list[Drawn], days: list[date]
) -> None:
    """A file is loaded if and only if its limits are sound, and then every day has the limits drawn for it."""
    text = programme(window, overflow) + "".join(limit.text(f"xx-{n}") for n, limit in enumerate(limits))
    book = load(text)
    assert (not isinstance(book, RulebookError)) == is_sound(window, overflow, limits), str(book)
    if isinstance(book, RulebookError):
        assert book.entry.startswith(("limit xx-", "programme xx"))
        return
    for day in days:
        found = book.limits(day, "xx")
        held = {limit.measure for limit in limits if limit.holds(day)}
        assert {name for name in ("value", "count", "weight") if found and getattr(found, name)} == held
        assert book.on(day, "xx").within_limits == bool(held)


@given(st.sampled_from(["value", "count", "weight"]), st.sampled_from(DAYS), st.sampled_from(DAYS))
def test_fingerprint_knows_no_dates(measure: str, first: date, last: date) -> None:
    """Two programmes that differ in the dates of their limits alone are one structure to the tables."""
    assume(first <= last)
    texts = [programme("day", "skip") + Drawn(measure, *dates).text("xx-0") for dates in ((first, last), (None, None))]
    books = [rulebook_of(shipped_texts(), [RuleText("mine.toml", text)]) for text in texts]
    assert len({book.known["xx"].fingerprint for book in books}) == 1
    assert len({book.id for book in books}) == 2
