"""Entries turned into look-up tables, once, when a rulebook is made."""

from collections.abc import Iterable
from datetime import date
from fractions import Fraction
from hashlib import sha256
from typing import get_args

from msgspec import json

from state.rules.day_rules import DayRules, Rate
from state.rules.entries import CodeRule, Measured, ProgrammeRule, RateEntry, RuleData
from state.rules.programmes import Amount, Limits, Programme
from state.rules.rule_dates import holds, in_force
from stream.decisions import Code
from stream.events import Mode

CodeTable = dict[tuple[str, str, str], tuple[tuple[CodeRule, Code], ...]]
RateTable = dict[tuple[str, str, int], Rate]

MODES: tuple[str, ...] = get_args(Mode)


def fingerprint(data: RuleData) -> str:
    """Hash all entries to a short id, the same whatever their order in the files."""
    ordered = [(name, sorted(entries, key=lambda entry: entry.id)) for name, entries in data]
    return sha256(json.encode(ordered)).hexdigest()[:12]


def code_table(rules: Iterable[CodeRule]) -> CodeTable:
    """Codes by filing, mode and outcome, each with its rule; those for named reasons before those for any.

    The rules are those of one programme.
    """
    table: CodeTable = {}
    for rule in sorted(rules, key=lambda rule: not rule.reasons):
        code = Code(rule.channel, rule.code, rule.wording)
        for mode in rule.modes or MODES:
            key = (rule.filing, mode, rule.outcome)
            table[key] = (*table.get(key, ()), (rule, code))
    return table


def quarter_of(day: date) -> int:
    """Calendar quarters counted from the year 0."""
    return day.year * 4 + (day.month - 1) // 3


def rate_table(entries: tuple[RateEntry, ...]) -> RateTable:
    """Rates by both currencies and quarter, as exact fractions."""
    table: RateTable = {}
    for entry in entries:
        exact = Fraction(entry.rate)
        year, quarter = entry.quarter.split("Q")
        place = entry.currency, entry.to, int(year) * 4 + int(quarter) - 1
        table[place] = Rate(exact.numerator, exact.denominator, entry.id)
    return table


def programme_of(rule: ProgrammeRule, data: RuleData) -> Programme:
    """Make the programme of an entry, with what its limits and caps of any date ask."""
    limited = {entry.measure for entry in data.limit if entry.programme == rule.id}
    capped = {entry.measure for entry in data.single if entry.programme == rule.id}
    asks_weight = "weight" in limited | capped
    structure = (
        (rule.id, rule.zone, rule.currency, rule.date, rule.window, rule.per, rule.overflow),
        (sorted(rule.unaggregated_modes), rule.open_days, sorted(limited), sorted(capped)),
    )
    return Programme(
        rule.id,
        rule.title,
        rule.zone,
        rule.currency,
        rule.date,
        rule.window,
        "seller" in rule.per,
        rule.overflow,
        frozenset(rule.unaggregated_modes),
        rule.open_days,
        rule.certainty,
        rule.source,
        rule.text,
        "count" in limited,
        "weight" in limited,
        asks_weight,
        asks_weight or "seller" in rule.per or rule.date == "purchase",
        sha256(json.encode(structure)).hexdigest()[:12],
    )


def limits_on(data: RuleData, day: date, programme: str) -> Limits | None:
    """Find the limits of a programme that are in force on a day; None where there is none."""
    limits = {
        entry.measure: Amount(entry.units, entry.id)
        for entry in data.limit
        if entry.programme == programme and holds(entry, day)
    }
    return Limits(limits.get("value"), limits.get("count"), limits.get("weight")) if limits else None


def _cap(entries: Iterable[Measured], measure: str, day: date, programme: str) -> Amount | None:
    held = in_force((entry for entry in entries if (entry.programme, entry.measure) == (programme, measure)), day)
    return None if held is None else Amount(held.units, held.id)


def day_rules(data: RuleData, day: date, programme: str) -> DayRules:
    """Work out the rules of a programme on a day as the entries have them."""
    enforcement = in_force((entry for entry in data.enforcement if entry.concerns(programme)), day)
    suspension = in_force((entry for entry in data.suspension if entry.concerns(programme)), day)
    exclusions = [entry for entry in data.exclusion if entry.concerns(programme) and holds(entry, day)]
    goods = [entry for entry in data.goods if entry.concerns(programme) and holds(entry, day)]
    return DayRules(
        "withhold" if enforcement is None else enforcement.enforcement,
        None if enforcement is None else enforcement.id,
        None if suspension is None else suspension.id,
        {origin: entry.id for entry in exclusions for origin in entry.origins},
        tuple((entry.flag, way, entry.id) for entry in goods for way in entry.filings),
        _cap(data.single, "value", day, programme),
        _cap(data.single, "weight", day, programme),
        limits_on(data, day, programme) is not None,
    )
