"""DESIGN, "How a day is judged", done again in full after every posting record: dicts, loops, no shortcut.

A ledger that the record touches is judged from its first bill to its last; the others stay as they were.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

import msgspec

from state.rules.rulebook import Rulebook
from stream.alerts import AlertData
from stream.decisions import Cause, DecisionData, Measure, Policy
from stream.postings import PostedBill, Posting
from tests.reference.advising import Adviser
from tests.reference.alerting import raised
from tests.reference.people import Amounts, Held, Ledger, Person, Totals
from tests.reference.plain import MEASURES, World
from tests.reference.rules import Limits, Rules
from tests.reference.shipped import SHIPPED
from tests.reference.walking import walk

STILL_USED = {"exported", "abandoned", "returned"}
"""Exits after which a released bill keeps counting: the exemption was used."""
NO_TOTAL = {"filing-error", "no-day", "day-closed"}
WALKED = {"within-limit", "daily-limit", "period-limit"}

Key = tuple[str, str]


@dataclass
class Judged:
    """What one posting record leads to."""

    decisions: list[DecisionData]
    alerts: list[AlertData]


class Reference:
    """Judges posting records in the order of the log, for any number of consignees and partitions."""

    def __init__(self, book: Rulebook, policy: Policy, epoch: int, topic: str, world: World = SHIPPED) -> None:
        self.rules = Rules(book, policy, world)
        self.policy = policy
        self.epoch = epoch
        self.topic = topic
        self.people: dict[str, Person] = {}
        self.time: dict[int, datetime] = {}
        self.now = datetime.min.replace(tzinfo=UTC)

    def judge(self, posting: Posting, partition: int) -> Judged:
        """Judge one record of a partition of the postings log."""
        self.now = self.time[partition] = max(posting.time, self.time.get(partition, posting.time))
        person = self.people.setdefault(posting.consignee, Person())
        for held in person.bills.values():
            if held.ledger and not self.is_open(held.bill, held.bill.day):
                if held.in_ledger:
                    person.left.add(held.ledger)
                held.gone, held.kept, held.covered = True, None, None  # nothing is remembered of the ledger
        for ledger in [ledger for ledger, latest in person.latest.items() if not self._stays(ledger, latest)]:
            person.forget(ledger)
        before = {key: (held.outcome, held.reason, held.covered) for key, held in person.bills.items()}
        released = {(key, held.ledger) for key, held in person.bills.items() if held.was_released}
        own, ledgers = self._put(person, posting)
        for ledger in ledgers:
            self._judge_ledger(person, ledger)
        others = [
            held
            for ledger in ledgers
            for held in person.within(ledger)
            if held not in own and before[key_of(held)] != (held.outcome, held.reason, held.covered)
        ]
        decisions = [self._decide(person, held, posting) for held in [*own, *others]]
        alerts = raised(self.rules, person, self.now, ledgers, released)
        return Judged(decisions, [self._alert(posting, **facts) for facts in alerts])

    def today(self, programme: str) -> date:
        """Return the date of stream time in the programme's zone."""
        return self.rules.day_of(programme, self.now)

    def is_open(self, bill: PostedBill, day: date | None) -> bool:
        """Tell whether the ledger of a bill on a day is open."""
        programme = self.rules.programme(bill)
        if day is None or programme is None:
            return False
        return self.rules.is_open(programme, day, self.today(bill.programme))

    def _stays(self, ledger: Ledger, latest: date) -> bool:
        programme = self.rules.world.programmes[ledger.programme]
        return self.rules.is_open(programme, latest, self.today(ledger.programme))

    def ledger_of(self, bill: PostedBill, conveyance: str, day: date | None) -> Ledger | None:
        """Return the ledger that a bill on a day falls into."""
        programme = self.rules.programme(bill)
        if programme is None or day is None:
            return None
        period = self.rules.period(programme, day)
        place = "" if period.first else conveyance
        return Ledger(bill.programme, period.first or date.min, place, bill.seller, period.text)

    # 1. Out of the old ledger, into the new one; a release may stand, an exemption may stay used.

    def _put(self, person: Person, posting: Posting) -> tuple[list[Held], list[Ledger]]:
        """Return the record's own bills, and the ledgers to judge, both in order."""
        conveyance = posting.conveyance
        touched: dict[Ledger, list[tuple[Any, int]]] = {}
        put: list[tuple[Held, Held | None]] = []
        for bill in posting.bills:
            was = person.bills.pop((bill.bill, conveyance), None)
            place = (bill.manifested_at, conveyance, bill.sequence, bill.bill)
            if was and was.in_ledger and was.ledger:
                touched.setdefault(was.ledger, []).append((place, 0))
            if bill.stand == "moved":
                continue
            held = Held(bill, conveyance, self.ledger_of(bill, conveyance, bill.day))
            held.gone = held.ledger is not None and not self.is_open(bill, bill.day)
            person.bills[bill.bill, conveyance] = held
            put.append((held, was))
            if held.in_ledger and held.ledger and bill.day:
                touched.setdefault(held.ledger, []).append((place, 1))
                person.latest[held.ledger] = max(bill.day, person.latest.get(held.ledger, bill.day))
        for held, was in put:
            if was and was.kept is not None and was.ledger == held.ledger:
                held.kept = self._stands(person, held, was.kept)
            if found := self._settled(held):
                held.outcome, held.reason, held.rule = found
        own = sorted((held for held, _ in put), key=lambda held: held.place)
        ordered = sorted(touched, key=lambda ledger: (ledger[:3], min(touched[ledger])))
        return own, ordered

    def _stands(self, person: Person, held: Held, kept: Amounts) -> Amounts | None:
        """Return what a bill that was released counts with now, None if its release does not stand."""
        if held.gone or held.ledger is None:
            return None
        if not held.live:
            return kept if held.bill.exit in STILL_USED else None
        if not held.arrived or self._settled(held):
            return None
        own = self._amounts(held)
        limits = self._limits(person, held.ledger)
        if own["value"] > kept["value"] or ("weight" in limits and own["weight"] > kept["weight"]):
            return None
        return own

    def _amounts(self, held: Held) -> Amounts:
        return {measure: self.rules.amount(held.bill, measure) for measure in MEASURES}

    # 2. Rows 1 to 9.

    def _settled(self, held: Held) -> tuple[str, str, str | None] | None:
        bill, day = held.bill, held.bill.day
        programme = self.rules.programme(bill)
        if bill.stand == "closed":
            assert bill.exit
            return "closed", bill.exit, None
        if bill.filing_errors:
            return "reject", "filing-error", self.rules.filing_rule(bill)
        if day is None or programme is None:
            return "pending", "no-day", None
        if not self.is_open(bill, day):
            return "reject", "day-closed", None
        if found := self.rules.rows_5_to_9(programme, bill, day):
            reason, rule = found
            mail = "release" if held.arrived else "clear"
            return (mail if reason == "not-aggregated" else "reject"), reason, rule
        return None

    # 3 to 5. A ledger.

    def _limits(self, person: Person, ledger: Ledger) -> Limits:
        """Return the limits of a ledger: of its period's first day, or of the earliest date in a conveyance."""
        programme = self.rules.world.programmes[ledger.programme]
        if programme.window != "conveyance":
            return self.rules.limits(programme, ledger.first)
        days = sorted(held.bill.day for held in person.within(ledger) if held.bill.day)
        inside = [day for day in days if not self.rules.outside(programme, day)]
        return self.rules.limits(programme, inside[0]) if inside else {}

    def _judge_ledger(self, person: Person, ledger: Ledger) -> None:
        bills = person.within(ledger)
        person.left.discard(ledger)
        contested = []
        losers = list(self._superseded([held for held in bills if held.live]))
        for held in bills:
            held.covered = None
            if held in losers:
                held.outcome, held.reason, held.rule, held.kept = "closed", "superseded", None, None
            elif found := self._settled(held):
                held.outcome, held.reason, held.rule = found
            else:
                contested.append(held)
        used = [held.kept for held in bills if not held.live and held.kept]
        limits, overflow = self._limits(person, ledger), self.rules.overflow(ledger.programme)
        found_all = walk(limits, overflow, lambda held, measure: self._amounts(held)[measure], used, contested)
        for held in contested:
            fits = held in found_all.fitting
            held.rule = found_all.rules[held]
            held.covered = found_all.covered.get(held)
            held.kept = self._amounts(held) if fits and held.arrived else None
            self._within(held, fits=fits)
        person.ledgers[ledger] = Totals(limits, found_all.released, found_all.projected)

    @staticmethod
    def _superseded(live: list[Held]) -> Iterator[Held]:
        for number in {held.bill.bill for held in live}:
            copies = [held for held in live if held.bill.bill == number]
            copies.sort(key=lambda held: (held.kept is None, not held.arrived, -held.bill.version, held.conveyance))
            yield from copies[1:]

    def _within(self, held: Held, *, fits: bool) -> None:
        programme, day = self.rules.programme(held.bill), held.bill.day
        assert programme
        assert day
        misfit = "daily-limit" if programme.window == "day" else "period-limit"
        held.reason = "within-limit" if fits else misfit
        if fits:
            held.outcome = "release" if held.arrived else "clear"
        else:
            held.outcome = "withhold" if held.arrived and not self.rules.warns_only(programme, day) else "warn"

    # 6. Decisions.

    def _decide(self, person: Person, held: Held, posting: Posting) -> DecisionData:
        held.revision += 1
        bill = held.bill
        programme = self.rules.programme(bill)
        totals, amounts = self._totals(person, held)
        limit = totals.limits.get("value") if totals else None
        total = amounts["value"] if limit else None
        policy = msgspec.structs.replace(self.policy, overflow=self.rules.overflow(bill.programme))
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
            programme=bill.programme,
            period=held.ledger.text if held.ledger else None,
            currency=programme.currency if programme else None,
            consignee=posting.consignee,
            seller=bill.seller,
            value_cents=bill.value_cents,
            counted_cents=self._counted(held),
            counts=held.counts,
            total_cents=total,
            limit_cents=limit.amount if limit else None,
            headroom_cents=limit.amount - total if limit and total is not None else None,
            measures=tuple(
                Measure(measure, amounts[measure], totals.limits[measure].amount)
                for measure in ("count", "weight")
                if totals and measure in totals.limits
            ),
            code=self.rules.code(bill, held.outcome, held.reason, bill.day),
            filing_errors=bill.filing_errors,
            rule=held.rule,
            policy=policy,
            advice=Adviser(self, person).advice(held),
            cause=self._cause(posting),
        )

    def _totals(self, person: Person, held: Held) -> tuple[Totals | None, Amounts]:
        """Return the figures that a decision shows, None for rows 1 to 4 and outside the programme's limits."""
        programme, day = self.rules.programme(held.bill), held.bill.day
        if held.outcome == "closed" or held.reason in NO_TOTAL or programme is None or day is None:
            return None, {}
        if self.rules.outside(programme, day) or held.ledger is None:
            return None, {}
        totals = person.ledgers[held.ledger]
        return totals, totals.released if held.arrived else totals.projected

    def _counted(self, held: Held) -> int | None:
        if held.covered is not None:
            return held.covered
        return held.kept["value"] if held.kept is not None else self.rules.counted(held.bill.value_cents)

    def _cause(self, posting: Posting) -> Cause:
        return Cause(self.topic, posting.partition, posting.offset)

    def _alert(self, posting: Posting, **facts: Any) -> AlertData:
        """Make an alert of the facts that its type has fields for."""
        known = {"consignee": posting.consignee, "epoch": self.epoch, "cause": self._cause(posting), **facts}
        return AlertData(**{name: known[name] for name in AlertData.__struct_fields__})


def key_of(held: Held) -> Key:
    """Return what a bill on a conveyance is known by."""
    return held.bill.bill, held.conveyance
