"""Checks across entries: calendars without gaps, one rule for one thing on one day, codes that exist."""

from collections import defaultdict
from collections.abc import Iterator
from itertools import product

from state.rules.entries import (
    GENERAL_ERRORS,
    CodeList,
    CodeRule,
    Constant,
    Dated,
    Enforcement,
    Exclusion,
    FilingRule,
    Goods,
    Limit,
    ProgrammeRule,
    RateEntry,
    RuleEntry,
    Scoped,
    Single,
    Suspension,
)
from state.rules.programme_checks import check_programmes
from state.rules.rule_dates import gap, in_words, overlap
from state.rules.rule_errors import RulebookError
from state.rules.rule_files import Merged, Placed, entries_of
from state.rules.rule_tables import MODES
from stream.outcomes import VERDICTS
from stream.postings import US_321

CONSTANTS = {
    "near-limit-percent": "percent",
    "structuring-days": "days",
    "conveyance-days": "days",
    "advice-days": "days",
    "informal-entry-limit": "cents",
}
"""Every constant a rulebook must have, and its unit."""

REASONS = {
    outcome: [reason for row in VERDICTS if outcome in {row.outcome, row.outcome_estimated} for reason in row.reasons]
    for outcome in (name for row in VERDICTS for name in (row.outcome, row.outcome_estimated))
}
"""The reasons that each outcome can have."""

CODE_LISTS = ("countries", "currencies", "us-states")
"""Every list of codes a rulebook must have."""


def check(merged: Merged, file: str) -> None:
    """Raise RulebookError if entries contradict each other, leave days open or use unknown codes.

    `file` was added last, so an error about a missing entry names it.
    """
    for placed in merged.values():
        _check_period(placed)
    _check_fixed_names(merged, file)
    _check_codes_exist(merged)
    _check_claims(merged)
    check_programmes(merged, file)
    for programme in entries_of(merged, ProgrammeRule):
        enforced = [entry for entry in entries_of(merged, Enforcement) if entry.concerns(programme.id)]
        _check_enforced(file, programme.id, enforced)


def _check_period(placed: Placed) -> None:
    entry = placed.entry
    if isinstance(entry, Dated) and entry.first and entry.last and entry.first > entry.last:
        raise placed.error(f"it ends on {entry.last}, before it begins on {entry.first}", "put the earlier day in from")


def _check_fixed_names(merged: Merged, file: str) -> None:
    for name, unit in CONSTANTS.items():
        placed = merged.get(name)
        if placed is None or not isinstance(placed.entry, Constant):
            raise RulebookError(file, f"constant {name}", "missing", "do not remove it; replace it with another value")
        if placed.entry.unit != unit:
            raise placed.error(f"its unit is {placed.entry.unit}", f'write unit = "{unit}"')
    for name in CODE_LISTS:
        if name not in merged or not isinstance(merged[name].entry, CodeList):
            raise RulebookError(file, f"codelist {name}", "missing", "do not remove it; replace it with another list")
    for placed in merged.values():
        known = {"constant": CONSTANTS, "codelist": CODE_LISTS}.get(placed.section)
        if known is not None and placed.entry.id not in known:
            raise placed.error("unknown name", f"use one of {', '.join(known)}")


def _check_codes_exist(merged: Merged) -> None:
    lists = {entry.id: set(entry.codes) for entry in entries_of(merged, CodeList)}
    for placed in merged.values():
        entry = placed.entry
        if isinstance(entry, Exclusion):
            for origin in entry.origins:
                if origin not in lists["countries"]:
                    raise placed.error(f"unknown country {origin}", "use a two-letter code of ISO 3166-1, such as CN")
        elif isinstance(entry, CodeRule):
            for reason in entry.reasons:
                if reason not in REASONS[entry.outcome]:
                    remedy = f"use one of {', '.join(REASONS[entry.outcome])}"
                    raise placed.error(f"{entry.outcome} never has the reason {reason}", remedy)
        elif isinstance(entry, RateEntry):
            if entry.currency == entry.to:
                raise placed.error(f"to: {entry.to} needs no rate to itself", "take the entry out")
            for key, currency in (("currency", entry.currency), ("to", entry.to)):
                if currency not in lists["currencies"]:
                    raise placed.error(f"{key}: unknown currency {currency}", "use a code of ISO 4217, such as EUR")
            if not entry.rate.strip("0."):
                raise placed.error("the rate is zero", "write what one unit of the currency is in the other")


def _claims(entry: RuleEntry) -> Iterator[str]:
    """Yield what an entry decides; on one day only one entry may decide each of these."""
    match entry:
        case Limit():
            yield f"the limit on {entry.measure} ({entry.programme})"
        case Single():
            yield f"the cap of a single bill on {entry.measure} ({entry.programme})"
        case FilingRule() if entry.error in GENERAL_ERRORS:
            yield f"the filing error {entry.error}"
        case Scoped():
            yield from (
                f"{what} ({programme})" for what in _subjects(entry) for programme in entry.programmes or (US_321,)
            )
        case RateEntry():
            yield f"the rate of {entry.currency} to {entry.to} in {entry.quarter}"


def _subjects(entry: Scoped) -> Iterator[str]:
    match entry:
        case Enforcement():
            yield "the enforcement"
        case Suspension():
            yield "the suspension"
        case Exclusion():
            yield from (f"the origin {origin}" for origin in entry.origins)
        case Goods():
            yield from (f"{entry.flag} goods on a {filing} filing" for filing in entry.filings)
        case FilingRule():
            yield f"the filing error {entry.error}"
        case CodeRule():
            for mode, reason in product(entry.modes or MODES, entry.reasons or ("any reason",)):
                yield f"the code of {entry.filing}, {mode}, {entry.outcome}, {reason}"


def _check_claims(merged: Merged) -> None:
    claims: dict[str, list[Placed]] = defaultdict(list)
    for placed in merged.values():
        for claim in _claims(placed.entry):
            claims[claim].append(placed)
    for claim, claimants in claims.items():
        if len(claimants) > 1:
            _check_claimants(merged, claim, claimants)


def _check_claimants(merged: Merged, claim: str, claimants: list[Placed]) -> None:
    first, last = claimants[0], claimants[-1]
    if any(placed is first for placed in claimants[1:]):
        raise first.error(f"it names {claim} twice", "name it once")
    dated = [placed.entry for placed in claimants if isinstance(placed.entry, Dated)]
    if not dated:
        raise last.error(f"{first.entry.id} too decides {claim}", "take one of the two out")
    both = overlap(dated)
    if both is not None:
        earlier, later = both
        raise merged[later.id].error(
            f"{earlier.id} ({in_words(earlier)}) and it ({in_words(later)}) both decide {claim}",
            "end the earlier one with until the day before the later one begins, or remove one",
        )


def _check_enforced(file: str, programme: str, entries: list[Enforcement]) -> None:
    open_day = gap(entries) if entries else None
    if open_day is not None:
        raise RulebookError(
            file,
            "enforcement",
            f"{', '.join(entry.id for entry in entries)} leave a gap: nothing holds on {open_day} ({programme})",
            "open the first entry at its start and the last at its end, and begin each on the day after the one before",
        )
