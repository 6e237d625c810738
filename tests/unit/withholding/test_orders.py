"""Orders that are split over bills: reported once, when two or more live bills within 30 days exceed the limit."""

from datetime import date

import pytest

from state.table import Group
from state.withholding.clock import ORDER_DAYS_KEPT
from state.withholding.keys import order_suffix
from state.withholding.orders import Orders, order_row_expired, row_of_part
from stream.decisions import Policy
from tests.unit.withholding.judged_step import (
    DAY,
    LIMIT,
    JudgedStep,
    alerts,
    clock_on,
    deciding_under,
    later,
    posted,
    posting,
)

TODAY = DAY.toordinal()
ROW = order_suffix("us-321", "order-1")


def settled(
    group: Group, *parts: tuple[int, int], today: int = TODAY, gone: bool = False
) -> list[tuple[str, int, int]]:
    """Add bills of one order, given by days before stream time and cents, or take them away."""
    orders = Orders(deciding_under(Policy()), group, clock_on(today))
    for ago, cents in parts:
        orders.change("us-321", ("order-1", TODAY - ago, cents), -1 if gone else 1)
    return [(order, cents, limit) for (_, order), cents, limit in orders.settle()]


@pytest.mark.parametrize(
    ("parts", "split"),
    [
        ([(0, 60_000), (0, 20_000)], []),
        ([(0, 60_000), (0, 20_001)], [("order-1", 80_001, LIMIT)]),
        ([(30, 60_000), (0, 20_001)], [("order-1", 80_001, LIMIT)]),
        ([(31, 60_000), (0, 20_001)], []),
        ([(0, 80_001)], []),
        ([(40, 50_000), (20, 50_000), (0, 20_000)], [("order-1", 100_000, LIMIT)]),
        ([(ORDER_DAYS_KEPT + 1, 50_000), (ORDER_DAYS_KEPT + 1, 50_000)], []),
        ([(ORDER_DAYS_KEPT, 50_000), (ORDER_DAYS_KEPT, 50_000)], [("order-1", 100_000, LIMIT)]),
    ],
    ids=["at the limit", "over it", "30 days", "31 days", "one bill", "first window", "too old", "just kept"],
)
def test_an_order_is_split_by_window_and_limit(parts: list[tuple[int, int]], split: list[tuple[str, int, int]]) -> None:
    """Two bills or more, together over the limit, manifested at most 30 days apart."""
    group = Group(b"na2:one", {})
    assert settled(group, *parts) == split
    expired = all(ago > ORDER_DAYS_KEPT for ago, _ in parts)
    assert (group.get(ROW) is None) is expired


def test_an_order_is_reported_once() -> None:
    """A further bill of an order that was reported says nothing, also after bills of it left."""
    group = Group(b"na2:one", {})
    assert len(settled(group, (0, 60_000), (1, 60_000))) == 1
    assert settled(group, (2, 60_000)) == []
    assert settled(group, (2, 60_000), (1, 60_000), (0, 60_000), gone=True) == []
    assert settled(group, (0, 60_000), (1, 60_000)) == []


def test_the_last_bill_takes_the_order_with_it() -> None:
    """An order of which no bill is left, and which was never reported, has no row."""
    group = Group(b"na2:one", {})
    settled(group, (0, 100), (0, 200), (3, 300))
    settled(group, (0, 100), (0, 200), (3, 300), gone=True)
    assert group.get(ROW) is None


def test_the_row_of_an_order_is_the_one_on_disk() -> None:
    """The short way for a lone bill writes what the long way would, and neither changes from version to version."""
    group = Group(b"na2:one", {})
    settled(group, (0, 12_345))
    assert (
        group.get(ROW)
        == row_of_part(("order-1", TODAY, 12_345))
        == bytes.fromhex("02 00000000 9b480b00 01000000 3930000000000000")
    )


@pytest.mark.parametrize(("parts", "days"), [([(0, 1)], 76), ([(5, 1)], 71), ([(0, 60_000), (30, 60_000)], 76)])
def test_an_order_expires_with_its_last_date(parts: list[tuple[int, int]], days: int) -> None:
    """A row stays 75 days after its last bill was manifested, or after it was reported, so that it is not twice."""
    group = Group(b"na2:one", {})
    settled(group, *parts)
    row = group.get(ROW) or b""
    assert [order_row_expired(row, TODAY + ahead) for ahead in (days - 1, days)] == [False, True]


def test_structuring_is_an_alert_and_never_a_verdict() -> None:
    """Bills on different days are all released; the second one raises the alert with the sum and the limit."""
    judged_step = JudgedStep()
    first = judged_step.send(posting(posted(1, 50_000, order="order-1")))
    second = judged_step.send(posting(posted(2, 50_000, order="order-1", day=date(2025, 8, 21))))
    assert alerts(first) == []
    [alert] = alerts(second)
    assert (alert.alert, alert.order, alert.total_cents, alert.limit_cents) == (
        "structuring",
        "order-1",
        100_000,
        LIMIT,
    )
    assert judged_step.verdicts(posted(3, 1, order="order-1"), time=later(1)) == ["3 release within-limit"]


def test_an_arrival_leaves_its_order_alone() -> None:
    """What a bill adds to its order does not change when it arrives, so the order's row is not written again."""
    judged_step = JudgedStep()
    for number in range(1, 8):
        judged_step.post(posted(number, stand="expected", order="order-1"))
    judged_step.post(posted(3, posting=2, order="order-1"), posted(4, posting=2, order="order-1"))
    assert [key[1 + key[0] :] for key, _ in judged_step.changes] == [b"bACME0000003", b"bACME0000004"]
