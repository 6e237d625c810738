"""The usual case, by the shortest way: a bill that is alone on its day fits, and nothing else changes.

Most consignees get one parcel a day. What `Judging` would find after looking everywhere is known at once: a bill that
rows 2 to 9 do not settle is at most the limit, so alone it fits. Whatever is not that plain is left to `Judging`.
"""

from typing import Final

from state.table import Group
from state.withholding.bill import Bill, posted_bill
from state.withholding.deciding import Deciding
from state.withholding.orders import Part, order_part, row_of_part
from state.withholding.rows import BILL_KIND, ORDER_DAYS_KEPT, ORDER_KIND, Row, pack_row
from state.withholding.statuses import CLEAR, LIVE, RELEASED
from stream.postings import Posting

NOWHERE: Final = -1
"""No day at all, so that bills on no day are not taken for its neighbours."""


def lone_bill(deciding: Deciding, posting: Posting, group: Group, rows: dict[bytes, Row], today: int) -> Bill | None:
    """The one bill of the record, released or clear and written, if it is alone on its day and was so before."""
    posted = posting.bills[0]
    day = posted.day
    if day is None or posted.stand not in {"expected", "arrived"}:
        return None
    ordinal = day.toordinal()
    number = posted.bill.encode()
    row = rows.get(number)
    before = None
    if row is not None:
        if row.alerted_days or len(row.copies) != 1:
            return None
        before = row.copies[0]
        if before.conveyance != posting.conveyance or before.status not in LIVE:
            return None
    if ordinal < today - deciding.open_days or _neighbours(number, ordinal, before, rows):
        return None
    bill = posted_bill(posted, posting.conveyance, ordinal)
    counted = deciding.counted(bill)
    rules = deciding.rules(ordinal)
    if deciding.settled(bill, counted, rules) is not None or counted is None:
        return None
    if bill.arrived and counted * 100 > rules.limit_cents * deciding.near_limit_percent:
        return None
    bill.status = RELEASED if bill.arrived else CLEAR
    if not _order_is_plain(bill, before, group, today):
        return None
    group.put(BILL_KIND + number, pack_row([bill]))
    return bill


def _neighbours(number: bytes, ordinal: int, before: Bill | None, rows: dict[bytes, Row]) -> bool:
    """Whether another bill is on the day, or on the day that the bill was on."""
    if len(rows) == (before is not None):
        return False
    left = NOWHERE if before is None else before.day
    return any(copy.day in (ordinal, left) for other, row in rows.items() if other != number for copy in row.copies)


def _order_is_plain(bill: Bill, before: Bill | None, group: Group, today: int) -> bool:
    """Whether the bill is the first of its order, whose row is then written, or adds what it added before."""
    after = None if bill.order is None else order_part(bill)
    was: Part | None = None if before is None or before.order is None else order_part(before)
    if after == was:
        return True
    if after is None or was is not None:
        return False
    if after[1] >= today - ORDER_DAYS_KEPT:
        suffix = ORDER_KIND + after[0].encode()
        if group.get(suffix) is not None:
            return False
        group.put(suffix, row_of_part(after))
    return True
