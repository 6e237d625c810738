"""When rules turn: the entries of programmes in the order of the days on which they begin and end."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import NamedTuple

from state.rules.entries import Dated, Measured, RuleData, Scoped
from state.rules.rule_dates import always
from stream.postings import US_321


class Turn(NamedTuple):
    """A day on which an entry begins to hold, or holds no longer."""

    day: date | None
    """None: from the start of the calendar."""
    programme: str
    begins: bool
    section: str
    entry: Dated


def timeline(data: RuleData, programme: str | None = None) -> list[Turn]:
    """Return the turns of all programmes, or of one, by day; of one day the ends come first.

    Entries that hold on every day do not turn and are left out, but for limits and caps.
    """
    turns = [turn for turn in _turns(data) if programme in {None, turn.programme}]
    return sorted(turns, key=lambda turn: (turn.day or date.min, turn.begins, turn.programme))


def _turns(data: RuleData) -> Iterator[Turn]:
    for section, entries in data:
        for entry in entries:
            if not isinstance(entry, Dated) or (always(entry) and not isinstance(entry, Measured)):
                continue
            for programme in _programmes(entry):
                yield Turn(entry.first, programme, True, section, entry)
                if entry.last is not None and entry.last != date.max:
                    yield Turn(entry.last + timedelta(days=1), programme, False, section, entry)


def _programmes(entry: Dated) -> tuple[str, ...]:
    match entry:
        case Measured():
            return (entry.programme,)
        case Scoped():
            return entry.programmes or (US_321,)
    raise TypeError(f"an entry of no programme: {type(entry).__name__}")
