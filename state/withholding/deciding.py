"""Decisions from statuses: the words, rules, codes and advice that go out with a bill's outcome."""

from datetime import date
from typing import Final

import msgspec

from state.rules.answers import DayRules
from state.rules.rulebook import Rulebook
from state.withholding.bill import NO_DAY, Bill
from state.withholding.book import Book
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
from stream.decisions import Advice, Cause, DecisionData, Policy, decision_event
from stream.postings import Posting

LAST_ORDINAL: Final = date.max.toordinal()

_encode = msgspec.json.Encoder().encode


class Deciding:
    """What all decisions of one Tallygate have in common."""

    def __init__(self, rulebook: Rulebook, policy: Policy, epoch: int, shipments_topic: str) -> None:
        self.rulebook = rulebook
        self.policy = policy
        self.epoch = epoch
        self.shipments_topic = shipments_topic

    def cause(self, posting: Posting) -> Cause:
        """Where the shipment event of a posting stands."""
        return Cause(self.shipments_topic, posting.partition, posting.offset)

    def settled(self, bill: Bill, counted: int | None, rules: DayRules) -> int | None:
        """Rows 2 and 5 to 9: the status that settles a bill without the total, or None (DESIGN section 3)."""
        if bill.filing_errors or counted is None:
            return FILING_ERROR
        if rules.suspended_rule is not None:
            return SUSPENDED
        excluded = rules.excluded_origins
        if excluded and any(origin in excluded for origin in bill.origins):
            return ORIGIN_EXCLUDED
        if bill.flags and self.rulebook.goods_rule(frozenset(bill.flags), bill.filing) is not None:
            return GOODS_EXCLUDED
        if bill.mode == "mail":
            return MAIL_RELEASED if bill.arrived else MAIL_CLEAR
        if counted > rules.limit_cents:
            return SINGLE_OVER
        return None

    @staticmethod
    def was_released(bill: Bill) -> bool:
        """Whether a bill was released on arrival, within the limit or outside the total."""
        return STATUSES[bill.status].outcome == "release"

    def rule(self, bill: Bill, day: date | None) -> str | None:
        """Id of the dated rule that decided."""
        status = bill.status
        if status == FILING_ERROR:
            return self.rulebook.filing_rule(bill.filing_errors[0]) if bill.filing_errors else None
        if day is None or not STATUSES[status].with_total:
            return None
        rules = self.rulebook.on(day)
        if status == SUSPENDED:
            return rules.suspended_rule
        if status == ORIGIN_EXCLUDED:
            return next(rules.excluded_origins[origin] for origin in bill.origins if origin in rules.excluded_origins)
        if status == GOODS_EXCLUDED:
            return self.rulebook.goods_rule(frozenset(bill.flags), bill.filing)
        if status in {MAIL_RELEASED, MAIL_CLEAR}:
            return None
        return rules.limit_rule

    def advice(self, bill: Bill, counted: int, book: Book) -> Advice | None:
        """What to do with a bill that does not fit: entry type, and the next day it would be released."""
        status = bill.status
        if status == SINGLE_OVER:
            return Advice(self.rulebook.entry_type(bill.value or 0), None)
        if status in {WITHHELD, WARNED}:
            return Advice(self.rulebook.entry_type(bill.value or 0), self._next_day(bill, counted, book))
        return None

    def _next_day(self, bill: Bill, counted: int, book: Book) -> date | None:
        last = min(bill.day + self.rulebook.advice_days, LAST_ORDINAL)
        for ordinal in range(bill.day + 1, last + 1):
            candidate = date.fromordinal(ordinal)
            rules = self.rulebook.on(candidate)
            if self.settled(bill, counted, rules) is None:
                day = book.days.get(ordinal)
                if day is None or day.would_release(bill.key, counted, rules.limit_cents):
                    return candidate
        return None

    def decide(self, bill: Bill, day: date | None, posting: Posting, cause: Cause, book: Book) -> bytes:
        """The decision on a bill as it stands now; `day` is the one it states, of a closed bill its last."""
        outcome, reason, with_total = STATUSES[bill.status]
        counted = None if bill.value is None else book.counted(bill.value)
        total = limit = headroom = None
        if with_total and day is not None:
            limit = self.rulebook.on(day).limit_cents
            held = book.days.get(day.toordinal())
            total = 0 if held is None else held.total if bill.arrived else held.projected
            headroom = limit - total
        data = DecisionData(
            bill.bill,
            bill.conveyance,
            bill.order,
            self.epoch,
            bill.version,
            bill.posting,
            bill.revision,
            outcome,
            reason,
            None if day is None else "actual" if bill.arrived else "estimated",
            day,
            posting.consignee,
            bill.value,
            counted,
            bill.counts,
            total,
            limit,
            headroom,
            self.rulebook.code(bill.filing, bill.mode, outcome, reason, day),
            bill.filing_errors,
            self.rule(bill, day),
            self.policy,
            None if counted is None or bill.day == NO_DAY else self.advice(bill, counted, book),
            cause,
        )
        return _encode(decision_event(data, posting.time))
