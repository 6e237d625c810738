"""Every outcome and reason in order of precedence: the first row that applies decides (DESIGN section 3).

The reference page is generated from this table. A test compares the page and the withholding step with it.
"""

from enum import StrEnum
from typing import Final

import msgspec

from stream.decisions import Basis, Outcome


class Verdict(msgspec.Struct, frozen=True):
    """One row of the table."""

    row: int
    outcome: Outcome
    """On an actual basis."""
    outcome_estimated: Outcome
    reasons: tuple[str, ...]
    when: str
    with_total: bool = True
    """Whether a decision of this row states the total, limit and headroom of its ledger."""


EXITS: Final = ("deleted", "entry-01", "entry-11", "exported", "abandoned", "returned", "superseded")

SINGLES: Final = ("single-value-over-limit", "single-weight-over-limit")
LIMITS: Final = ("daily-limit", "period-limit")

VERDICTS: Final = (
    Verdict(1, "closed", "closed", EXITS, "it left by that exit", with_total=False),
    Verdict(2, "reject", "reject", ("filing-error",), "a filing rule is broken", with_total=False),
    Verdict(3, "pending", "pending", ("no-day",), "it has no day yet, or lost it", with_total=False),
    Verdict(4, "reject", "reject", ("day-closed",), "its ledger is closed", with_total=False),
    Verdict(5, "reject", "reject", ("suspended",), "the exemption is suspended on that day"),
    Verdict(6, "reject", "reject", ("origin-excluded",), "a line's origin is excluded on that day"),
    Verdict(7, "reject", "reject", ("goods-excluded",), "a goods rule of that day, by flag and filing"),
    Verdict(8, "reject", "reject", SINGLES, "alone over the programme's cap for one bill, mail too"),
    Verdict(9, "release", "clear", ("not-aggregated",), "of a mode that the programme leaves out of its total"),
    Verdict(10, "withhold", "warn", LIMITS, "does not fit: `period-limit` where the period is not a day"),
    Verdict(11, "release", "clear", ("within-limit",), "fits"),
)


class Action(StrEnum):
    """What a warehouse worker does: one word per decision, the same on page, terminal and API (DESIGN section 7)."""

    GO = "GO"
    HOLD = "HOLD"
    STOP = "STOP"
    WAIT = "WAIT"
    DONE = "DONE"


_ACTIONS: Final[dict[tuple[Outcome, bool], Action]] = {
    ("release", True): Action.GO,
    ("warn", True): Action.GO,
    ("withhold", True): Action.HOLD,
    ("clear", False): Action.WAIT,
    ("warn", False): Action.WAIT,
}
_ACTIONS_ALWAYS: Final[dict[Outcome, Action]] = {
    "pending": Action.HOLD,
    "reject": Action.STOP,
    "closed": Action.DONE,
}


def action(outcome: Outcome, basis: Basis | None) -> Action:
    """Return the one action that follows from a decision; an unknown combination is HOLD, never GO."""
    always = _ACTIONS_ALWAYS.get(outcome)
    return always or _ACTIONS.get((outcome, basis == "actual"), Action.HOLD)
