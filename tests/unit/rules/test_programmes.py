"""The programmes that ship, and what the rulebook answers for each: limits, caps, rules, enabling, retention."""

from datetime import date, timedelta
from pathlib import Path

import msgspec
import pytest

from state.rules import Amount, Limits, Rulebook, RulebookError, load_rulebook, rulebook_of
from state.rules.loading import shipped_texts
from state.rules.programmes import ENABLED_UNLESS_SET
from state.rules.rule_files import RuleText
from state.rules.rule_words import unread_since
from tests.docs.programme_pages import programme_pages
from tests.unit.rules.test_filing import SOUND

BOOK = load_rulebook()
WHY = 'source = "made up for this test"\ncertainty = "C"\ntext = "Made up for this test."\n'
NOW = date(2026, 11, 30)

# id, zone, currency, day, period, key, policy, open days; limits today; caps today: hundredths, grams with a g
SHIPPED = {
    line.split(maxsplit=1)[0]: [part.split() for part in line.split("|")]
    for line in """
us-321          America/New_York  USD arrival  day            -      setting     15 | 80000        | 80000
us-gift         America/New_York  USD arrival  day            -      all_or_none 15 | 10000        | 10000
us-gift-insular America/New_York  USD arrival  day            -      all_or_none 15 | 20000        | 20000
kr              Asia/Seoul        USD purchase day            seller all_or_none 60 | 15000        | 15000
kr-us-list      Asia/Seoul        USD purchase day            seller all_or_none 60 | 20000        | 20000
kr-until-2022   Asia/Seoul        USD arrival  day            -      all_or_none 60 |              |
az              Asia/Baku         USD arrival  calendar-month -      excess      15 | 30000        |
uz              Asia/Tashkent     USD arrival  calendar-month -      excess      15 | 20000        |
uz-post         Asia/Tashkent     USD arrival  calendar-month -      excess      15 | 10000        |
ec              America/Guayaquil USD arrival  calendar-year  -      skip        30 | 160000       | 40000 4000g
pe              America/Lima      USD arrival  conveyance     -      all_or_none 15 | 20000        | 20000
ge              Asia/Tbilisi      GEL arrival  conveyance     seller all_or_none 15 | 30000 30000g | 30000 30000g
""".strip().splitlines()
}

# Programme, the last day without its limit, or with the former one, and the first day with it.
TURNS = [
    ("us-321", date(2016, 3, 9), date(2016, 3, 10)),
    ("us-gift", date(1993, 12, 31), date(1994, 1, 1)),
    ("us-gift-insular", date(1993, 12, 31), date(1994, 1, 1)),
    ("kr", date(2022, 11, 16), date(2022, 11, 17)),
    ("kr-us-list", date(2022, 11, 16), date(2022, 11, 17)),
    ("az", date(2020, 7, 31), date(2020, 8, 1)),
    ("uz", date(2025, 4, 30), date(2025, 5, 1)),
    ("uz-post", date(2025, 4, 30), date(2025, 5, 1)),
    ("ec", date(2021, 12, 31), date(2022, 1, 1)),
]


def with_rules(text: str) -> Rulebook:
    """Make a rulebook of the shipped rules and one more text."""
    return rulebook_of(shipped_texts(), [RuleText("more.toml", text)])


def amounts(limits: Limits | None) -> dict[str, int]:
    """Amounts by measure."""
    held = {} if limits is None else msgspec.structs.asdict(limits)
    return {measure: amount.amount for measure, amount in held.items() if amount is not None}


def caps(book: Rulebook, day: date, programme: str) -> dict[str, int]:
    """Caps of a single bill by measure."""
    rules = book.on(day, programme)
    both = {"value": rules.single_value, "weight": rules.single_weight}
    return {measure: amount.amount for measure, amount in both.items() if amount is not None}


@pytest.mark.parametrize("name", SHIPPED)
def test_programme_is_that_of_the_table_of_regimes(name: str) -> None:
    """Each programme has the zone, currency, day, period, key, policy and amounts of the reference."""
    fields, *measured = SHIPPED[name]
    limits, single = (
        {"weight" if text.endswith("g") else "value": int(text.rstrip("g")) for text in part} for part in measured
    )
    found = BOOK.known[name]
    key = "seller" if found.per_seller else "-"
    said = (name, found.zone, found.currency, found.date, found.window, key, found.overflow, str(found.open_days))
    assert list(said) == fields
    assert (amounts(BOOK.limits(NOW, name)), caps(BOOK, NOW, name)) == (limits, single)
    assert found.unaggregated_modes == ({"mail"} if name == "us-321" else set())
    assert found.asks_weight == ("weight" in limits | single)
    assert (found.limits_weight, found.limits_count) == ("weight" in limits, False)


