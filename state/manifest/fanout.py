"""The fan-out of a conveyance's estimate or arrival: it posts the live bills whose day or basis the event changes.

One event may concern a hundred thousand bills, so the work is cut into slices. A `None` among the outputs means that
the event loop may run other work.
"""

from collections.abc import Generator, Iterable, Mapping
from heapq import merge
from typing import Final

from state.manifest.bill_rows import (
    NO_DATES,
    BillRow,
    glance,
    order_key,
    split_order_key,
    unpack_bill,
    with_posting,
)
from state.manifest.packed_keys import unpack_key
from state.manifest.poster import Poster, PostingEvent, posted_live
from state.manifest.rows import CONVEYANCE, ConveyanceRow
from state.manifest.stand import day_and_basis
from state.rules.programmes import Programme
from state.table import Group
from stream.postings import PostedBill
from stream.records import Outgoing

SLICE_BILLS: Final = 250
"""Bills of work between two yields of None: a few milliseconds."""

RUN_BILLS: Final = 4000
"""Bills sorted at once; the sorted runs are merged as they are read."""


_Programmes = Mapping[str, Programme]


def fan_out(
    cause: PostingEvent,
    group: Group,
    before: ConveyanceRow,
    after: ConveyanceRow,
    poster: Poster,
    programmes: _Programmes,
) -> Generator[Outgoing | None]:
    """Post the bills that the change moves, consignee by consignee, in manifest order."""
    runs = yield from _moved_bills(group, before, after, programmes)
    frame, batch, batch_of = poster.frame(cause), None, b""
    for count, key in enumerate(_in_order(runs), 1):
        consignee, number = split_order_key(key)
        if batch is None or consignee != batch_of:
            if batch is not None:
                yield batch.outgoing()
            batch, batch_of = poster.batch(frame, unpack_key(consignee)), consignee
        yield batch.add(_post_again(group, number, after, programmes))
        if count % SLICE_BILLS == 0:
            yield None
    if batch is not None:
        yield batch.outgoing()


def _moved_bills(
    group: Group, before: ConveyanceRow, after: ConveyanceRow, programmes: _Programmes
) -> Generator[None, None, list[list[bytes]]]:
    """Return the bills whose day or basis changes, as sorted runs of order keys. Yield between slices."""
    run: list[bytes] = []
    runs = [run]
    plainly = programmes.get(NO_DATES.programme)
    plain_moves = day_and_basis(NO_DATES, before, plainly) != day_and_basis(NO_DATES, after, plainly)
    for count, (number, row) in enumerate(group.items(), 1):
        if number != CONVEYANCE:
            own = glance(row)
            if own is None:
                moves = False
            elif own is NO_DATES:
                moves = plain_moves
            else:
                programme = programmes[own.programme]
                moves = day_and_basis(own, before, programme) != day_and_basis(own, after, programme)
            if moves:
                run.append(order_key(row, number))
                if len(run) == RUN_BILLS:
                    run.sort()
                    run = []
                    runs.append(run)
        if count % SLICE_BILLS == 0:
            yield None
    run.sort()
    return runs


def _in_order(runs: list[list[bytes]]) -> Iterable[bytes]:
    return runs[0] if len(runs) == 1 else merge(*runs)


def _post_again(group: Group, number: bytes, conveyance: ConveyanceRow, programmes: _Programmes) -> PostedBill:
    row = group.get(number)
    bill = unpack_bill(row) if row is not None else None
    if row is None or not isinstance(bill, BillRow):
        raise AssertionError("a live bill vanished while its conveyance's event was posted")
    bill.posting += 1
    group.put(number, with_posting(row, bill.posting))
    day, arrived = day_and_basis(bill, conveyance, programmes[bill.claim.programme])
    return posted_live(number.decode(), bill, day, arrived=arrived)
