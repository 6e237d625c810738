"""What is advised for a bill that does not fit: the field `advice` of decisions (DESIGN section 3)."""

from collections.abc import Callable
from datetime import date
from typing import TYPE_CHECKING, Final

from state.withholding.bill import Bill
from state.withholding.ledgers import Ledgers
from state.withholding.statuses import MISFITS
from state.withholding.terms import Terms
from stream.decisions import Advice

if TYPE_CHECKING:
    from state.withholding.deciding import Deciding

IsSplit = Callable[[Bill, int], bool]
"""Whether the bills of a bill's order are together over these cents; asked once all ledgers are judged."""

LAST_ORDINAL: Final = date.max.toordinal()


def advice(deciding: "Deciding", bill: Bill, counted: int, ledgers: Ledgers, is_split: IsSplit) -> Advice:
    """Return what to do with a misfit. Never advise bringing in a split order on another day (19 CFR 10.151)."""
    terms = deciding.terms_of(bill.ledger)
    entry_type = None if bill.mode == "mail" or not terms.is_us else deciding.rulebook.entry_type(bill.value or 0)
    misfit, dutiable = bill.status in MISFITS, None
    if misfit and terms.overflow == "excess":
        dutiable = counted - (bill.covered or 0)
    if bill.order is not None:
        limit = ledgers.limits(bill.ledger).value
        if limit is not None and is_split(bill, limit):
            return Advice(entry_type, None, dutiable, "one-order")
    return Advice(entry_type, _next_day(deciding, terms, bill, counted, ledgers) if misfit else None, dutiable)


def _next_day(deciding: "Deciding", terms: Terms, bill: Bill, counted: int, ledgers: Ledgers) -> date | None:
    """Return the first of the next days, else the first day of the next period, on which it would be released."""
    if not terms.next_days:
        return None
    last = min(bill.day + deciding.rulebook.advice_days, LAST_ORDINAL)
    if terms is deciding.us_321:
        settled, would_release = deciding.settled, ledgers.would_release
        for ordinal in range(bill.day + 1, last + 1):
            day = terms.days[ordinal]
            if settled(bill, counted, day) is None and would_release(ordinal, bill, counted, day.limits):
                return date.fromordinal(ordinal)
        return None
    next_period = min(terms.period(bill.day).last + 1, LAST_ORDINAL)
    for ordinal in (*range(bill.day + 1, last + 1), *((next_period,) if next_period > last else ())):
        ledger = terms.ledger(ordinal, bill.conveyance, bill.seller)
        if bill.arrived and ledger == bill.ledger:
            continue
        refused = deciding.settled(bill, counted, terms.days[ordinal]) is not None
        if not refused and ledgers.would_release(ledger, bill, counted, ledgers.limits(ledger)):
            return date.fromordinal(ordinal)
    return None
