"""Turns entries into look-up tables, once, when a rulebook is made."""

from datetime import date
from fractions import Fraction
from hashlib import sha256
from typing import get_args

from msgspec import json

from state.rules.answers import DayRules, Rate
from state.rules.entries import CodeRule, RateEntry, RuleData
from state.rules.periods import holds, in_force
from stream.decisions import Code
from stream.events import Mode

CodeTable = dict[tuple[str, str, str], tuple[tuple[CodeRule, Code], ...]]
RateTable = dict[tuple[str, int], Rate]

MODES: tuple[str, ...] = get_args(Mode)


def fingerprint(data: RuleData) -> str:
    """Return a short hash of all entries, which does not depend on their order in the files."""
    ordered = [(name, sorted(entries, key=lambda entry: entry.id)) for name, entries in data]
    return sha256(json.encode(ordered)).hexdigest()[:12]


def code_table(rules: tuple[CodeRule, ...]) -> CodeTable:
    """Return codes with their rules by filing, mode and outcome; rules that name reasons come first."""
    table: CodeTable = {}
    for rule in sorted(rules, key=lambda rule: not rule.reasons):
        code = Code(rule.channel, rule.code, rule.wording)
        for mode in rule.modes or MODES:
            key = (rule.filing, mode, rule.outcome)
            table[key] = (*table.get(key, ()), (rule, code))
    return table


def quarter_of(day: date) -> int:
    """Return the number of a day's calendar quarter, counted from the year 0."""
    return day.year * 4 + (day.month - 1) // 3


def rate_table(entries: tuple[RateEntry, ...]) -> RateTable:
    """Return the rates by currency and quarter, as exact fractions."""
    table: RateTable = {}
    for entry in entries:
        exact = Fraction(entry.rate)
        year, quarter = entry.quarter.split("Q")
        table[entry.currency, int(year) * 4 + int(quarter) - 1] = Rate(exact.numerator, exact.denominator, entry.id)
    return table


def day_rules(data: RuleData, day: date) -> DayRules:
    """Return the rules of a day from the entries; `checking` made sure that limit and enforcement cover every day."""
    limit = in_force(data.limit, day)
    enforcement = in_force(data.enforcement, day)
    assert limit is not None, "limits without a gap"  # noqa: S101 - checked when the files were read
    assert enforcement is not None, "enforcement without a gap"  # noqa: S101 - as above
    suspension = in_force(data.suspension, day)
    single = in_force(data.single, day)
    origins = {origin: entry.id for entry in data.exclusion if holds(entry, day) for origin in entry.origins}
    return DayRules(
        limit.cents,
        limit.id,
        enforcement.enforcement,
        enforcement.id,
        None if suspension is None else suspension.id,
        origins,
        None if single is None else single.cents,
        None if single is None else single.id,
        tuple((entry.flag, way, entry.id) for entry in data.goods if holds(entry, day) for way in entry.filings),
    )