def test_no_other_programme_ships() -> None:
    """The shipped programmes are those of the table, and three of them are enabled unless set."""
    assert set(BOOK.known) == set(SHIPPED)
    assert (list(BOOK.programmes), BOOK.default_programme) == (list(ENABLED_UNLESS_SET), "us-321")


@pytest.mark.parametrize(("name", "before", "since"), TURNS)
def test_limit_turns_on_its_first_day(name: str, before: date, since: date) -> None:
    """A limit holds from its first day on; a day outside all limits is outside the programme."""
    today = amounts(BOOK.limits(NOW, name))
    assert amounts(BOOK.limits(since, name)) == today != amounts(BOOK.limits(before, name))
    inside = name == "us-321"
    assert [BOOK.on(day, name).within_limits for day in (before, since)] == [inside, True]
    assert (BOOK.limits(before, name) is not None) == inside


def test_former_rule_of_korea_ends_where_todays_begins() -> None:
    """The arrival-day rule has no first day, and its last is the day before the purchase-day rule."""
    days = (date.min, date(2022, 11, 16), date(2022, 11, 17))
    assert [amounts(BOOK.limits(day, "kr-until-2022")) for day in days] == [{"value": 15_000}, {"value": 15_000}, {}]


def test_limits_and_caps_name_their_entries() -> None:
    """Each amount comes with the id of the entry that says so; asking again gives the same object."""
    assert BOOK.limits(NOW, "ge") == Limits(Amount(30_000, "ge-limit-300"), None, Amount(30_000, "ge-limit-30-kg"))
    assert BOOK.on(NOW, "ec").single_weight == Amount(4_000, "ec-single-4-kg")
    assert BOOK.limits(NOW) == Limits(Amount(80_000, "limit-800"), None, None)
    assert BOOK.limits(NOW, "ge") is BOOK.limits(NOW, "ge")


def test_rules_of_one_programme_do_not_reach_another() -> None:
    """Suspension, origins, enforcement and goods of us-321 leave the others alone, but for goods that name them."""
    gift, peru = BOOK.on(NOW, "us-gift"), BOOK.on(NOW, "pe")
    assert BOOK.on(NOW).suspended_rule == "suspension-2026-regulation"
    for rules in (gift, peru):
        found = (rules.suspended_rule, rules.excluded_origins, rules.enforcement, rules.enforcement_rule)
        assert found == (None, {}, "withhold", None)
    assert [gift.goods_rule({flag}, "manifest") for flag in ("irc-tax", "pga", "adcvd")] == [
        "goods-irc-tax",
        None,
        None,
    ]
    assert peru.excluded_goods == ()
    assert BOOK.code("manifest", "air", "withhold", "daily-limit", NOW, "us-gift") is None


def test_entries_that_name_programmes_are_of_these() -> None:
    """A suspension of two programmes suspends both, and us-321 only if it is named."""
    text = f'[[suspension]]\nid = "x-1"\nfrom = 2026-01-01\nprogrammes = ["pe", "ge"]\n{WHY}'
    book = with_rules(text)
    found = [book.on(NOW, name).suspended_rule for name in ("pe", "ge", "us-gift", "us-321")]
    assert found == ["x-1", "x-1", None, "suspension-2026-regulation"]


def test_as_of_dates_limits_of_every_programme() -> None:
    """With an as-of date a limit is the one of that day, and outside of it the programme is not in force."""
    book = BOOK.as_of(date(2020, 1, 1))
    assert (book.limits(NOW, "ec"), book.on(NOW, "ec").within_limits) == (None, False)
    assert amounts(book.limits(NOW, "kr-until-2022")) == {"value": 15_000}


def test_enforcement_set_by_hand_is_of_every_programme() -> None:
    """What is set by hand overrides the programmes without an entry of their own as well."""
    assert BOOK.with_enforcement("warn").on(NOW, "ec").enforcement == "warn"


@pytest.mark.parametrize("ask", ["on", "limits"])
def test_unknown_programme_is_an_error_of_the_caller(ask: str) -> None:
    """A programme without an entry has no rules to answer with, however often it is asked."""
    for _ in range(2):
        with pytest.raises(KeyError):
            getattr(BOOK, ask)(NOW, "kz")


