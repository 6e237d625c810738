"""The terms of a programme, made ready for the judging: plain numbers, and each look-up once."""

from collections.abc import Callable, Collection, Iterable
from datetime import date
from typing import Final

from msgspec import Struct

from state.rules.day_rules import DayRules
from state.rules.programmes import MEASURES, Limits, MeasureName, Programme
from state.rules.rulebook import Rulebook
from state.withholding.ledger_ids import LedgerId, PeriodId
from state.withholding.statuses import PERIOD_WARNED, PERIOD_WITHHELD, SINGLE_OVER, SUSPENDED, WARNED, WITHHELD
from stream.decisions import AppliedOverflow, Policy
from stream.periods import CONVEYANCE, CalendarWindow, Period, period_of
from stream.postings import US_321

NO_LIMIT: Final = 1 << 62
"""Stands for the limit of a ledger of which no bill is on a day with limits: nothing in it is walked."""

_DAYS_KEPT: Final = 4096


class Sums(Struct, frozen=True):
    """What bills come to together, measure by measure; a measure that nothing is held against may be 0."""

    value: int = 0
    count: int = 0
    weight: int = 0


class LedgerLimits(Struct, frozen=True):
    """The limits of one ledger; None on a measure that is not limited."""

    value: int | None
    count: int | None
    weight: int | None
    limit: int
    """Amount of the first of them."""
    measure: MeasureName
    """What the first of them is on: what is walked where bills are walked one by one."""
    rules: tuple[tuple[MeasureName, str], ...]
    """Ids of their entries, in the order of the measures."""

    def hold(self, sums: Sums) -> bool:
        """Whether sums are within every limit."""
        return (
            (self.value is None or sums.value <= self.value)
            and (self.count is None or sums.count <= self.count)
            and (self.weight is None or sums.weight <= self.weight)
        )

    def rule(self, sums: Sums | None = None) -> str | None:
        """Return the id of the first limit that sums are over, else of the first there is."""
        for measure, rule in self.rules if sums is not None else ():
            limit = getattr(self, measure)
            if limit is not None and getattr(sums, measure) > limit:
                return rule
        return self.rules[0][1] if self.rules else None


def ledger_limits(limits: Limits | None) -> LedgerLimits:
    """Return limits as the judging compares with them."""
    found = {measure: getattr(limits, measure, None) for measure in MEASURES}
    there = [(measure, amount) for measure, amount in found.items() if amount is not None]
    amounts = {measure: amount and amount.amount for measure, amount in found.items()}
    return LedgerLimits(
        **amounts,
        limit=there[0][1].amount if there else NO_LIMIT,
        measure=there[0][0] if there else "value",
        rules=tuple((measure, amount.rule) for measure, amount in there),
    )


class OwnDay(Struct, frozen=True):
    """What a programme says of a bill by its own day: rows 5 to 9, and what becomes of an arrived misfit."""

    rules: DayRules
    refuses: bool
    """Whether nothing is exempt: suspended, or outside the limits."""
    excluded_origins: frozenset[str]
    caps: bool
    """Whether there is a cap of a single bill."""
    single_value: int | None
    single_weight: int | None
    unaggregated: Collection[str]
    misfit: int
    """Status of an arrived bill that does not fit."""
    limits: LedgerLimits
    """The limits of the ledger that the day begins, if a period begins on it."""

    def rule_of(self, status: int) -> str | None:
        """Return the id of the rule behind a suspension or a cap; None outside the limits."""
        rules = self.rules
        if status == SUSPENDED:
            return rules.suspended_rule if rules.within_limits else None
        single = rules.single_value if status == SINGLE_OVER else rules.single_weight
        return None if single is None else single.rule


class OwnDays(dict[int, OwnDay]):
    """Days by their ordinals, each resolved when it is first asked for: to subscript a dict is the fastest look-up."""

    __slots__ = ("_resolve",)

    def __init__(self, resolve: Callable[[int], OwnDay]) -> None:
        super().__init__()
        self._resolve = resolve

    def __missing__(self, ordinal: int) -> OwnDay:
        """Resolve a day and keep it."""
        if len(self) >= _DAYS_KEPT:
            self.clear()
        found = self[ordinal] = self._resolve(ordinal)
        return found


