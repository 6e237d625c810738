"""Goods that are not exempt: by flag, filing and day, each day on both sides of where a rule begins."""

from datetime import date
from itertools import combinations

import pytest

from state.rules import load_rulebook

BOOK = load_rulebook()
RULES = {
    "adcvd": "goods-adcvd",
    "quota": "goods-quota",
    "irc-tax": "goods-irc-tax",
    "pga": "goods-pga-manifest",
    "fda": "goods-fda-manifest",
}
"""In the order of the entries: the first that holds is named."""


@pytest.mark.parametrize("filing", ["manifest", "type86"])
@pytest.mark.parametrize("day", [date.min, date(2025, 7, 8), date(2025, 7, 9), date(2026, 7, 1), date.max])
def test_goods_of_a_day(day: date, filing: str) -> None:
    """AD/CVD, quota and tax goods never pass, an agency's on a manifest neither, FDA goods since 9 July 2025."""
    out = {"adcvd", "quota", "irc-tax"}
    if filing == "manifest":
        out |= {"pga"} if day < date(2025, 7, 9) else {"pga", "fda"}
    for count in range(6):
        for flags in combinations(reversed(RULES), count):
            expected = next((rule for flag, rule in RULES.items() if flag in flags and flag in out), None)
            assert BOOK.on(day).goods_rule(flags, filing) == expected


@pytest.mark.parametrize(("as_of", "rule"), [(date(2025, 7, 8), None), (date(2025, 7, 9), "goods-fda-manifest")])
def test_goods_under_rules_as_of_a_day(as_of: date, rule: str | None) -> None:
    """Rules as of a day before it began do not know a goods rule, whatever the bill's own day."""
    for day in (date(2025, 7, 1), date(2025, 8, 20)):
        assert BOOK.as_of(as_of).on(day).goods_rule(("fda",), "manifest") == rule