def test_enabled_programmes_are_sorted() -> None:
    """The order in which programmes are enabled does not count."""
    book = BOOK.with_programmes(["us-321", "kr", "az"], "kr")
    assert (list(book.programmes), book.default_programme, book.id) == (["az", "kr", "us-321"], "kr", BOOK.id)
    assert list(book.as_of(NOW).with_enforcement("warn").programmes) == ["az", "kr", "us-321"]


@pytest.mark.parametrize(
    ("ids", "default", "message"),
    [
        (["us-321", "kz"], "us-321", "settings: programmes: no programme has the id kz. Remedy: .*az, ec"),
        (["kr", "kr"], "kr", "settings: programmes: kr is named twice"),
        (["kr"], "us-321", "settings: default_programme: us-321 is not among the enabled programmes .kr."),
        ([], "us-321", "is not among the enabled programmes .none."),
    ],
)
def test_enabling_what_does_not_fit_is_refused(ids: list[str], default: str, message: str) -> None:
    """An unknown programme, one named twice, and a default that is not enabled are refused with a remedy."""
    with pytest.raises(RulebookError, match=message):
        BOOK.with_programmes(ids, default)


@pytest.mark.parametrize(
    ("ids", "conveyance", "topics", "longest"),
    [
        (["us-321"], 45, 60, "us-321"),
        (["pe", "us-321"], 45, 60, "pe"),
        (["az", "us-321"], 46, 60, "az"),
        (["kr"], 61, 61, "kr"),
        (["ec", "kr"], 396, 396, "ec"),
    ],
)
def test_retention_follows_the_enabled_programmes(ids: list[str], conveyance: int, topics: int, longest: str) -> None:
    """Rows stay for the longest period and its open days, 45 days at least; topics likewise, 60 at least."""
    book = BOOK.with_programmes(ids, ids[0])
    assert (book.conveyance_days, book.topic_days, book.longest_kept.id) == (conveyance, topics, longest)


HALF_YEAR = f"""
[[programme]]
id = "xx"
title = "Made up"
zone = "Asia/Kolkata"
currency = "INR"
date = "arrival"
window = "half-year"
overflow = "latch"
open_days = 10
{WHY}
[[limit]]
id = "xx-6"
programme = "xx"
measure = "count"
amount = 6
from = 2025-01-01
until = 2025-12-31
{WHY}
"""


def test_own_country_is_a_file() -> None:
    """A programme of one's own is known, can be enabled, and limits a number of bills to the end of a half-year."""
    book = with_rules(HALF_YEAR).with_programmes(["us-321", "xx"], "us-321")
    assert amounts(book.limits(date(2025, 12, 31), "xx")) == {"count": 6}
    assert [book.on(date(2025, 12, 31) + timedelta(days), "xx").within_limits for days in (0, 1)] == [True, False]
    assert (book.programmes["xx"].limits_count, book.conveyance_days) == (True, 194)


@pytest.mark.parametrize(
    ("old", "new", "same"),
    [
        ("amount = 6", "amount = 7", True),
        ("until = 2025-12-31", "", True),
        ('title = "Made up"', 'title = "Another"', True),
        ("Made up for this test.", "Other words, same rule.", True),
        ("open_days = 10", "open_days = 11", False),
        ('overflow = "latch"', 'overflow = "skip"', False),
        ('currency = "INR"', 'currency = "EUR"', False),
        ("Asia/Kolkata", "Asia/Colombo", False),
        ('date = "arrival"', 'date = "purchase"', False),
        ('window = "half-year"', 'window = "calendar-year"', False),
        ("open_days = 10", 'open_days = 10\nper = ["seller"]', False),
        ("open_days = 10", 'open_days = 10\nunaggregated_modes = ["mail"]', False),
        ('measure = "count"', 'measure = "weight"', False),
    ],
)
def test_fingerprint_is_that_of_the_structure(old: str, new: str, same: bool) -> None:
    """Dates, amounts and words do not change what the tables of a worker hold; everything else does."""
    changed = HALF_YEAR.replace(old, new)
    assert changed != HALF_YEAR
    before, after = (with_rules(text).known["xx"].fingerprint for text in (HALF_YEAR, changed))
    assert (before == after) == same


def test_no_two_programmes_share_a_fingerprint() -> None:
    """Programmes of the same structure are still told apart."""
    assert len({programme.fingerprint for programme in BOOK.known.values()}) == len(SHIPPED)


