"""What holds for a bill on a day, by plain loops over the plain data; the rulebook gives only names and codes."""

from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from state.rules.rulebook import Rulebook
from stream.decisions import Code, Policy
from stream.postings import PostedBill
from tests.reference.plain import MEASURES, Amount, Measure, Period, Programme, World, period_of

EASTERN = ZoneInfo("America/New_York")
NEAR_PERCENT = 90
STRUCTURING_DAYS = 30
ADVICE_DAYS = 14
ORDER_DAYS = 75
"""Bills manifested so many days before stream time are still part of their order."""
INFORMAL_CENTS = 250_000

Limits = dict[Measure, Amount]
"""The limits that are in force, in the order value, count, weight; empty outside the programme's limits."""


def eastern(instant: datetime) -> date:
    """Return the date of an instant in New York."""
    return instant.astimezone(EASTERN).date()


@dataclass(frozen=True)
class Rules:
    """What holds on a day, under a policy."""

    book: Rulebook
    policy: Policy
    world: World

    def programme(self, bill: PostedBill) -> Programme | None:
        """Return the programme that a bill claims, None if it is not enabled."""
        return self.world.programmes.get(bill.programme)

    def day_of(self, programme: str, instant: datetime) -> date:
        """Return the date of an instant in the programme's zone; Eastern where the programme is unknown."""
        known = self.world.programmes.get(programme)
        return instant.astimezone(ZoneInfo(known.zone)).date() if known else eastern(instant)

    def _at(self, day: date) -> date:
        return self.policy.as_of or day

    def overflow(self, programme: str) -> str:
        """Return the overflow policy that is applied."""
        known = self.world.programmes.get(programme)
        return self.policy.overflow if known is None or known.overflow == "setting" else known.overflow

    def limits(self, programme: Programme, day: date) -> Limits:
        """Return the limits that are in force on a day."""
        there = [entry for entry in programme.limits if entry.holds(self._at(day))]
        return {entry.measure: entry for measure in MEASURES for entry in there if entry.measure == measure}

    def limit(self, day: date) -> int:
        """Return the limit of `us-321` on a day, in cents."""
        return self.limits(self.world.programmes["us-321"], day)["value"].amount

    def period(self, programme: Programme, day: date) -> Period:
        """Return the period that a day falls into."""
        return period_of(programme.window, day)

    def is_open(self, programme: Programme, day: date, today: date) -> bool:
        """Tell whether the ledger of a day is open; in a conveyance each bill goes by its own date."""
        last = self.period(programme, day).last or day
        return (today - last).days <= programme.open_days

    def warns_only(self, programme: Programme, day: date) -> bool:
        """Tell whether an arrived misfit is let through with a warning."""
        if self.policy.enforcement != "auto":
            return self.policy.enforcement == "warn"
        held = [entry.enforced for entry in programme.enforcement if entry.holds(self._at(day))]
        return held == ["warn"]

    def outside(self, programme: Programme, day: date) -> bool:
        """Tell whether a day is outside the programme's limits."""
        return not self.limits(programme, day)

    def rows_5_to_9(self, programme: Programme, bill: PostedBill, day: date) -> tuple[str, str | None] | None:
        """Return reason and rule of the first of rows 5 to 9 that holds on a day, or None."""
        at = self._at(day)
        if self.outside(programme, day):
            return "suspended", None
        for suspension in programme.suspensions:
            if suspension.holds(at):
                return "suspended", suspension.id
        for origin in bill.origins:
            for exclusion in programme.exclusions:
                if exclusion.holds(at) and origin in exclusion.origins:
                    return "origin-excluded", exclusion.id
        for goods in programme.goods:
            if goods.holds(at) and goods.flag in bill.flags and bill.filing in goods.filings:
                return "goods-excluded", goods.id
        for measure in MEASURES:
            for cap in programme.singles:
                if cap.measure == measure and cap.holds(at) and self.amount(bill, measure) > cap.amount:
                    return f"single-{measure}-over-limit", cap.id
        if bill.mode in programme.unaggregated:
            return "not-aggregated", None
        return None

    def filing_rule(self, bill: PostedBill) -> str | None:
        """Name the rule behind the first filing error."""
        manifested = self._at(self.day_of(bill.programme, bill.manifested_at))
        return self.book.filing_rule(bill.filing_errors[0], manifested, bill.programme)

    def code(self, bill: PostedBill, outcome: str, reason: str, day: date | None) -> Code | None:
        """Return the code ACE sends, which only `us-321` has; a bill without a day is dated by its manifest."""
        if bill.programme != "us-321":
            return None
        at = self._at(day or eastern(bill.manifested_at))
        found = self.book.code(bill.filing, bill.mode, outcome, reason, at)
        return found and Code(found.channel, found.code, found.text)

    def counted(self, value_cents: int | None) -> int | None:
        """Round a value as the policy counts it, in hundredths."""
        if value_cents is None or self.policy.rounding == "cents":
            return value_cents
        units, rest = divmod(value_cents, 100)
        return 100 * (units + 1 if rest >= 50 else units)

    def amount(self, bill: PostedBill, measure: Measure) -> int:
        """Return what a bill adds to a measure."""
        if measure == "count":
            return 1
        return (bill.weight_grams if measure == "weight" else self.counted(bill.value_cents)) or 0