class Terms:
    """One programme under one policy."""

    __slots__ = (
        "_limits",
        "_rulebook",
        "_unaggregated",
        "by_conveyance",
        "currency",
        "days",
        "has_head",
        "id",
        "is_us",
        "limits_weight",
        "next_days",
        "open_days",
        "overflow",
        "per_seller",
        "sums_all",
        "warned",
        "window",
        "withheld",
        "zone",
    )

    def __init__(self, rulebook: Rulebook, programme: Programme, policy: Policy) -> None:
        self._rulebook = rulebook
        self.id = programme.id
        self.zone = programme.zone
        self.currency = programme.currency
        self.window = programme.window
        self.by_conveyance = programme.window == CONVEYANCE
        self.per_seller = programme.per_seller
        self.open_days = programme.open_days
        self.overflow: AppliedOverflow = policy.overflow if programme.overflow == "setting" else programme.overflow
        self.limits_weight = programme.limits_weight
        by_day = programme.window == "day"
        self.has_head = not by_day
        """Whether each of its ledgers has a row with its figures, so that its bills need not be read."""
        limits_more = self.has_head or programme.limits_count or programme.limits_weight
        self.sums_all = self.overflow == "all_or_none" and limits_more
        """Whether count and weight are summed up beside the value."""
        self.withheld, self.warned = (WITHHELD, WARNED) if by_day else (PERIOD_WITHHELD, PERIOD_WARNED)
        self.next_days = programme.date == "arrival" and not self.by_conveyance
        """Whether a later arrival puts a bill into another ledger, or at another place of time in this one."""
        self.is_us = programme.id.startswith("us-")
        self._unaggregated = programme.unaggregated_modes
        self.days = OwnDays(self._resolve)
        """What holds for a bill, by the ordinal of its own day."""
        self._limits: dict[int, LedgerLimits] = {}
        if programme.id == US_321 and not (by_day and not programme.per_seller):
            msg = "us-321 sums per person and day: give a programme that sums otherwise an id of its own"
            raise ValueError(msg)

    def _resolve(self, ordinal: int) -> OwnDay:
        rules = self._rulebook.on(date.fromordinal(ordinal), self.id)
        return OwnDay(
            rules,
            rules.suspended_rule is not None or not rules.within_limits,
            frozenset(rules.excluded_origins),
            rules.single_value is not None or rules.single_weight is not None,
            None if rules.single_value is None else rules.single_value.amount,
            None if rules.single_weight is None else rules.single_weight.amount,
            self._unaggregated,
            self.withheld if rules.enforcement == "withhold" else self.warned,
            self.limits(ordinal),
        )

    def limits(self, first: int) -> LedgerLimits:
        """Return the limits of a ledger, by the first day of its period."""
        return self._limits.get(first) or self._limits_on(first)

    def _limits_on(self, first: int) -> LedgerLimits:
        if len(self._limits) >= _DAYS_KEPT:
            self._limits.clear()
        found = self._limits[first] = ledger_limits(self._rulebook.limits(date.fromordinal(first), self.id))
        return found

    def limits_by(self, dates: Iterable[int]) -> LedgerLimits:
        """Return the limits of a conveyance, by the dates of all its bills: of the earliest that has limits."""
        inside = [day for day in dates if self.days[day].rules.within_limits]
        return self.limits(min(inside)) if inside else ledger_limits(None)

    def period(self, day: int) -> Period:
        """Return the period that a day lies in; of a conveyance the bill's own day."""
        window: CalendarWindow = "day" if self.window == "conveyance" else self.window
        return period_of(window, day)

    def period_text(self, day: date) -> str:
        """Return the period of a day as decisions state it."""
        return CONVEYANCE if self.by_conveyance else self.period(day.toordinal()).text

    def ledger(self, day: int, conveyance: str, seller: str | None) -> LedgerId:
        """Return the ledger of a bill on a day."""
        if self.id == US_321:
            return day
        period = conveyance if self.by_conveyance else self.period(day).first
        return PeriodId(self.id, period, (seller or "") if self.per_seller else "")
