"""Every status a bill can have, as one small number for rows; built from the table of outcomes."""

from typing import Final, NamedTuple

from stream.decisions import Outcome
from stream.outcomes import VERDICTS


class Status(NamedTuple):
    """An outcome with its reason."""

    outcome: Outcome
    reason: str
    with_total: bool


def _all_statuses() -> tuple[Status, ...]:
    return tuple(
        Status(outcome, reason, verdict.with_total)
        for verdict in VERDICTS
        for reason in verdict.reasons
        for outcome in dict.fromkeys((verdict.outcome, verdict.outcome_estimated))
    )


STATUSES: Final = _all_statuses()
"""Rows hold the index into this tuple: append, never reorder, or raise the row format."""

_NUMBERS: Final = {(status.outcome, status.reason): number for number, status in enumerate(STATUSES)}


def number_of(outcome: Outcome, reason: str) -> int:
    """Index of a status."""
    return _NUMBERS[outcome, reason]


SUPERSEDED: Final = number_of("closed", "superseded")
FILING_ERROR: Final = number_of("reject", "filing-error")
NO_DAY: Final = number_of("pending", "no-day")
DAY_CLOSED: Final = number_of("reject", "day-closed")
SUSPENDED: Final = number_of("reject", "suspended")
ORIGIN_EXCLUDED: Final = number_of("reject", "origin-excluded")
GOODS_EXCLUDED: Final = number_of("reject", "goods-excluded")
MAIL_RELEASED: Final = number_of("release", "not-aggregated")
MAIL_CLEAR: Final = number_of("clear", "not-aggregated")
SINGLE_OVER: Final = number_of("reject", "single-value-over-limit")
WITHHELD: Final = number_of("withhold", "daily-limit")
WARNED: Final = number_of("warn", "daily-limit")
RELEASED: Final = number_of("release", "within-limit")
CLEAR: Final = number_of("clear", "within-limit")
UNJUDGED: Final = 0xFF
"""Not a status: a bill that the running judging has yet to decide."""

EXITS: Final = {
    name: number_of("closed", name) for name in ("deleted", "entry-01", "entry-11", "exported", "abandoned", "returned")
}
KEEPS_COUNTING: Final = frozenset(EXITS[name] for name in ("exported", "abandoned", "returned"))
"""A released bill that leaves by one of these has used the exemption: it goes on counting."""

CLOSED: Final = frozenset(EXITS.values()) | {SUPERSEDED}
CANDIDATES: Final = frozenset((WITHHELD, WARNED, RELEASED, CLEAR))
"""Statuses of rows 10 and 11: the day's total decides."""
WALKED: Final = CANDIDATES | {UNJUDGED}
"""What a walk of the day looks at."""
LIVE: Final = frozenset(range(len(STATUSES))) - CLOSED
"""Statuses of live bills."""
