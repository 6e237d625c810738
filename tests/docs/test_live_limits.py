"""The README says in its first screen which limits are live and which are history, as the shipped rules have it."""

import re
from typing import Final

from state.rules import Rulebook, load_rulebook
from tests.prerequisites import ROOT

FIRST_SCREEN: Final = 45
"""Lines of a page that a reader sees without turning it."""
README: Final = (ROOT / "README.md").read_text("utf-8")
BOOK: Final = load_rulebook()
READ: Final = max(entry.verified for _, entries in BOOK.data for entry in entries if entry.verified)
"""The day on which somebody last read a source: what holds then is what the README calls live."""


def is_live(rulebook: Rulebook, programme: str) -> bool:
    """Return whether goods can be exempt under a programme on the day of the latest reading."""
    suspended = rulebook.on(READ, programme).suspended_rule is not None
    return rulebook.limits(READ, programme) is not None and not suspended


def rows() -> list[str]:
    """Return the rows of the table of limits."""
    section = README.partition("\n## Which limits are live\n")[2].partition("\n## ")[0]
    return [line for line in section.splitlines() if line.startswith("| **")]


def test_every_shipped_programme_stands_where_it_belongs() -> None:
    """Live and enabled unless set, live if enabled, or history: by id in the US, by the country elsewhere."""
    enabled, others, history = rows()
    book = BOOK.with_programmes([*BOOK.known], "us-321")
    for name, programme in BOOK.known.items():
        row = history if not is_live(book, name) else enabled if name in BOOK.programmes else others
        country = re.split(r" by | 4x4|, ", programme.title)[0]
        assert f"`{name}`" in row if name.startswith("us-") else country in row, name
    assert [is_live(book, name) for name in ("us-321", "kr-until-2022", "us-gift", "kr")] == [False, False, True, True]


def test_the_first_screen_says_it_in_words() -> None:
    """Before all else it says which limit is history and which are in force; the table follows on the same screen."""
    first = README.partition("\n## ")[0]
    assert "The US $800 limit is history" in first
    lines = README.splitlines()
    for name in re.findall(r"[A-Z][a-z]+(?: Korea)?", rows()[1].partition("them |")[2].partition(". ")[0]):
        assert name in first, name
    assert lines.index(rows()[-1]) < FIRST_SCREEN
