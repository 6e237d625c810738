"""Programmes and limits that must be refused, each with its entry, its field, what is wrong and what to do."""

import re

import pytest

from state.rules import RulebookError, rulebook_of
from state.rules.loading import shipped_texts
from state.rules.rule_files import RuleText

WHY = 'source = "made up for this test"\ncertainty = "C"\ntext = "Made up for this test."\n'
HEAD = (
    'title = "Made up"; zone = "Asia/Kolkata"; currency = "INR"; date = "arrival"; '
    'window = "calendar-month"; overflow = "skip"; open_days = 10'
)


def entry(section: str, name: str, lines: str) -> str:
    """One entry with its source and text, and the given lines (semicolons part them)."""
    return f'[[{section}]]\nid = "{name}"\n{WHY}' + lines.replace("; ", "\n") + "\n"


def programme(old: str = "", new: str = "") -> str:
    """A sound programme xx, or with one of its lines changed."""
    assert old in HEAD
    return entry("programme", "xx", HEAD.replace(old, new) if old else HEAD)


def limit(name: str, lines: str = "", measure: str = "value", amount: str = '"9.00"') -> str:
    """A limit of xx."""
    what = f'programme = "xx"; measure = "{measure}"; amount = {amount}'
    return entry("limit", name, f"{what}; {lines}" if lines else what)


SEVERAL = limit("x-1") + limit("x-2", "", "weight", "9")

# name: text, the entry named, and a part of the message
BROKEN = {
    "no limit": (programme(), "programme xx", "no ..limit.. is of this programme.*add a"),
    "unknown zone": (
        programme("Asia/Kolkata", "Asia/Nowhere") + limit("x-1"),
        "programme xx",
        "zone: unknown time zone",
    ),
    "path for a zone": (programme("Asia/Kolkata", "../../etc") + limit("x-1"), "programme xx", "zone: unknown time"),
    "unknown currency": (programme("INR", "INX") + limit("x-1"), "programme xx", "currency: unknown currency INX"),
    "unknown window": (programme("calendar-month", "week"), "programme xx", 'window: .*"half-year"'),
    "unknown overflow": (programme("skip", "spill"), "programme xx", 'overflow: .*"excess"'),
    "unknown date": (programme("arrival", "posting"), "programme xx", 'date: .*"purchase"'),
    "unknown key": (programme("open_days = 10", 'open_days = 10; per = ["shop"]'), "programme xx", "per: .*seller"),
    "negative open days": (programme("open_days = 10", "open_days = -1"), "programme xx", "open_days: .*0 to 366"),
    "no open days": (programme("; open_days = 10", ""), "programme xx", "open_days is missing"),
    "capital letters": (programme().replace('"xx"', '"XX"'), "programme XX", "id: "),
    "limit of no programme": (limit("x-1"), "limit x-1", "programme: no programme has the id xx.*use one of az, ec"),
    "suspension of no programme": (
        entry("suspension", "x-1", 'programmes = ["us-gift", "zz"]'),
        "suspension x-1",
        "programmes: no programme has the id zz",
    ),
    "suspension of nothing": (entry("suspension", "x-1", "programmes = []"), "suspension x-1", "programmes: expected"),
    "suspension of one twice": (
        entry("suspension", "x-1", 'programmes = ["pe", "pe"]'),
        "suspension x-1",
        r"names the suspension \(pe\) twice",
    ),
    "us-321 removed": (
        'remove = ["us-321", "limit-200", "limit-800", "single-200", "single-800"]',
        "programme us-321",
        "missing.*do not remove it; a setting",
    ),
    "grams for money": (programme() + limit("x-1", "", "value", "900"), "limit x-1", "amount: 900 is no amount of mon"),
    "money for grams": (programme() + limit("x-1", "", "weight"), "limit x-1", "amount: 9.00 is no number of grams"),
    "money for bills": (programme() + limit("x-1", "", "count"), "limit x-1", "amount: 9.00 is no number of bills"),
    "unknown measure": (programme() + limit("x-1", "", "volume", "9"), "limit x-1", 'measure: .*"count"'),
    "begins within a month": (
        programme() + limit("x-1", "from = 2025-03-17"),
        "limit x-1",
        "from: 2025-03-17 is not the first day of a calendar-month of xx.*begin it on 2025-03-01 or on 2025-04-01",
    ),
    "ends within a month": (
        programme() + limit("x-1", "until = 2024-02-28"),
        "limit x-1",
        "until: 2024-02-28 is not the last day of a calendar-month of xx.*end it on 2024-02-29 or on 2024-01-31",
    ),
    "begins within a half-year": (
        programme("calendar-month", "half-year") + limit("x-1", "from = 2025-04-01"),
        "limit x-1",
        "first day of a half-year.*begin it on 2025-01-01 or on 2025-07-01",
    ),
    "ends within a year": (
        programme("calendar-month", "calendar-year") + limit("x-1", "until = 2025-06-30"),
        "limit x-1",
        "last day of a calendar-year.*end it on 2025-12-31 or on 2024-12-31",
    ),
    "gap": (
        programme() + limit("x-1", "until = 2025-01-31") + limit("x-2", "from = 2025-03-01"),
        "limit x-2",
        "from: no limit of xx holds on 2025-02-01, between an earlier one and it",
    ),
    "two at once": (programme() + limit("x-1") + limit("x-2"), "limit x-2", r"both decide the limit on value \(xx\)"),
    "several measures": (
        programme() + SEVERAL,
        "limit x-2",
        'measure: x-1 limits value and it weight, and xx has overflow = "skip".*overflow = "all_or_none"',
    ),
    "excess of several measures": (
        programme("skip", "excess") + SEVERAL,
        "limit x-2",
        'measure: xx has overflow = "excess", which goes by value alone',
    ),
    "excess on weight": (
        programme("skip", "excess") + limit("x-1", "", "weight", "9"),
        "limit x-1",
        'measure: .*"excess".*write measure = "value"',
    ),
    "enforcement with a gap": (
        entry("enforcement", "x-1", 'from = 2025-01-01; enforcement = "warn"; programmes = ["pe"]'),
        "enforcement",
        r"x-1 leave a gap: nothing holds on 0001-01-01 \(pe\)",
    ),
    "general error of one programme": (
        entry("filing", "filing-no-weight", 'error = "no-weight"; programmes = ["ec"]'),
        "filing filing-no-weight",
        "programmes: no-weight is of every programme.*leave programmes out",
    ),
    "general error with a first day": (
        entry("filing", "filing-no-seller", 'error = "no-seller"; from = 2025-01-01'),
        "filing filing-no-seller",
        "from, until: no-seller holds on every day",
    ),
    "general error removed": ('remove = ["filing-no-weight"]', "filing", "no entry is about the error no-weight"),
    "rate to itself": (
        entry("rate", "x-1", 'currency = "GEL"; to = "GEL"; quarter = "2025Q3"; rate = "1.1"'),
        "rate x-1",
        "to: GEL needs no rate to itself",
    ),
    "rate to no currency": (
        entry("rate", "x-1", 'currency = "GEL"; to = "GEX"; quarter = "2025Q3"; rate = "1.1"'),
        "rate x-1",
        "to: unknown currency GEX",
    ),
    "open days of 0.1": (
        entry("constant", "open-days", 'value = 20; unit = "days"'),
        "constant open-days",
        r"each programme has its own open_days.*replace the \[\[programme\]\] us-321",
    ),
    "day that is none": (programme() + limit("x-1", 'verified = "soon"'), "limit x-1", "verified: "),
}

