"""Programmes as the rulebook answers with them: exemptions with limits per person and period (DESIGN section 3)."""

from typing import Literal

from msgspec import Struct

from stream.postings import US_321

Window = Literal["day", "calendar-month", "half-year", "calendar-year", "conveyance"]
"""What is summed together: the bills of a day, of a longer period, or of one conveyance."""
Overflow = Literal["setting", "skip", "latch", "all_or_none", "excess"]
"""What happens above the limit; `setting`: what the policy says."""
MeasureName = Literal["value", "count", "weight"]
"""What a limit is on: money in hundredths, the number of bills, or grams."""
MEASURES: tuple[MeasureName, ...] = ("value", "count", "weight")
"""In the order in which they are asked."""

ENABLED_UNLESS_SET = (US_321, "us-gift", "us-gift-insular")

LONGEST_PERIOD: dict[Window, int] = {
    "day": 1,
    "calendar-month": 31,
    "half-year": 184,
    "calendar-year": 366,
    "conveyance": 1,
}
"""Days that a period has at most."""


class Amount(Struct, frozen=True):
    """How much is allowed, in cents, bills or grams, and the id of the entry that says so."""

    amount: int
    rule: str


class Limits(Struct, frozen=True):
    """The limits of a programme that are in force on a day: one at least; None where it has none on that measure."""

    value: Amount | None
    count: Amount | None
    weight: Amount | None


class Programme(Struct, frozen=True):
    """An exemption: what is summed, for whom, over which period, and what happens above the limit."""

    id: str
    title: str
    zone: str
    currency: str
    date: Literal["arrival", "purchase"]
    window: Window
    per_seller: bool
    """Whether the sum is per consignee and seller."""
    overflow: Overflow
    unaggregated_modes: frozenset[str]
    """Modes whose bills stay out of the sum."""
    open_days: int
    """Days that a ledger stays open after its last day."""
    certainty: str
    source: str
    text: str
    limits_count: bool
    """Whether a limit of any date is on the number of bills."""
    limits_weight: bool
    """Whether a limit of any date is on weight."""
    asks_weight: bool
    """Whether a limit or a cap of any date is on weight, so that a bill must say what it weighs."""
    asks_more: bool
    """Whether a bill must say more than bills of `us-321`: a date of purchase, a seller or a weight."""
    fingerprint: str
    """Hash of its structure: of everything but its words and sources, and the dates and amounts of its limits."""

    @property
    def kept_days(self) -> int:
        """Days from the first day of a period to its closing, at most."""
        return LONGEST_PERIOD[self.window] + self.open_days
