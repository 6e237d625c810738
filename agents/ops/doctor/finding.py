"""What a check found: a state, a sentence, and what to do where something is wrong."""

from collections.abc import Iterable
from enum import StrEnum

import msgspec


class State(StrEnum):
    """How a thing stands."""

    RIGHT = "right"
    DOUBTFUL = "doubtful"
    """It works; somebody should look at it."""
    WRONG = "wrong"
    UNKNOWN = "unknown"
    """It could not be looked at, and why is said."""


class Finding(msgspec.Struct, frozen=True):
    """One line of the doctor's answer."""

    area: str
    """What was looked at: `settings`, `kafka`, `topics` and so on."""
    state: State
    says: str
    """One sentence; names no person and quotes no secret."""
    remedy: str = ""
    """What to do; given wherever the state is wrong or doubtful."""


def right(area: str, says: str) -> Finding:
    """Return a finding that all is as it must be."""
    return Finding(area, State.RIGHT, says)


def doubtful(area: str, says: str, remedy: str) -> Finding:
    """Return a finding that somebody should look at."""
    return Finding(area, State.DOUBTFUL, says, remedy)


def wrong(area: str, says: str, remedy: str) -> Finding:
    """Return a finding that something is wrong."""
    return Finding(area, State.WRONG, says, remedy)


def unknown(area: str, says: str, remedy: str = "") -> Finding:
    """Return a finding that something could not be looked at."""
    return Finding(area, State.UNKNOWN, says, remedy)


def any_wrong(findings: Iterable[Finding]) -> bool:
    """Return whether something is wrong."""
    return any(each.state is State.WRONG for each in findings)


def refused(area: str, error: Exception) -> Finding:
    """Make a finding of a refusal of ours, whose text is a sentence, a colon, and the remedy."""
    says, _, remedy = str(error).rpartition(": ")
    return wrong(area, says or remedy, remedy)