SOUND = {
    "all measures": programme("skip", "all_or_none") + SEVERAL + limit("x-3", "", "count", "9"),
    "measures one after the other's start": programme("skip", "all_or_none")
    + limit("x-1", "until = 2025-01-31")
    + limit("x-2", "from = 2024-01-01", "weight", "9"),
    "limits end to end": programme() + limit("x-1", "until = 2025-01-31") + limit("x-2", "from = 2025-02-01"),
    "any day of a conveyance": programme("calendar-month", "conveyance") + limit("x-1", "from = 2025-02-17"),
    "removed with all that names it": 'remove = ["az", "az-limit-300"]',
    "us-321 without enforcement": 'remove = ["enforcement-warn", "enforcement-withhold"]',
    "us-321 to an end": 'remove = ["limit-200"]',
}


@pytest.mark.parametrize("name", BROKEN)
def test_broken_programme_is_refused(name: str) -> None:
    """The refusal names the entry and the field, and says what to do."""
    text, where, message = BROKEN[name]
    with pytest.raises(RulebookError) as caught:
        rulebook_of(shipped_texts(), [RuleText("mine.toml", text)])
    error = caught.value
    assert (error.file, error.entry) == ("mine.toml", where)
    assert re.search(message, str(error), re.DOTALL), str(error)
    assert len(error.remedy) > 10


@pytest.mark.parametrize("name", SOUND)
def test_sound_programme_is_taken(name: str) -> None:
    """The nearest file that breaks no rule is loaded."""
    book = rulebook_of(shipped_texts(), [RuleText("mine.toml", SOUND[name])])
    assert ("xx" in book.known) == ("xx" in SOUND[name])
