"""Checks of programmes: names that exist, limits that leave no day open and cut no period, measures that go together.

What a rulebook cannot see, whether the topics of a running system are kept for long enough, `topics check` compares
with `Rulebook.topic_days`.
"""

from collections.abc import Iterator
from datetime import date

from state.rules.entries import (
    GENERAL_ERRORS,
    CodeList,
    FilingRule,
    Limit,
    Measured,
    ProgrammeRule,
    RuleEntry,
    Scoped,
)
from state.rules.rule_dates import hole
from state.rules.rule_errors import RulebookError
from state.rules.rule_files import Merged, Placed, entries_of
from stream.days import ZoneError, zone_named
from stream.periods import period_of
from stream.postings import US_321


def check_programmes(merged: Merged, file: str) -> None:
    """Refuse programmes and limits that contradict each other; raises RulebookError.

    `file` was added last, so it is the one to name where something is missing now.
    """
    programmes = {rule.id: rule for rule in entries_of(merged, ProgrammeRule)}
    if US_321 not in programmes:
        problem, remedy = "missing", "do not remove it; a setting says which programmes are enabled"
        raise RulebookError(file, f"programme {US_321}", problem, remedy)
    for placed in merged.values():
        for key, name in _named(placed.entry):
            if name not in programmes:
                remedy = f"use one of {', '.join(sorted(programmes))}, or add a [[programme]] with this id"
                raise placed.error(f"{key}: no programme has the id {name}", remedy)
        _check_measured(placed)
        _check_general(placed)
    _check_general_rules_exist(merged, file)
    for rule in programmes.values():
        _check_place(merged, rule)
        _check_limits(merged, file, rule)


def _named(entry: RuleEntry) -> Iterator[tuple[str, str]]:
    match entry:
        case Measured():
            yield "programme", entry.programme
        case Scoped():
            yield from (("programmes", name) for name in entry.programmes)


def _check_measured(placed: Placed) -> None:
    entry = placed.entry
    if not isinstance(entry, Measured):
        return
    if entry.measure == "value" and isinstance(entry.amount, int):
        raise placed.error(
            f"amount: {entry.amount} is no amount of money", 'write two decimals in quotes, such as "800.00"'
        )
    if entry.measure != "value" and not isinstance(entry.amount, int):
        units = "grams" if entry.measure == "weight" else "bills"
        raise placed.error(
            f"amount: {entry.amount} is no number of {units}", "write a whole number without quotes, such as 4000"
        )


def _check_general(placed: Placed) -> None:
    entry = placed.entry
    if not isinstance(entry, FilingRule) or entry.error not in GENERAL_ERRORS:
        return
    if entry.programmes:
        raise placed.error(f"programmes: {entry.error} is of every programme", "leave programmes out")
    if entry.first or entry.last:
        raise placed.error(f"from, until: {entry.error} holds on every day", "leave from and until out")


def _check_general_rules_exist(merged: Merged, file: str) -> None:
    missing = sorted(set(GENERAL_ERRORS) - {entry.error for entry in entries_of(merged, FilingRule)})
    if missing:
        remedy = "do not remove it; decisions name it"
        raise RulebookError(file, "filing", f"no entry is about the error {missing[0]}", remedy)


def _check_place(merged: Merged, rule: ProgrammeRule) -> None:
    placed = merged[rule.id]
    try:
        zone_named(rule.zone)
    except ZoneError:
        remedy = "use a name of the IANA database, such as Asia/Seoul"
        raise placed.error(f"zone: unknown time zone {rule.zone}", remedy) from None
    currencies = next(entry.codes for entry in entries_of(merged, CodeList) if entry.id == "currencies")
    if rule.currency not in currencies:
        raise placed.error(f"currency: unknown currency {rule.currency}", "use a code of ISO 4217, such as EUR")


def _check_limits(merged: Merged, file: str, rule: ProgrammeRule) -> None:
    limits = [entry for entry in entries_of(merged, Limit) if entry.programme == rule.id]
    if not limits:
        remedy = f'add a [[limit]] with programme = "{rule.id}", or remove the programme too'
        raise RulebookError(file, f"programme {rule.id}", "no [[limit]] is of this programme", remedy)
    _check_measures(merged, rule, limits)
    for entry in limits:
        _check_whole_periods(merged, rule, entry)
    found = hole(limits)
    if found is not None:
        day, after = found
        raise merged[after.id].error(
            f"from: no limit of {rule.id} holds on {day}, between an earlier one and it",
            "begin it on the day after the earlier one ends, or let that one end later",
        )


def _check_measures(merged: Merged, rule: ProgrammeRule, limits: list[Limit]) -> None:
    for entry in limits:
        if rule.overflow == "excess" and entry.measure != "value":
            raise merged[entry.id].error(
                f'measure: {rule.id} has overflow = "excess", which goes by value alone',
                'write measure = "value", or another overflow in its [[programme]]',
            )
        if rule.overflow != "all_or_none" and entry.measure != limits[0].measure:
            raise merged[entry.id].error(
                f"measure: {limits[0].id} limits {limits[0].measure} and it {entry.measure}, "
                f'and {rule.id} has overflow = "{rule.overflow}"',
                'take one of the two out, or write overflow = "all_or_none" in the [[programme]]',
            )


def _check_whole_periods(merged: Merged, rule: ProgrammeRule, entry: Limit) -> None:
    window = rule.window
    if window == "conveyance":
        return
    placed, of = merged[entry.id], f"day of a {window} of {rule.id}"
    if entry.first is not None:
        period = period_of(window, entry.first.toordinal())
        if entry.first.toordinal() != period.first:
            remedy = f"begin it on {_dates(period.first, period.last + 1)}"
            raise placed.error(f"from: {entry.first} is not the first {of}", remedy)
    if entry.last is not None:
        period = period_of(window, entry.last.toordinal())
        if entry.last.toordinal() != period.last:
            remedy = f"end it on {_dates(period.last, period.first - 1)}"
            raise placed.error(f"until: {entry.last} is not the last {of}", remedy)


def _dates(*days: int) -> str:
    """The days that are in the calendar, joined by `or on`."""
    known = (day for day in days if date.min.toordinal() <= day <= date.max.toordinal())
    return " or on ".join(str(date.fromordinal(day)) for day in known)
