"""Entries in a reader's words: what they say in one line, when they hold, and which of them hold on a day."""

from collections.abc import Iterator
from datetime import date

from state.rules.entries import (
    CodeList,
    CodeRule,
    Constant,
    Dated,
    DocumentedCode,
    Enforcement,
    Exclusion,
    FilingRule,
    Goods,
    Limit,
    Measured,
    ProgrammeRule,
    RateEntry,
    RuleData,
    RuleEntry,
    Scoped,
    Single,
    Suspension,
    Unjudged,
)
from state.rules.programmes import Window
from state.rules.rule_dates import holds, in_words
from state.rules.rule_tables import quarter_of

ENFORCED = {
    "warn": "an arrived bill over the limit is warned about",
    "withhold": "the release of an arrived bill over the limit is withheld",
}


WINDOWS: dict[Window, str] = {
    "day": "day",
    "calendar-month": "calendar month",
    "half-year": "half-year",
    "calendar-year": "calendar year",
    "conveyance": "conveyance",
}
"""What is summed together, in words."""


def meaning(entry: RuleEntry, data: RuleData) -> str:
    """Say in one line what an entry rules; `data` has the programmes that entries name."""
    said = _ruling(entry, data)
    if isinstance(entry, Scoped) and entry.programmes:
        return f"{said} ({', '.join(entry.programmes)})"
    return said


def _ruling(entry: RuleEntry, data: RuleData) -> str:
    match entry:
        case ProgrammeRule():
            return f"{entry.title}: {summed(entry)}, by day of {entry.date}, {entry.zone}"
        case Limit():
            programme = next(rule for rule in data.programme if rule.id == entry.programme)
            return f"{amount(entry, programme)} {summed(programme)}"
        case Single():
            programme = next(rule for rule in data.programme if rule.id == entry.programme)
            return f"{amount(entry, programme)} for a single bill"
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
            return f"1 {entry.currency} = {entry.rate} {entry.to}"
        case Constant():
            return (
                f"${entry.value // 100:,}.{entry.value % 100:02d}"
                if entry.unit == "cents"
                else f"{entry.value} {entry.unit}"
            )
        case CodeList():
            return f"{len(entry.codes)} codes"
        case Unjudged():
            return f"not judged: {entry.title}"
    raise TypeError(f"not an entry: {type(entry).__name__}")


def summed(programme: ProgrammeRule) -> str:
    """Say for whom and over which period a programme sums."""
    window = WINDOWS[programme.window]
    return f"per person, seller and {window}" if programme.per else f"per person and {window}"


def amount(entry: Measured, programme: ProgrammeRule) -> str:
    """Write the amount of a limit or cap with its unit: dollars for the United States, else the currency's code."""
    match entry.measure:
        case "value" if programme.id.startswith("us-") and programme.currency == "USD":
            return f"${entry.amount}"
        case "value":
            return f"{entry.units // 100:,}.{entry.units % 100:02d} {programme.currency}"
        case "count":
            return f"{entry.units:,} bills"
        case "weight":
            return f"{entry.units:,} g"


def _occasion(rule: CodeRule) -> str:
    modes = f" by {' or '.join(rule.modes)}" if rule.modes else ""
    reasons = f" for {' or '.join(rule.reasons)}" if rule.reasons else ""
    return f"{rule.filing}{modes}, {rule.outcome}{reasons}"


def period(entry: RuleEntry) -> str:
    """Say when an entry holds."""
    match entry:
        case Dated():
            return in_words(entry)
        case RateEntry():
            return entry.quarter
    return "every day"


def entries_on(data: RuleData, day: date, programme: str | None = None) -> Iterator[tuple[str, RuleEntry]]:
    """The entries that decide on a day, with their section; what no decision asks for is left out.

    With a programme, only those that are of it, and those that are of none: rates and figures.
    """
    quarter = f"{day.year:04d}Q{quarter_of(day) % 4 + 1}"
    for section, entries in data:
        for entry in entries:
            if programme is None or is_of(entry, programme):
                match entry:
                    case DocumentedCode() | CodeList() | Unjudged():
                        continue
                    case Dated():
                        decides = holds(entry, day)
                    case RateEntry():
                        decides = entry.quarter == quarter
                    case _:
                        decides = True
                if decides:
                    yield section, entry


def unread_since(data: RuleData, day: date) -> list[RuleEntry]:
    """List the entries whose source was not read since a day; an entry that does not say is left out."""
    return [entry for _, entries in data for entry in entries if entry.verified is not None and entry.verified < day]


def is_of(entry: RuleEntry, programme: str) -> bool:
    """Whether an entry is of a programme, or of none in particular."""
    match entry:
        case ProgrammeRule():
            return entry.id == programme
        case Measured():
            return entry.programme == programme
        case Scoped():
            return entry.concerns(programme)
    return True
