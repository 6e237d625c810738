"""The four alerts, over all that is known of a person: DESIGN section 3, "Alerts"."""

from collections.abc import Iterable, Iterator
from datetime import date, datetime
from typing import Any

from stream.alerts import AlertKind
from tests.reference.people import Held, Ledger, Person
from tests.reference.plain import Programme
from tests.reference.rules import NEAR_PERCENT, ORDER_DAYS, STRUCTURING_DAYS, Rules

Facts = dict[str, Any]


def raised(
    rules: Rules, person: Person, now: datetime, ledgers: Iterable[Ledger], released: set[tuple[Any, Any]]
) -> Iterator[Facts]:
    """Name the facts of each alert that a record raises: of the ledgers that it touched, and of orders."""
    for ledger in ledgers:
        yield from _of_ledger(rules, person, ledger, released)
    for programme in rules.world.programmes.values():
        yield from _structuring(rules, person, programme, rules.day_of(programme.id, now))


def _of_ledger(rules: Rules, person: Person, ledger: Ledger, released: set[tuple[Any, Any]]) -> Iterator[Facts]:
    totals = person.ledgers[ledger]
    limit, total = totals.limits.get("value"), totals.released["value"]
    if limit and total * 100 > limit.amount * NEAR_PERCENT and _is_first(person, "near-limit", ledger):
        yield _facts(rules, "near-limit", ledger, total=total, limit=limit.amount)
    bills = person.within(ledger)
    for held in bills:
        if held.reason == "superseded" and _is_first(person, "duplicate-bill", ledger, held.bill.bill):
            copies = [one for one in bills if one.live and one.bill.bill == held.bill.bill]
            [counted] = [one for one in copies if one.reason != "superseded"]
            yield _facts(rules, "duplicate-bill", ledger, held=counted)
        if held.outcome == "withhold" and ((held.bill.bill, held.conveyance), ledger) in released:
            yield _facts(rules, "release-superseded", ledger, held=held)


def _structuring(rules: Rules, person: Person, programme: Programme, today: date) -> Iterator[Facts]:
    def day(held: Held) -> date:
        return rules.day_of(programme.id, held.bill.manifested_at)

    live = [
        held
        for held in person.bills.values()
        if held.bill.order
        and held.bill.programme == programme.id
        and held.outcome != "closed"
        and (today - day(held)).days <= ORDER_DAYS
    ]
    for order in sorted({held.bill.order or "" for held in live}):
        lots = [held for held in live if held.bill.order == order]
        for last in sorted({day(held) for held in lots}):
            within = [held for held in lots if 0 <= (last - day(held)).days <= STRUCTURING_DAYS]
            total = sum(held.bill.value_cents or 0 for held in within)
            limit = rules.limits(programme, last).get("value")
            over = limit is not None and len(within) >= 2 and total > limit.amount
            if limit and over and _is_first(person, "structuring", programme.id, order):
                yield _facts(rules, "structuring", programme.id, order=order, total=total, limit=limit.amount)


def _is_first(person: Person, *what: object) -> bool:
    if what in person.alerted:
        return False
    person.alerted.add(what)
    return True


def _facts(
    rules: Rules,
    kind: AlertKind,
    of: Ledger | str,
    *,
    held: Held | None = None,
    order: str | None = None,
    total: int | None = None,
    limit: int | None = None,
) -> Facts:
    """Return all fields. The day is that of the bill; of a ledger without a bill its own, where it is one day."""
    ledger = of if isinstance(of, Ledger) else None
    programme = rules.world.programmes[ledger.programme if ledger else str(of)]
    day = held.bill.day if held else ledger.first if ledger and programme.window == "day" else None
    return {
        "alert": kind,
        "programme": programme.id,
        "period": ledger.text if ledger else None,
        "currency": programme.currency,
        "seller": ledger.seller if ledger else None,
        "day": day,
        "bill": held.bill.bill if held else None,
        "conveyance": held.conveyance if held else None,
        "order": order,
        "total_cents": total,
        "limit_cents": limit,
    }
