"""What a value would have to fit into: the ledgers of a person under one programme, day by day."""

from datetime import date, timedelta
from typing import Final, Literal, NamedTuple

from agents.gateway.http.problems import Problem
from agents.readmodel.keys import ledger_name
from agents.readmodel.queries import DayReading
from state.rules import Limits, Programme, Rulebook
from stream.decisions import Overflow
from stream.periods import CONVEYANCE, Period, period_of

Misfit = Literal["suspended", "single-value-over-limit", "single-weight-over-limit", "daily-limit", "period-limit"]

ACTUAL: Final = "actual"
_OVER: Final = ("daily-limit", "period-limit")


def enabled_programme(rulebook: Rulebook, name: str | None) -> Programme:
    """Return a programme by its id, the default if none is named. Raise Problem 400."""
    found = rulebook.programmes.get(rulebook.default_programme if name is None else name)
    if found is None:
        enabled = ", ".join(rulebook.programmes)
        raise Problem(400, "Not an enabled programme", f"programme: expected one of {enabled}")
    return found


class AskedBill(NamedTuple):
    """A bill that is asked about, and the rules for it."""

    rulebook: Rulebook
    overflow: Overflow
    """That of the policy; the programme may fix another."""
    programme: Programme
    seller: str | None
    conveyance: str | None
    counted_cents: int
    grams: int

    @property
    def applied(self) -> str:
        """The overflow that is applied."""
        return self.overflow if self.programme.overflow == "setting" else self.programme.overflow

    @property
    def reads_bills(self) -> bool:
        """Whether the bills are needed: for a policy that stops at one, or for limits that are not on value."""
        return self.applied in {"latch", "all_or_none"} or self.programme.limits_count or self.programme.limits_weight

    def _days_of(self, day: date) -> Period:
        """Return the period of a day; where the programme sums per conveyance, the day itself."""
        window = self.programme.window
        return period_of("day" if window == CONVEYANCE else window, day.toordinal())

    def period(self, day: date) -> str:
        """Return the period of a day, as decisions state it."""
        return CONVEYANCE if self.programme.window == CONVEYANCE else self._days_of(day).text

    def ledger(self, day: date) -> str:
        """Return the name of the ledger that the bill would be in."""
        return ledger_name(self.programme.id, self.period(day), day.isoformat(), self.seller, self.conveyance)

    def limits(self, day: date) -> Limits | None:
        """Return the limits of that ledger."""
        return self.rulebook.limits(date.fromordinal(self._days_of(day).first), self.programme.id)

    def days(self, first: date) -> list[date]:
        """Return the day, and where the bill may fit instead: the next 14, and the first day of the next period."""
        if self.programme.date == "purchase" or self.programme.window == CONVEYANCE:
            return [first]
        days = [first + timedelta(days=ahead) for ahead in range(self.rulebook.advice_days + 1)]
        after = date.fromordinal(min(self._days_of(first).last + 1, date.max.toordinal()))
        return [day for day in [*days, *([after] if after > days[-1] else [])] if day.year < date.max.year]

    def misfit(self, day: date, reading: DayReading) -> Misfit | None:
        """Return why the bill would not be released on a day, by the rules and what is in its ledger."""
        rules, limits = self.rulebook.on(day, self.programme.id), self.limits(day)
        if rules.suspended_rule is not None or not rules.within_limits or limits is None:
            return "suspended"
        if rules.single_value is not None and self.counted_cents > rules.single_value.amount:
            return "single-value-over-limit"
        if rules.single_weight is not None and self.grams > rules.single_weight.amount:
            return "single-weight-over-limit"
        return self._over() if self._is_over(limits, reading) else None

    def _over(self) -> Misfit:
        return "daily-limit" if self.programme.window == "day" else "period-limit"

    def _is_over(self, limits: Limits, reading: DayReading) -> bool:
        stops = self.applied in {"latch", "all_or_none"}
        if stops and any(bill.data.basis == ACTUAL and bill.data.reason in _OVER for bill in reading.bills):
            return True
        stated = {str(each.measure): each.total for each in reading.measures}
        wanted = (
            (limits.value, reading.total_cents + self.counted_cents),
            (limits.count, stated.get("count", 0) + 1),
            (limits.weight, stated.get("weight", 0) + self.grams),
        )
        return any(limit is not None and total > limit.amount for limit, total in wanted)
