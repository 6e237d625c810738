"""What is advised for a bill that does not fit: DESIGN section 3, the field `advice`."""

from datetime import date, timedelta
from typing import TYPE_CHECKING, Literal

import msgspec

from stream.decisions import Advice
from tests.reference.people import Held, Person
from tests.reference.rules import ADVICE_DAYS, INFORMAL_CENTS, ORDER_DAYS, STRUCTURING_DAYS
from tests.reference.walking import walk

if TYPE_CHECKING:
    from tests.reference.day import Reference

MISFITS = {"daily-limit", "period-limit"}
CAPPED = {"single-value-over-limit", "single-weight-over-limit"}


class Adviser:
    """Advises on the bills of one person, as they are once all ledgers of a record are judged."""

    def __init__(self, reference: "Reference", person: Person) -> None:
        self._reference = reference
        self._rules = reference.rules
        self._person = person

    def advice(self, held: Held) -> Advice | None:
        """Return the advice of a decision, None where there is none to give."""
        if held.reason not in MISFITS | CAPPED:
            return None
        split = self._is_of_a_split_order(held)
        return Advice(
            entry_type=self._entry_type(held),
            next_day=None if split or held.reason in CAPPED else self._next_day(held),
            dutiable_cents=self._dutiable(held),
            caution="one-order" if split else None,
        )

    @staticmethod
    def _entry_type(held: Held) -> Literal["11", "01"] | None:
        if held.bill.mode == "mail" or not held.bill.programme.startswith("us-"):
            return None
        return "11" if (held.bill.value_cents or 0) <= INFORMAL_CENTS else "01"

    def _dutiable(self, held: Held) -> int | None:
        if held.covered is None:
            return None
        return self._rules.amount(held.bill, "value") - held.covered

    def _is_of_a_split_order(self, held: Held) -> bool:
        assert held.ledger
        limit = self._person.ledgers[held.ledger].limits.get("value")
        programme, today = held.bill.programme, self._reference.today(held.bill.programme)
        mine = self._rules.day_of(programme, held.bill.manifested_at)
        together = []
        for other in self._person.bills.values():
            theirs = self._rules.day_of(programme, other.bill.manifested_at)
            if (
                other.bill.order == held.bill.order is not None
                and other.bill.programme == programme
                and other.outcome != "closed"
                and abs((theirs - mine).days) <= STRUCTURING_DAYS
                and (today - theirs).days <= ORDER_DAYS
            ):
                together.append(other)
        total = sum(other.bill.value_cents or 0 for other in together)
        return limit is not None and held in together and len(together) >= 2 and total > limit.amount

    def _next_day(self, held: Held) -> date | None:
        programme, day = self._rules.programme(held.bill), held.bill.day
        assert programme
        assert day
        last = self._rules.period(programme, day).last
        if programme.date == "purchase" or last is None:
            return None
        days = [day + timedelta(days=ahead) for ahead in range(1, ADVICE_DAYS + 1)]
        days.append(last + timedelta(days=1))
        return next((other for other in days if self._would_be_released(held, other)), None)

    def _would_be_released(self, held: Held, day: date) -> bool:
        rules, programme = self._rules, self._rules.programme(held.bill)
        assert programme
        if not self._reference.is_open(held.bill, day) or rules.rows_5_to_9(programme, held.bill, day):
            return False
        ledger = self._reference.ledger_of(held.bill, held.conveyance, day)
        assert ledger
        bill = msgspec.structs.replace(held.bill, day=day, stand="arrived", arrived=True)
        trial = Held(bill, held.conveyance, ledger)
        there = [other for other in self._person.within(ledger) if other is not held]
        contested = [other for other in there if other.arrived and other.reason in MISFITS | {"within-limit"}]
        used = [other.kept for other in there if not other.live and other.kept]
        bills = sorted([*contested, trial], key=lambda one: one.place)
        limits = rules.limits(programme, ledger.first)
        overflow = rules.overflow(programme.id)
        found = walk(limits, overflow, lambda one, measure: rules.amount(one.bill, measure), used, bills)
        return trial in found.fitting
