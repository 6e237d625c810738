"""Rules as plain data of the tests: programmes with all that is dated in them, and exchange rates.

Random worlds are drawn as such data (`drawn`) and written as a rule file for the real rulebook (`rule_file`).
"""

from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Literal, NamedTuple

Window = Literal["day", "calendar-month", "half-year", "calendar-year", "conveyance"]
Measure = Literal["value", "count", "weight"]
MEASURES: tuple[Measure, ...] = ("value", "count", "weight")


@dataclass(frozen=True)
class Dated:
    """An entry that holds from its first to its last day, both included; None: open."""

    id: str
    first: date | None = None
    last: date | None = None

    def holds(self, day: date) -> bool:
        """Tell whether it holds on a day."""
        return (self.first is None or self.first <= day) and (self.last is None or day <= self.last)


@dataclass(frozen=True)
class Amount(Dated):
    """A limit, or the cap of a single bill: hundredths of the currency, bills or grams."""

    measure: Measure = "value"
    amount: int = 0


@dataclass(frozen=True)
class Exclusion(Dated):
    """Origins that are not exempt."""

    origins: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Goods(Dated):
    """A flag that is not exempt under these filings."""

    flag: str = ""
    filings: frozenset[str] = frozenset({"manifest", "type86"})


@dataclass(frozen=True)
class Enforcement(Dated):
    """What becomes of an arrived misfit."""

    enforced: Literal["warn", "withhold"] = "withhold"


@dataclass(frozen=True)
class Programme:
    """An exemption with limits per person and period, and every dated rule that names it."""

    id: str
    zone: str
    currency: str
    limits: tuple[Amount, ...]
    singles: tuple[Amount, ...] = ()
    date: Literal["arrival", "purchase"] = "arrival"
    window: Window = "day"
    per_seller: bool = False
    overflow: str = "setting"
    unaggregated: frozenset[str] = frozenset()
    open_days: int = 15
    certainty: str = "A"
    suspensions: tuple[Dated, ...] = ()
    exclusions: tuple[Exclusion, ...] = ()
    goods: tuple[Goods, ...] = ()
    enforcement: tuple[Enforcement, ...] = ()

    @property
    def asks_weight(self) -> bool:
        """Whether an entry of any date is on weight."""
        return any(entry.measure == "weight" for entry in (*self.limits, *self.singles))


@dataclass(frozen=True)
class Rate:
    """What a unit of a currency is worth in another, for a calendar quarter; decimal text."""

    currency: str
    to: str
    year: int
    quarter: int
    rate: str


@dataclass(frozen=True)
class World:
    """The enabled programmes, the one that is claimed where a bill names none, and rates."""

    programmes: dict[str, Programme]
    default: str = "us-321"
    rates: tuple[Rate, ...] = field(default=())

    def enabled(self, *ids: str, default: str = "us-321") -> "World":
        """Return the same world with these programmes alone."""
        return World({name: self.programmes[name] for name in ids}, default, self.rates)


class Period(NamedTuple):
    """First and last day of a period; a conveyance has neither."""

    first: date | None
    last: date | None

    @property
    def text(self) -> str:
        """Return the period as decisions have it."""
        if self.first is None or self.last is None:
            return "conveyance"
        return str(self.first) if self.first == self.last else f"{self.first}/{self.last}"


LONGEST = {"day": 1, "calendar-month": 31, "half-year": 184, "calendar-year": 366, "conveyance": 1}
"""Days of a period, at most."""


def period_of(window: Window, day: date) -> Period:
    """Return the period of a window that a day falls into."""
    if window == "conveyance":
        return Period(None, None)
    if window == "day":
        return Period(day, day)
    months = {"calendar-month": 1, "half-year": 6, "calendar-year": 12}[window]
    month = (day.month - 1) // months * months + 1
    first = date(day.year, month, 1)
    following = date(day.year + (month + months > 12), (month + months - 1) % 12 + 1, 1)
    return Period(first, following - timedelta(days=1))
