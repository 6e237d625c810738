"""Every status that a bill can have, with its number in rows.

The numbers are on disk, so they are pinned here one by one, whatever the order of the table of outcomes. A new status
takes a free number. A number that was used is never used again, unless the row format is raised.
"""

from typing import Final, NamedTuple

from stream.decisions import Outcome
from stream.outcomes import VERDICTS


class Status(NamedTuple):
    """An outcome with its reason."""

    outcome: Outcome
    reason: str
    with_total: bool


_PINNED: Final[dict[int, tuple[Outcome, str]]] = {
    0: ("closed", "deleted"),
    1: ("closed", "entry-01"),
    2: ("closed", "entry-11"),
    3: ("closed", "exported"),
    4: ("closed", "abandoned"),
    5: ("closed", "returned"),
    6: ("closed", "superseded"),
    7: ("reject", "filing-error"),
    8: ("pending", "no-day"),
    9: ("reject", "day-closed"),
    10: ("reject", "suspended"),
    11: ("reject", "origin-excluded"),
    12: ("reject", "goods-excluded"),
    13: ("release", "not-aggregated"),
    14: ("clear", "not-aggregated"),
    15: ("reject", "single-value-over-limit"),
    16: ("withhold", "daily-limit"),
    17: ("warn", "daily-limit"),
    18: ("release", "within-limit"),
    19: ("clear", "within-limit"),
    20: ("reject", "single-weight-over-limit"),
    21: ("withhold", "period-limit"),
    22: ("warn", "period-limit"),
}

_WITH_TOTAL: Final = {reason: verdict.with_total for verdict in VERDICTS for reason in verdict.reasons}

STATUSES: Final = {
    number: Status(outcome, reason, _WITH_TOTAL[reason]) for number, (outcome, reason) in _PINNED.items()
}
"""Status by its number."""

_NUMBERS: Final = {pair: number for number, pair in _PINNED.items()}


def number_of(outcome: Outcome, reason: str) -> int:
    """Return the number of a status."""
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
SINGLE_HEAVY: Final = number_of("reject", "single-weight-over-limit")
WITHHELD: Final = number_of("withhold", "daily-limit")
WARNED: Final = number_of("warn", "daily-limit")
PERIOD_WITHHELD: Final = number_of("withhold", "period-limit")
PERIOD_WARNED: Final = number_of("warn", "period-limit")
RELEASED: Final = number_of("release", "within-limit")
CLEAR: Final = number_of("clear", "within-limit")
UNJUDGED: Final = 0xFF
"""Not a status: the judging of the record has still to decide on the bill."""

EXITS: Final = {
    name: number_of("closed", name) for name in ("deleted", "entry-01", "entry-11", "exported", "abandoned", "returned")
}
KEEPS_COUNTING: Final = frozenset(EXITS[name] for name in ("exported", "abandoned", "returned"))
"""A released bill that leaves by one of these exits has used the exemption, so it keeps counting."""

CLOSED: Final = frozenset(EXITS.values()) | {SUPERSEDED}
MISFITS: Final = frozenset((WITHHELD, WARNED, PERIOD_WITHHELD, PERIOD_WARNED))
"""Statuses of row 10."""
CANDIDATES: Final = MISFITS | {RELEASED, CLEAR}
"""Statuses of rows 10 and 11: the total decides."""
WALKED: Final = CANDIDATES | {UNJUDGED}
"""What a walk of a ledger looks at."""
LIVE: Final = frozenset(STATUSES) - CLOSED
"""Statuses of live bills."""
