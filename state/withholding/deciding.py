"""What decides on a bill apart from the walk of its day: the dated rules, and the advice for a misfit."""

from collections.abc import Callable
from datetime import date
from typing import Final

from state.rules.answers import DayRules
from state.rules.rulebook import Rulebook
from state.withholding.bill import Bill
from state.withholding.days import Days
from state.withholding.statuses import (
    FILING_ERROR,
    GOODS_EXCLUDED,
    MAIL_CLEAR,
    MAIL_RELEASED,
    ORIGIN_EXCLUDED,
    SINGLE_OVER,
    STATUSES,
    SUSPENDED,
    WARNED,
    WITHHELD,
)
from state.withholding.wording import Wording
from stream.days import day_of_micros
from stream.decisions import Advice, Cause, Policy
from stream.money import whole_dollars
from stream.postings import Posting

IsSplit = Callable[[Bill, int], bool]
"""Whether the bills of a bill's order are together over these cents; asked once all days of the record are judged."""

LAST_ORDINAL: Final = date.max.toordinal()
_DAYS_KEPT: Final = 4096


class Deciding:
    """The rules, policy and texts that all decisions of one Tallygate share."""

    def __init__(self, rulebook: Rulebook, policy: Policy, epoch: int, shipments_topic: str) -> None:
        self.rulebook = rulebook
        self.policy = policy
        self.epoch = epoch
        self.open_days = rulebook.open_days
        self.near_limit_percent = rulebook.near_limit_percent
        self._shipments_topic = shipments_topic
        self.exact = policy.rounding == "cents"
        """Whether values count exactly, to the cent."""
        self._wording = Wording(rulebook, policy, epoch)
        self.tally = self._wording.tally
        self._rules: dict[int, DayRules] = {}

    def cause(self, posting: Posting) -> Cause:
        """Return topic, partition and offset of a posting's shipment event."""
        return Cause(self._shipments_topic, posting.partition, posting.offset)

    def cause_text(self, posting: Posting) -> str:
        """Return the cause as JSON, as decisions carry it."""
        return f'{{"topic":"{self._shipments_topic}","partition":{posting.partition},"offset":{posting.offset}}}'

    def rules(self, ordinal: int) -> DayRules:
        """Return the rules of the day with this ordinal."""
        rules = self._rules.get(ordinal)
        if rules is None:
            if len(self._rules) >= _DAYS_KEPT:
                self._rules.clear()
            rules = self._rules[ordinal] = self.rulebook.on(date.fromordinal(ordinal))
        return rules

    def counted(self, bill: Bill) -> int | None:
        """Return the bill's value as the total counts it; None where it has none."""
        value = bill.value
        return value if self.exact or value is None else whole_dollars(value)

    def settled(self, bill: Bill, counted: int | None, rules: DayRules) -> int | None:
        """Return the status of rows 2 and 5 to 9 that settles a bill without the total, or None (DESIGN section 3)."""
        if bill.filing_errors or counted is None:
            return FILING_ERROR
        if rules.suspended_rule is not None:
            return SUSPENDED
        excluded = rules.excluded_origins
        if excluded and any(origin in excluded for origin in bill.origins):
            return ORIGIN_EXCLUDED
        if bill.flags and rules.goods_rule(bill.flags, bill.filing) is not None:
            return GOODS_EXCLUDED
        if rules.single_cents is not None and counted > rules.single_cents:
            return SINGLE_OVER
        if bill.mode == "mail":
            return MAIL_RELEASED if bill.arrived else MAIL_CLEAR
        return None

    def decide(
        self, bill: Bill, day: date | None, time: str, consignee: str, cause: str, days: Days, is_split: IsSplit
    ) -> bytes:
        """Return the decision on a bill as it is now; `day` is the day it states, for a closed bill its last day."""
        counted = self.counted(bill)
        status = bill.status
        total = 0
        if day is not None and STATUSES[status].with_total:
            released, projected = days.totals(bill.day)
            total = released if bill.arrived else projected
        rule = self._rule(bill) if status in _RULE_OF_BILL else None
        advised = status in _ADVISED and counted is not None
        advice = self._advice(bill, counted or 0, days, is_split) if advised else None
        return self._wording.decision(bill, day, time, consignee, counted, total, rule, advice, cause)

    def decide_fast(self, bill: Bill, total: int, posting: Posting, time: str) -> bytes:
        """Return the decision on the one bill of a record of the fast path, released or clear with this total."""
        counted, cause = self.counted(bill), self.cause_text(posting)
        day = posting.bills[0].day
        return self._wording.decision(bill, day, time, posting.consignee, counted, total, None, None, cause)

    def _rule(self, bill: Bill) -> str | None:
        """Return the id of the dated rule that decided, where it depends on the bill."""
        if bill.status == FILING_ERROR:
            return self.rulebook.filing_rule(bill.filing_errors[0], day_of_micros(bill.manifested))
        if bill.status == GOODS_EXCLUDED:
            return self.rules(bill.day).goods_rule(bill.flags, bill.filing)
        excluded = self.rules(bill.day).excluded_origins
        return next(excluded[origin] for origin in bill.origins if origin in excluded)

    def _advice(self, bill: Bill, counted: int, days: Days, is_split: IsSplit) -> Advice:
        """Return what to do with a bill that does not fit; for a split order never another day (19 CFR 10.151)."""
        entry_type = None if bill.mode == "mail" else self.rulebook.entry_type(bill.value or 0)
        if bill.order is not None and is_split(bill, self.rules(bill.day).limit_cents):
            return Advice(entry_type, None, None, "one-order")
        return Advice(entry_type, None if bill.status == SINGLE_OVER else self._next_day(bill, counted, days))

    def _next_day(self, bill: Bill, counted: int, days: Days) -> date | None:
        last = min(bill.day + self.rulebook.advice_days, LAST_ORDINAL)
        for ordinal in range(bill.day + 1, last + 1):
            rules = self.rules(ordinal)
            if self.settled(bill, counted, rules) is None and days.would_release(
                ordinal, bill, counted, rules.limit_cents
            ):
                return date.fromordinal(ordinal)
        return None


_RULE_OF_BILL: Final = frozenset((FILING_ERROR, GOODS_EXCLUDED, ORIGIN_EXCLUDED))
_ADVISED: Final = frozenset((SINGLE_OVER, WITHHELD, WARNED))
