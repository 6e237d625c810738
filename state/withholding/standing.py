"""Where a posting puts a bill, and whether its release stands (DESIGN section 3, "How a day is judged", step 1)."""

from state.withholding.bill import Bill
from state.withholding.clock import Clock
from state.withholding.deciding import Deciding
from state.withholding.ledger_ids import NO_LEDGER, LedgerId
from state.withholding.ledgers import Ledgers
from stream.postings import US_321


def open_ledger(deciding: Deciding, clock: Clock, bill: Bill, ordinal: int) -> LedgerId:
    """Return the ledger of a bill on a day; NO_LEDGER if it is closed."""
    if bill.programme == US_321:
        return ordinal if ordinal >= clock.first_open else NO_LEDGER
    terms = deciding.terms[bill.programme]
    if not clock.is_open(terms, ordinal):
        return NO_LEDGER
    return terms.ledger(ordinal, bill.conveyance, bill.seller)


def release_stands(deciding: Deciding, ledgers: Ledgers, bill: Bill, before: Bill) -> bool:
    """Whether nothing that counts rose, and no row up to 9 settles the bill now; it is in the ledger it was in."""
    counted, held = deciding.counted(bill), deciding.counted(before)
    if counted is None or held is None or counted > held:
        return False
    if (bill.weight or 0) > (before.weight or 0) and ledgers.limits(bill.ledger).weight is not None:
        return False
    return deciding.settled(bill, counted, deciding.own_day(bill)) is None
