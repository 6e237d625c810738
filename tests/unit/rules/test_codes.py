"""Codes by filing and mode, exchange rates, entry types and the figures of the rulebook."""

from datetime import date
from itertools import product

import pytest

from state.rules import Rate, Rulebook, load_rulebook, rulebook_of
from state.rules.loading import shipped_texts
from state.rules.rule_files import RuleText
from stream.decisions import Code
from stream.money import convert
from stream.outcomes import VERDICTS

BOOK = load_rulebook()
DAY = date(2025, 8, 20)
MODES = ("air", "ocean", "rail", "truck", "mail")

CODES = {
    **{("type86", mode, "withhold", "daily-limit"): "34" for mode in MODES},
    **{("type86", mode, "warn", "daily-limit"): "30" for mode in MODES},
    **{("type86", mode, "reject", "origin-excluded"): "33" for mode in MODES},
    **{("type86", mode, "release", "within-limit"): "98" for mode in MODES},
    **{("type86", mode, "release", "not-aggregated"): "98" for mode in MODES},
    ("manifest", "air", "withhold", "daily-limit"): "4M",
    ("manifest", "ocean", "withhold", "daily-limit"): "4M",
    ("manifest", "rail", "withhold", "daily-limit"): "4M",
    ("manifest", "air", "warn", "daily-limit"): "2M",
    ("manifest", "ocean", "warn", "daily-limit"): "2M",
    ("manifest", "truck", "warn", "daily-limit"): "SN517",
    ("manifest", "air", "reject", "origin-excluded"): "181",
    ("manifest", "truck", "reject", "origin-excluded"): "470",
}


def test_codes_of_every_filing_mode_and_verdict() -> None:
    """Every combination has the code of ace-rules section 2, and none where that knows none."""
    found = {}
    for filing, mode, row in product(("type86", "manifest"), MODES, VERDICTS):
        for outcome, reason in product({row.outcome, row.outcome_estimated}, row.reasons):
            code = BOOK.code(filing, mode, outcome, reason, DAY)
            if code is not None:
                found[filing, mode, outcome, reason] = code.code
    assert found == CODES


def test_texts_of_codes_are_as_published() -> None:
    """The words are those that were published, the misspelt one included."""
    withheld = BOOK.code("type86", "truck", "withhold", "daily-limit", None)
    assert withheld == Code("cargo-release-so60", "34", "ENTRY RELEASE WITHHELD - DE MINIMIS MET")
    warned = [BOOK.code("manifest", mode, "warn", "daily-limit", DAY) for mode in ("air", "truck")]
    assert warned == [
        Code("manifest-status", "2M", "VALUE MAY EXCEED CONSIGNE DAILY MAX ET86"),
        Code("truck-cusres", "SN517", "Section 321's maximum daily value $800 exceeded by Consignee"),
    ]
    excluded = [BOOK.code("manifest", mode, "reject", "origin-excluded", DAY) for mode in ("air", "truck")]
    assert excluded == [
        Code("air-error", "181", "COUNTRY OF ORIGIN CODE INVALID"),
        Code("truck-error", "470", "(Inv Ctry of Orig for Shp)"),
    ]


def test_code_318_is_documented_and_never_answered() -> None:
    """318 stands in the data with its words and its reason, and no decision carries it; so does 95 of X12 filers."""
    words = {entry.code: entry.wording for entry in BOOK.data.documented}
    assert words["318"] == "Country code ineligible for ET86"
    assert words["95"] == (
        "Warning generated as a result of a violation of Section 321's maximum daily value of $800 by consignee"
    )
    assert words["350"] == "Entry Not on File"
    assert not {"318", "95", "350"} & {entry.code for entry in BOOK.data.code}


def with_rules(text: str) -> Rulebook:
    """Make a rulebook of the shipped rules and one more text."""
    return rulebook_of(shipped_texts(), [RuleText("more.toml", text)])


def code_of(book: Rulebook, filing: str, outcome: str, reason: str, day: date | None) -> str | None:
    """Return the code for rail alone."""
    code = book.code(filing, "rail", outcome, reason, day)
    return None if code is None else code.code


