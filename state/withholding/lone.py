"""The usual case, by the shortest way: a bill that is alone on its day fits, and nothing else changes.

Most consignees get one parcel a day. What `Judging` would find after looking everywhere is known at once: a bill that
rows 2 to 9 do not settle is at most the limit, so alone it fits. Whatever is not that plain is left to `Judging`.
"""

from state.withholding.bill import Bill, posted_bill
from state.withholding.deciding import Deciding
from state.withholding.rows import Row
from state.withholding.statuses import CLEAR, RELEASED, SETTLED_OR_WALKED
from stream.postings import Posting


def lone_bill(deciding: Deciding, posting: Posting, rows: dict[bytes, Row], first_open: int) -> Bill | None:
    """The one bill of the record, released or clear, if it is alone on its day and was so before; else None."""
    posted = posting.bills[0]
    day = posted.day
    if day is None or posted.order is not None or posted.stand not in {"expected", "arrived"}:
        return None
    ordinal = day.toordinal()
    if ordinal < first_open or not _alone(posted.bill.encode(), posting.conveyance, ordinal, rows):
        return None
    bill = posted_bill(posted, posting.conveyance, ordinal)
    counted = deciding.counted(bill)
    rules = deciding.rules(ordinal)
    if deciding.settled(bill, counted, rules) is not None or counted is None:
        return None
    if bill.arrived and counted * 100 > rules.limit_cents * deciding.near_limit_percent:
        return None
    bill.status = RELEASED if bill.arrived else CLEAR
    return bill


def _alone(number: bytes, conveyance: str, ordinal: int, rows: dict[bytes, Row]) -> bool:
    """Whether no other bill is on the day, nor on the day the bill was on, and the bill has no other copy."""
    row = rows.get(number)
    before = NOWHERE
    if row is not None:
        if row.alerted_days or len(row.copies) != 1:
            return False
        copy = row.copies[0]
        if copy.conveyance != conveyance or copy.status not in SETTLED_OR_WALKED or copy.order is not None:
            return False
        before = copy.day
    if len(rows) > (row is not None):
        for other, held in rows.items():
            if other != number:
                for copy in held.copies:
                    if copy.day in (ordinal, before):
                        return False
    return True


NOWHERE = -1
"""No day at all, so that bills on no day are not taken for its neighbours."""