def test_rates_go_from_one_currency_to_another() -> None:
    """A rate is of both currencies; a currency in itself needs none, and the dollar is the target unless said."""
    text = f'[[rate]]\nid = "usd-gel"\ncurrency = "USD"\nto = "GEL"\nquarter = "2025Q3"\nrate = "2.7"\n{WHY}'
    book, day = with_rules(text), date(2025, 8, 20)
    found = book.rate("USD", day, "GEL")
    assert found is not None
    assert (found.numerator, found.denominator, found.rule) == (27, 10, "usd-gel")
    assert [book.rate("GEL", day), book.rate("USD", date(2025, 10, 1), "GEL")] == [None, None]
    same = book.rate("GEL", day, "GEL")
    assert same is not None
    assert (same.numerator, same.denominator) == (1, 1)


FACTS = msgspec.structs.replace(SOUND, converted=False, purchased=False, seller=False, weighed=False, estimates=0)


@pytest.mark.parametrize(
    ("programme", "errors"),
    [
        ("us-321", ("282", "no-exchange-rate")),
        ("us-gift", ("no-exchange-rate",)),
        ("kr", ("no-exchange-rate", "no-purchase-date", "no-seller")),
        ("ec", ("no-exchange-rate", "no-weight")),
        ("ge", ("no-exchange-rate", "no-seller", "no-weight")),
        ("az", ("no-exchange-rate",)),
        ("kz", ("unknown-programme",)),
    ],
)
def test_each_programme_asks_for_its_own_fields(programme: str, errors: tuple[str, ...]) -> None:
    """Filing rules of us-321 stay there; what another programme needs is asked of its bills alone, in one order."""
    book = BOOK.with_programmes([*BOOK.known], "us-321")
    assert book.filing_errors(msgspec.structs.replace(FACTS, programme=programme)) == errors
    named = [book.filing_rule(code, NOW, programme) for code in errors]
    assert len(set(named)) == len(errors)
    whole = msgspec.structs.replace(
        FACTS, programme=programme, converted=True, purchased=True, seller=True, weighed=True, estimates=1
    )
    assert book.filing_errors(whole) == (errors if programme == "kz" else ())


def test_programme_that_is_not_enabled_is_unknown() -> None:
    """Having an entry is not enough: nothing else is asked of such a bill."""
    assert BOOK.filing_errors(msgspec.structs.replace(FACTS, programme="ec")) == ("unknown-programme",)


def test_topics_kept_too_briefly_are_refused() -> None:
    """Too short a retention names the programme that needs more, its field, and what to do."""
    book = BOOK.with_programmes(["ec", "us-321"], "us-321")
    book.check_retention(396)
    with pytest.raises(
        RulebookError, match=r"programme ec: topics are kept for 60 days, and 396 are needed: a calendar"
    ):
        book.check_retention(60)
    with pytest.raises(RulebookError, match=r"open_days, 30\. Remedy: keep shipments.*or take ec out of the setting"):
        book.check_retention(395)
    with pytest.raises(RulebookError, match=r"59 days, and 60 are needed\. Remedy: keep shipments, .* for 60 days\."):
        BOOK.check_retention(59)


def test_sources_that_nobody_read_for_long_are_listed() -> None:
    """An entry is listed if its source was last read before a day; one of a user's that does not say is not."""
    data = with_rules(HALF_YEAR).data
    ages = {entry.id: entry.verified for _, entries in data for entry in entries}
    assert unread_since(data, date(2026, 8, 30)) == []
    stale = {entry.id for entry in unread_since(data, date(2026, 8, 31))}
    assert stale == {name for name, read in ages.items() if read == date(2026, 8, 30)} != set()
    assert (ages["xx"], "xx" in {entry.id for entry in unread_since(data, date.max)}) == (None, False)


def test_shipped_entries_say_when_their_source_was_read() -> None:
    """Every shipped entry has the day on which somebody last read its source."""
    assert [entry.id for _, entries in BOOK.data for entry in entries if entry.verified is None] == []


def test_pages_are_those_in_the_repository(root: Path) -> None:
    """Each programme has its page and no page is left over; certainty stands in its first lines."""
    pages = programme_pages(BOOK)
    found = {path.name: path.read_text("utf-8") for path in (root / "docs" / "programmes").iterdir()}
    assert found.keys() == pages.keys()
    for name, programme in BOOK.known.items():
        assert found[f"{name}.md"].startswith(pages[f"{name}.md"][:200])
        assert f"**Certainty {'A and B' if name == 'us-321' else programme.certainty}" in pages[f"{name}.md"][:200]


def test_worked_examples_stand_on_the_page_of_their_programme() -> None:
    """What the scenario table says of a programme stands on its page, and on no other."""
    pages = programme_pages(BOOK, {"ec": "A year of parcels."})
    assert [name for name, page in pages.items() if "## Worked examples\n\nA year of parcels." in page] == ["ec.md"]