ENTRY = 'source = "made up for this test"\ncertainty = "C"\ntext = "Made up for this test."\n'
DATED_CODE = f"""
[[code]]
id = "made-up"
filing = "manifest"
modes = ["rail"]
outcome = "warn"
reasons = ["daily-limit"]
channel = "manifest-status"
code = "XX"
wording = "MADE UP"
from = 2025-08-12
until = 2025-08-13
{ENTRY}
"""


def test_dated_code_holds_on_its_days_only() -> None:
    """A code with a period answers on these days, both included, under as-of on that date, and never without a day."""
    book = with_rules(DATED_CODE)
    days = [date(2025, 8, 11), date(2025, 8, 12), date(2025, 8, 13), date(2025, 8, 14), None]
    assert [code_of(book, "manifest", "warn", "daily-limit", day) for day in days] == [None, "XX", "XX", None, None]
    assert code_of(book.as_of(date(2025, 8, 12)), "manifest", "warn", "daily-limit", date(2020, 1, 1)) == "XX"


def test_rule_for_a_reason_goes_before_one_for_any() -> None:
    """A code for one reason wins over the one for all reasons of the outcome, whichever was read first."""
    text = DATED_CODE.replace('"manifest"', '"type86"', 1).replace("warn", "release").replace("daily-", "within-")
    book = with_rules(text)
    assert code_of(book, "type86", "release", "within-limit", date(2025, 8, 12)) == "XX"
    assert code_of(book, "type86", "release", "within-limit", DAY) == "98"
    assert code_of(book, "type86", "release", "not-aggregated", date(2025, 8, 12)) == "98"


# The rates in this file are made up.
RATES = "".join(
    f'[[rate]]\nid = "{currency.lower()}-{quarter.lower()}"\ncurrency = "{currency}"\nquarter = "{quarter}"\n'
    f'rate = "{rate}"\nsource = "made up for this test"\ncertainty = "C"\n'
    for currency, quarter, rate in (("EUR", "2025Q2", "1.1"), ("EUR", "2025Q3", "1.125"), ("JPY", "2025Q3", "0.0068"))
)


@pytest.mark.parametrize(
    ("currency", "day", "rate"),
    [
        ("EUR", date(2025, 3, 31), None),
        ("EUR", date(2025, 4, 1), Rate(11, 10, "eur-2025q2")),
        ("EUR", date(2025, 6, 30), Rate(11, 10, "eur-2025q2")),
        ("EUR", date(2025, 7, 1), Rate(9, 8, "eur-2025q3")),
        ("EUR", date(2025, 9, 30), Rate(9, 8, "eur-2025q3")),
        ("EUR", date(2025, 10, 1), None),
        ("JPY", date(2025, 8, 1), Rate(17, 2500, "jpy-2025q3")),
        ("CNY", date(2025, 8, 1), None),
        ("USD", date(1999, 1, 1), Rate(1, 1, "us-dollar")),
    ],
)
def test_rates_by_quarter(currency: str, day: date, rate: Rate | None) -> None:
    """A rate holds for its calendar quarter, exactly as written; the dollar is always itself; as-of changes nothing."""
    book = with_rules(RATES)
    assert book.rate(currency, day) == book.as_of(date(2020, 1, 1)).rate(currency, day) == rate


def test_rate_converts_hundredths_to_cents() -> None:
    """1,200 yen at a made-up 0.0068 are $8.16: an amount is read as hundredths in every currency."""
    rate = with_rules(RATES).rate("JPY", DAY)
    assert rate is not None
    assert convert(1200_00, rate.numerator, rate.denominator) == 8_16


def test_no_rate_ships() -> None:
    """Without a source that was read there is no rate."""
    assert BOOK.data.rate == ()


@pytest.mark.parametrize(("cents", "entry_type"), [(0, "11"), (250_000, "11"), (250_001, "01")])
def test_entry_type_by_value(cents: int, entry_type: str) -> None:
    """Up to $2,500 an informal entry will do, above it takes a formal one."""
    assert BOOK.entry_type(cents) == entry_type


def test_figures() -> None:
    """The figures of DESIGN sections 2 and 3 are those of the rulebook."""
    open_days = BOOK.known["us-321"].open_days
    figures = (BOOK.near_limit_percent, BOOK.structuring_days, open_days, BOOK.conveyance_days, BOOK.advice_days)
    assert figures == (90, 30, 15, 45, 14)
