"""What a check found: a state, a sentence, and what to do if something is wrong."""

from collections.abc import Iterable
from enum import StrEnum

import msgspec


class State(StrEnum):
    """The state of what was checked."""

    RIGHT = "right"
    DOUBTFUL = "doubtful"
    """It works, but look at it."""
    WRONG = "wrong"
    UNKNOWN = "unknown"
    """It could not be checked; the sentence says why."""


class Finding(msgspec.Struct, frozen=True):
    """One line of the doctor's answer."""

    area: str
    """What was checked: `settings`, `kafka`, `topics` and so on."""
    state: State
    says: str
    """One sentence; names no person and quotes no secret."""
    remedy: str = ""
    """What to do; never empty if the state is wrong or doubtful."""


def right(area: str, says: str) -> Finding:
    """Return the finding that all is as it must be."""
    return Finding(area, State.RIGHT, says)


def doubtful(area: str, says: str, remedy: str) -> Finding:
    """Return the finding that something works but deserves a look."""
    return Finding(area, State.DOUBTFUL, says, remedy)


def wrong(area: str, says: str, remedy: str) -> Finding:
    """Return the finding that something is wrong."""
    return Finding(area, State.WRONG, says, remedy)


def unknown(area: str, says: str, remedy: str = "") -> Finding:
    """Return the finding that something could not be checked."""
    return Finding(area, State.UNKNOWN, says, remedy)


def any_wrong(findings: Iterable[Finding]) -> bool:
    """Return whether something is wrong."""
    return any(each.state is State.WRONG for each in findings)


def refused(area: str, error: Exception) -> Finding:
    """Return the finding for one of our errors, whose text is a sentence, a colon, and the remedy."""
    says, _, remedy = str(error).rpartition(": ")
    return wrong(area, says or remedy, remedy)
