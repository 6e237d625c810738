"""DESIGN, "How a day is judged", worked out again after every posting record: all bills in a dict, loops, no shortcut.

A day that the record touches is judged from its first bill to its last; the others stay as they were.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from state.rules.rulebook import Rulebook
from stream.alerts import AlertData, AlertKind
from stream.decisions import Advice, Cause, DecisionData, Policy
from stream.postings import PostedBill, Posting
from tests.reference.people import Held, Person, Totals
from tests.reference.rules import (
    ADVICE_DAYS,
    NEAR_PERCENT,
    ORDER_DAYS,
    STRUCTURING_DAYS,
    Rules,
    eastern,
    is_open,
)

STILL_USED = {"exported", "abandoned", "returned"}
"""Exits after which a released bill keeps counting: the exemption was used."""


@dataclass
class Judged:
    """What one posting record leads to."""

    decisions: list[DecisionData]
    alerts: list[AlertData]


class Reference:
    """Judges posting records in the order of the log, for any number of consignees and partitions."""

    def __init__(self, book: Rulebook, policy: Policy, epoch: int, topic: str) -> None:
        self.rules = Rules(book, policy)
        self.policy = policy
        self.epoch = epoch
        self.topic = topic
        self.people: dict[str, Person] = {}
        self.time: dict[int, datetime] = {}
        self.today = date.min

    def judge(self, posting: Posting, partition: int) -> Judged:
        """Judge one record of a partition of the postings log."""
        time = self.time[partition] = max(posting.time, self.time.get(partition, posting.time))
        self.today = eastern(time)
        person = self.people.setdefault(posting.consignee, Person())
        for held in person.bills.values():
            if held.bill.day and not is_open(held.bill.day, self.today):
                held.counts_cents = None  # its rows are gone: nothing is remembered of the day
        before = {key: (held.outcome, held.reason) for key, held in person.bills.items()}
        released = {(key, held.bill.day) for key, held in person.bills.items() if held.was_released}
        touched: set[date | None] = set()
        put = [self._put(person, posting.conveyance, bill, touched) for bill in posting.bills]
        own = sorted((held for held in put if held), key=lambda held: held.place)
        for held in own:
            self._settle_without_day(held)
        person.days = {day: totals for day, totals in person.days.items() if is_open(day, self.today)}
        days = sorted(day for day in touched if day and is_open(day, self.today))
        for day in days:
            person.days[day] = self._judge_day(person, day)
        others = [
            held
            for day in days
            for held in person.on(day)
            if held not in own and before[_key(held)] != (held.outcome, held.reason)
        ]
        decisions = [self._decide(person, held, posting) for held in [*own, *others]]
        return Judged(decisions, list(self._alerts(person, posting, released)))

    def _open(self, held: Held) -> bool:
        return held.bill.day is not None and is_open(held.bill.day, self.today)

    # 1. Out of the old day, into the new one; a release may stand, an exemption may stay used.

    def _put(self, person: Person, conveyance: str, bill: PostedBill, touched: set[date | None]) -> Held | None:
        was = person.bills.pop((bill.bill, conveyance), None)
        if was and was.on_its_day:
            touched.add(was.bill.day)
        if bill.stand == "moved":
            return None
        held = person.bills[bill.bill, conveyance] = Held(bill, conveyance)
        if held.live:
            touched.add(bill.day)
        if was is None or was.counts_cents is None or was.bill.day != bill.day:
            return held
        if not held.live:
            if bill.exit in STILL_USED:
                held.counts_cents = was.counts_cents
        elif held.arrived and not self._settled(held):
            value = self.rules.counted(bill.value_cents)
            assert value is not None
            if value <= was.counts_cents:
                held.counts_cents = value
        return held

    # 2. Rows 1 to 9.

    def _settled(self, held: Held) -> tuple[str, str, str | None] | None:
        bill, day = held.bill, held.bill.day
        if bill.stand == "closed":
            assert bill.exit
            return "closed", bill.exit, None
        if bill.filing_errors:
            return "reject", "filing-error", self.rules.filing_rule(bill)
        if day is None:
            return "pending", "no-day", None
        if not is_open(day, self.today):
            return "reject", "day-closed", None
        if found := self.rules.row_5_to_7(bill, day):
            return "reject", *found
        if self._value(held) > self.rules.limit(day):
            return "reject", "single-value-over-limit", self.rules.single_rule(day)
        if bill.mode == "mail":
            return ("release" if held.arrived else "clear"), "not-aggregated", None
        return None

    def _settle_without_day(self, held: Held) -> None:
        if found := self._settled(held):
            held.outcome, held.reason, held.rule = found

    def _value(self, held: Held) -> int:
        counted = self.rules.counted(held.bill.value_cents)
        assert counted is not None
        return counted

    # 3 to 5. A day.

    def _judge_day(self, person: Person, day: date) -> Totals:
        bills = person.on(day)
        contested = []
        losers = list(self._superseded([held for held in bills if held.live]))
        for held in bills:
            if held in losers:
                held.outcome, held.reason, held.rule, held.counts_cents = "closed", "superseded", None, None
            elif found := self._settled(held):
                held.outcome, held.reason, held.rule = found
            else:
                contested.append(held)
                held.rule = self.rules.limit_rule(day)
        used = sum(held.counts_cents or 0 for held in bills if not held.live)
        arrived = [held for held in contested if held.arrived]
        expected = [held for held in contested if not held.arrived]
        if self.policy.overflow == "all_or_none":
            return self._all_or_none(day, used, arrived, expected)
        return self._walk(day, used, arrived, expected)

    @staticmethod
    def _superseded(live: list[Held]) -> Iterator[Held]:
        for number in {held.bill.bill for held in live}:
            copies = [held for held in live if held.bill.bill == number]
            copies.sort(
                key=lambda held: (held.counts_cents is None, not held.arrived, -held.bill.version, held.conveyance)
            )
            yield from copies[1:]

    def _walk(self, day: date, used: int, arrived: list[Held], expected: list[Held]) -> Totals:
        limit, latch, latched = self.rules.limit(day), self.policy.overflow == "latch", False
        total = used + sum(held.counts_cents or 0 for held in arrived)
        for held in arrived:
            if held.counts_cents is None and not latched and total + self._value(held) <= limit:
                held.counts_cents = self._value(held)
                total += held.counts_cents
            elif held.counts_cents is None:
                latched = latch
            self._within(held, fits=held.counts_cents is not None)
        totals = Totals(total, total)
        for held in expected:
            fits = not latched and totals.estimated + self._value(held) <= limit
            if fits:
                totals.estimated += self._value(held)
            else:
                latched = latch
            self._within(held, fits=fits)
        return totals

    def _all_or_none(self, day: date, used: int, arrived: list[Held], expected: list[Held]) -> Totals:
        actual = used + sum(self._value(held) for held in arrived)
        totals = Totals(actual, actual + sum(self._value(held) for held in expected))
        for held in arrived:
            fits = totals.actual <= self.rules.limit(day)
            held.counts_cents = self._value(held) if fits else None
            self._within(held, fits=fits)
        for held in expected:
            self._within(held, fits=totals.estimated <= self.rules.limit(day))
        return totals

    def _within(self, held: Held, *, fits: bool) -> None:
        held.reason = "within-limit" if fits else "daily-limit"
        assert held.bill.day
        if fits:
            held.outcome = "release" if held.arrived else "clear"
        else:
            held.outcome = "withhold" if held.arrived and not self.rules.warns_only(held.bill.day) else "warn"

    # 6. Decisions.

    def _decide(self, person: Person, held: Held, posting: Posting) -> DecisionData:
        held.revision += 1
        bill = held.bill
        with_total = held.outcome != "closed" and held.reason not in {"filing-error", "no-day", "day-closed"}
        total = limit = None
        if with_total:
            assert bill.day
            totals = person.days[bill.day]
            total, limit = (totals.actual if held.arrived else totals.estimated), self.rules.limit(bill.day)
        counted = self.rules.counted(bill.value_cents) if held.counts_cents is None else held.counts_cents
        advice = None
        if held.reason in {"daily-limit", "single-value-over-limit"}:
            advice = self._advice(person, held)
        return DecisionData(
            bill=bill.bill,
            conveyance=held.conveyance,
            order=bill.order,
            epoch=self.epoch,
            bill_version=bill.version,
            posting=bill.posting,
            revision=held.revision,
            outcome=held.outcome,  # type: ignore[arg-type]
            reason=held.reason,
            basis=None if bill.day is None else "actual" if bill.arrived else "estimated",
            day=bill.day,
            programme="us-321",
            period=str(bill.day) if bill.day else None,
            currency="USD",
            consignee=posting.consignee,
            seller=None,
            value_cents=bill.value_cents,
            counted_cents=counted,
            counts=held.counts_cents is not None,
            total_cents=total,
            limit_cents=limit,
            headroom_cents=None if total is None or limit is None else limit - total,
            measures=(),
            code=self.rules.code(bill, held.outcome, held.reason, bill.day),
            filing_errors=bill.filing_errors,
            rule=held.rule,
            policy=self.policy,
            advice=advice,
            cause=self._cause(posting),
        )

    def _cause(self, posting: Posting) -> Cause:
        return Cause(self.topic, posting.partition, posting.offset)

    def _advice(self, person: Person, held: Held) -> Advice:
        if self._is_of_a_split_order(person, held):
            return self.rules.advice(held.bill, None, "one-order")
        return self.rules.advice(held.bill, self._next_day(person, held) if held.reason == "daily-limit" else None)

    def _is_of_a_split_order(self, person: Person, held: Held) -> bool:
        mine = eastern(held.bill.manifested_at)
        together = [
            other
            for other in person.bills.values()
            if other.bill.order == held.bill.order is not None
            and other.outcome != "closed"
            and abs((eastern(other.bill.manifested_at) - mine).days) <= STRUCTURING_DAYS
            and (self.today - eastern(other.bill.manifested_at)).days <= ORDER_DAYS
        ]
        assert held.bill.day
        total = sum(other.bill.value_cents or 0 for other in together)
        return held in together and len(together) >= 2 and total > self.rules.limit(held.bill.day)

    def _next_day(self, person: Person, held: Held) -> date | None:
        assert held.bill.day
        days = [held.bill.day + timedelta(days=ahead) for ahead in range(1, ADVICE_DAYS + 1)]
        return next((day for day in days if self._would_be_released(person, held, day)), None)

    def _would_be_released(self, person: Person, held: Held, day: date) -> bool:
        limit, value = self.rules.limit(day), self._value(held)
        if not is_open(day, self.today) or self.rules.row_5_to_7(held.bill, day) or value > limit:
            return False
        before = [
            other
            for other in person.on(day)
            if other.arrived and other.reason == "daily-limit" and other.place < held.place
        ]
        if self.policy.overflow == "latch" and before:
            return False
        return person.days.get(day, Totals()).actual + value <= limit

    # Alerts.

    def _alerts(
        self, person: Person, posting: Posting, released: set[tuple[tuple[str, str], date | None]]
    ) -> Iterator[AlertData]:
        for day, totals in person.days.items():
            limit = self.rules.limit(day)
            if totals.actual * 100 > limit * NEAR_PERCENT and self._first(person, "near-limit", day, None):
                yield self._alert(posting, "near-limit", day=day, total=totals.actual, limit=limit)
            for held in person.on(day):
                if held.reason == "superseded" and self._first(person, "duplicate-bill", day, held.bill.bill):
                    copies = [one for one in person.on(day) if one.live and one.bill.bill == held.bill.bill]
                    [counted] = [one for one in copies if one.reason != "superseded"]
                    yield self._alert(posting, "duplicate-bill", day=day, held=counted)
                if held.outcome == "withhold" and (_key(held), day) in released:
                    yield self._alert(posting, "release-superseded", day=day, held=held)
        yield from self._structuring(person, posting)

    def _structuring(self, person: Person, posting: Posting) -> Iterator[AlertData]:
        live = [
            held
            for held in person.bills.values()
            if held.bill.order
            and held.outcome != "closed"
            and (self.today - eastern(held.bill.manifested_at)).days <= ORDER_DAYS
        ]
        for order in sorted({held.bill.order or "" for held in live}):
            dated = [(eastern(held.bill.manifested_at), held) for held in live if held.bill.order == order]
            for last in sorted({day for day, _ in dated}):
                within = [held for day, held in dated if 0 <= (last - day).days <= STRUCTURING_DAYS]
                total = sum(held.bill.value_cents or 0 for held in within)
                limit = self.rules.limit(last)
                if len(within) >= 2 and total > limit and self._first(person, "structuring", None, order):
                    yield self._alert(posting, "structuring", order=order, total=total, limit=limit)

    @staticmethod
    def _first(person: Person, kind: AlertKind, day: date | None, name: str | None) -> bool:
        if (kind, day, name) in person.alerted:
            return False
        person.alerted.add((kind, day, name))
        return True

    def _alert(
        self,
        posting: Posting,
        kind: AlertKind,
        *,
        day: date | None = None,
        held: Held | None = None,
        order: str | None = None,
        total: int | None = None,
        limit: int | None = None,
    ) -> AlertData:
        return AlertData(
            alert=kind,
            consignee=posting.consignee,
            day=day,
            bill=held.bill.bill if held else None,
            conveyance=held.conveyance if held else None,
            order=order,
            total_cents=total,
            limit_cents=limit,
            epoch=self.epoch,
            cause=self._cause(posting),
        )


def _key(held: Held) -> tuple[str, str]:
    return held.bill.bill, held.conveyance
