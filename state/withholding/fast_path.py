"""The fast path for us-321: if all bills of the day fit together, the bill fits and no other bill changes.

Most consignees get a few parcels a day, worth far less than the limit. If all bills of a day fit together, each of them
fits, whatever the policy and the manifest order. So a sum finds what `Judging` would find by walking the day. Every
other case (a misfit, copies, an order of several bills, a total near the limit) is left to `Judging`.
"""

from typing import Final

from state.table import Group
from state.withholding.bill import NO_DAY, Bill, posted_bill
from state.withholding.clock import ORDER_DAYS_KEPT, Clock
from state.withholding.deciding import Deciding
from state.withholding.keys import BILL_KIND, bill_suffix, order_suffix
from state.withholding.orders import order_part, row_of_part
from state.withholding.rows import OTHER_PROGRAMME, Look, glance, look, pack_row
from state.withholding.statuses import CLEAR, KEEPS_COUNTING, LIVE, RELEASED, WARNED, WITHHELD
from stream.days import day_of_micros
from stream.money import whole_dollars
from stream.postings import US_321, Posting

_ON_A_DAY: Final = frozenset(("expected", "arrived"))
_MISFITS: Final = frozenset((WITHHELD, WARNED))
_COUNTS: Final = KEEPS_COUNTING | {RELEASED}
"""Statuses of bills on a day that its released total has."""
_BILL_KIND_BYTE: Final = BILL_KIND[0]


def judge_fast(deciding: Deciding, posting: Posting, group: Group, clock: Clock) -> tuple[Bill, int, int] | None:
    """Judge and write the one bill of a record. Return it, released or clear, its counted value and the total to state.

    Return None, and write nothing, if the bill may change another bill or raise an alert.
    """
    posted = posting.bills[0]
    day, first_open = posted.day, clock.first_open
    if day is None or posted.stand not in _ON_A_DAY or posted.programme != US_321:
        return None
    ordinal = day.toordinal()
    if ordinal < first_open:
        return None
    suffix = bill_suffix(posted.bill.encode())
    row = group.get(suffix)
    before = None
    if row is not None:
        before = look(row)
        if before is None or before.status not in LIVE or before.conveyance != posting.conveyance.encode():
            return None
        if before.extras & OTHER_PROGRAMME:
            return None
        left = before.day
        if left < first_open:
            if left != NO_DAY or day_of_micros(before.manifested).toordinal() < clock.today - ORDER_DAYS_KEPT:
                return None
        elif left != ordinal and _total_if_all_fit(deciding, group, suffix, left) is None:
            return None
    bill = posted_bill(posted, posting.conveyance, ordinal)
    counted = deciding.counted(bill)
    if counted is None or deciding.settled(bill, counted, deciding.us_321.days[ordinal]) is not None:
        return None
    total = _total_if_all_fit(deciding, group, suffix, ordinal, counted, arrived=bill.arrived)
    if total is None or not _order_is_plain(bill, before, group, clock.today):
        return None
    bill.status = RELEASED if bill.arrived else CLEAR
    group.put(suffix, pack_row(bill))
    return bill, counted, total


def _total_if_all_fit(
    deciding: Deciding, group: Group, own: bytes, ordinal: int, counted: int = 0, *, arrived: bool = True
) -> int | None:
    """Return the total of a day with a bill on it, or without it, if all bills fit; None also if an alert may be due.

    The total is that of the released bills; for an expected bill it is that of the released and clear bills. `own` is
    the suffix of the bill's row. That row is left out, since it holds the bill as it was before.
    """
    exact = deciding.exact
    released, clear = (counted, 0) if arrived else (0, counted)
    for suffix, row in group.items():
        if suffix == own or suffix[0] != _BILL_KIND_BYTE:
            continue
        seen = glance(row)
        if seen is None:
            return None
        day, status, cents, extras = seen
        if day != ordinal or extras & OTHER_PROGRAMME:
            continue
        if status == CLEAR:
            clear += cents if exact else whole_dollars(cents)
        elif status in _COUNTS:
            released += cents if exact else whole_dollars(cents)
        elif status in _MISFITS:
            return None
    limit = deciding.us_321.days[ordinal].limits.limit
    if released + clear > limit or released * 100 > limit * deciding.near_limit_percent:
        return None
    return released if arrived else released + clear


def _order_is_plain(bill: Bill, before: Look | None, group: Group, today: int) -> bool:
    """Whether the bill adds to its order what it added before, or is the first of it; then write the order's row."""
    if before is not None and before.order:
        same = bill.order is not None and before.order == bill.order.encode()
        return same and (before.manifested, before.cents) == (bill.manifested, bill.value)
    after = order_part(bill)
    if after is None:
        return True
    if after[1] >= today - ORDER_DAYS_KEPT:
        suffix = order_suffix(US_321, after[0])
        if group.get(suffix) is not None:
            return False
        group.put(suffix, row_of_part(after))
    return True
