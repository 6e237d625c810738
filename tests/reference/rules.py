"""The dated rules that DESIGN names, as plain comparisons; ids, texts and codes are the rulebook's."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal
from zoneinfo import ZoneInfo

from state.rules.rulebook import Rulebook
from stream.decisions import Advice, Code, Policy
from stream.postings import PostedBill

EASTERN = ZoneInfo("America/New_York")
DAYS_OPEN = 15
NEAR_PERCENT = 90
STRUCTURING_DAYS = 30
ADVICE_DAYS = 14
ORDER_DAYS = 75
"""Bills manifested so many days before stream time are still part of their order."""
NO_FILING_RULE = {"no-exchange-rate"}


def eastern(instant: datetime) -> date:
    """Return the date of an instant in New York."""
    return instant.astimezone(EASTERN).date()


def is_open(day: date, today: date) -> bool:
    """Tell whether a day is open, `today` being the date of the stream's time: 15 days after its end."""
    return (today - day).days <= DAYS_OPEN


@dataclass(frozen=True)
class Rules:
    """What holds on a day, under a policy; the values are DESIGN's, only the names are looked up."""

    book: Rulebook
    policy: Policy

    def _at(self, day: date) -> date:
        return self.policy.as_of or day

    def limit(self, day: date) -> int:
        """Return the limit in cents."""
        return 20_000 if self._at(day) <= date(2016, 3, 9) else 80_000

    def limit_rule(self, day: date) -> str:
        """Name the rule behind the limit."""
        return self.book.on(self._at(day)).limit_rule

    def single_rule(self, day: date) -> str | None:
        """Name the rule behind the cap of a single bill, whose amount is that of the limit."""
        return self.book.on(self._at(day)).single_rule

    def warns_only(self, day: date) -> bool:
        """Tell whether an arrived misfit is let through with a warning."""
        if self.policy.enforcement != "auto":
            return self.policy.enforcement == "warn"
        return self._at(day) <= date(2025, 8, 11)

    def suspended(self, day: date) -> bool:
        """Tell whether there is no exemption at all."""
        return self._at(day) >= date(2025, 8, 29)

    def excluded(self, bill: PostedBill, day: date) -> list[str]:
        """List the origins of a bill that are excluded."""
        at = self._at(day)
        excluded = date(2025, 2, 4) <= at <= date(2025, 2, 6) or at >= date(2025, 5, 2)
        return [origin for origin in bill.origins if origin in {"CN", "HK"} and excluded]

    def exempt_goods(self, bill: PostedBill, day: date) -> bool:
        """Tell whether no flag of the bill takes it out of the exemption."""
        never = {"adcvd", "quota", "irc-tax"}
        if bill.filing == "manifest":
            never |= {"pga", "fda"} if self._at(day) >= date(2025, 7, 9) else {"pga"}
        return not never & set(bill.flags)

    def row_5_to_7(self, bill: PostedBill, day: date) -> tuple[str, str | None] | None:
        """Return reason and rule of the first of rows 5 to 7 that holds, or None."""
        named = self.book.on(self._at(day))
        if self.suspended(day):
            return "suspended", named.suspended_rule
        if out := self.excluded(bill, day):
            return "origin-excluded", named.excluded_origins[out[0]]
        if not self.exempt_goods(bill, day):
            return "goods-excluded", named.goods_rule(bill.flags, bill.filing)
        return None

    def filing_rule(self, bill: PostedBill) -> str | None:
        """Name the rule behind the first filing error."""
        first = bill.filing_errors[0]
        try:
            return self.book.filing_rule(first, self._at(eastern(bill.manifested_at)))
        except KeyError:
            if first not in NO_FILING_RULE:
                raise
            return None

    def code(self, bill: PostedBill, outcome: str, reason: str, day: date | None) -> Code | None:
        """Return the code ACE sends; a bill without a day is dated by its manifest."""
        at = self._at(day or eastern(bill.manifested_at))
        found = self.book.code(bill.filing, bill.mode, outcome, reason, at)
        return found and Code(found.channel, found.code, found.text)

    def counted(self, value_cents: int | None) -> int | None:
        """Round a value as the policy counts it, in cents."""
        if value_cents is None or self.policy.rounding == "cents":
            return value_cents
        dollars, cents = divmod(value_cents, 100)
        return 100 * (dollars + 1 if cents >= 50 else dollars)

    def advice(self, bill: PostedBill, next_day: date | None, caution: Literal["one-order"] | None = None) -> Advice:
        """Say which entry a misfit needs, and when it would fit."""
        assert bill.value_cents is not None
        informal = bill.value_cents <= 250_000
        return Advice(None if bill.mode == "mail" else "11" if informal else "01", next_day, None, caution)
