"""Entries in plain words: what an entry says in one line, when it holds, and which entries hold on a day."""

from collections.abc import Iterator
from datetime import date

from state.rules.entries import (
    CodeList,
    CodeRule,
    Constant,
    Dated,
    DocumentedCode,
    Enforcement,
    Entry,
    Exclusion,
    FilingRule,
    Goods,
    Limit,
    RateEntry,
    RuleData,
    Single,
    Suspension,
)
from state.rules.periods import holds, in_words
from state.rules.tables import quarter_of

ENFORCED = {
    "warn": "an arrived bill over the limit is warned about",
    "withhold": "the release of an arrived bill over the limit is withheld",
}


def meaning(entry: Entry) -> str:
    """Return in one line what an entry rules."""
    match entry:
        case Limit():
            return f"${entry.dollars} per person and day"
        case Single():
            return f"${entry.amount} for a single bill"
        case Enforcement():
            return ENFORCED[entry.enforcement]
        case Suspension():
            return "nothing is exempt"
        case Exclusion():
            return f"origin {', '.join(entry.origins)} is not exempt"
        case Goods():
            return f"{entry.flag} goods are not exempt on {' and '.join(entry.filings)} filings"
        case FilingRule():
            return f"filing error {entry.error}"
        case CodeRule():
            return f"{_occasion(entry)}: {entry.code} {entry.wording} ({entry.channel})"
        case DocumentedCode():
            return f"{entry.code} {entry.wording} ({entry.channel})"
        case RateEntry():
            return f"1 {entry.currency} = {entry.rate} USD"
        case Constant():
            return (
                f"${entry.value // 100:,}.{entry.value % 100:02d}"
                if entry.unit == "cents"
                else f"{entry.value} {entry.unit}"
            )
        case CodeList():
            return f"{len(entry.codes)} codes"
    raise TypeError(f"not an entry: {type(entry).__name__}")


def _occasion(rule: CodeRule) -> str:
    modes = f" by {' or '.join(rule.modes)}" if rule.modes else ""
    reasons = f" for {' or '.join(rule.reasons)}" if rule.reasons else ""
    return f"{rule.filing}{modes}, {rule.outcome}{reasons}"


def period(entry: Entry) -> str:
    """Return when an entry holds, in words."""
    match entry:
        case Dated():
            return in_words(entry)
        case RateEntry():
            return entry.quarter
    return "every day"


def entries_on(data: RuleData, day: date) -> Iterator[tuple[str, Entry]]:
    """Yield the entries that decide on an Eastern day, with their section, without code lists and documented codes."""
    quarter = f"{day.year:04d}Q{quarter_of(day) % 4 + 1}"
    for section, entries in data:
        for entry in entries:
            match entry:
                case DocumentedCode() | CodeList():
                    continue
                case Dated():
                    decides = holds(entry, day)
                case RateEntry():
                    decides = entry.quarter == quarter
                case _:
                    decides = True
            if decides:
                yield section, entry
