"""Sweeping removes rows of closed days a bounded number at a time, and no decision shows it."""

import pytest

from stream.postings import PostedBill
from tests.unit.withholding.judged_step import DAY, JudgedStep, later, posted

BILLS = 30


def busy_desk() -> JudgedStep:
    """Return a judged step whose rows are of every kind: bills with and without an order, a day, a time."""
    judged_step = JudgedStep()
    for number in range(1, BILLS + 1):
        judged_step.post(posted(number, 7_500, order="order-1" if number % 2 else None), consignee=f"na2:{number % 3}")
    return judged_step


def kinds(judged_step: JudgedStep) -> dict[str, int]:
    """Count rows by the first letter of their suffix."""
    counts: dict[str, int] = {}
    for key in judged_step.rows():
        kind = key[1 + key[0] :][:1].decode()
        counts[kind] = counts.get(kind, 0) + 1
    return counts


def enter(judged_step: JudgedStep, days: int) -> None:
    """Let stream time enter a day, by a posting that leaves nothing but the time."""
    judged_step.post(posted(99, stand="closed"), time=later(days), consignee="na2:passing")


def sweep_all(judged_step: JudgedStep, budget: int = 1000) -> int:
    """Sweep until nothing is left to look at; gives how many rows went."""
    return sum(judged_step.sweep(budget) for _ in range(1 + 100 // budget))


def test_rows_go_when_nothing_can_need_them() -> None:
    """Bills and days go 15 days after the day's end, bills of an order and the order 75 days after the manifest."""
    judged_step = busy_desk()
    assert kinds(judged_step) == {"t": 1, "b": BILLS, "l": 3, "o": 3}
    gone = []
    for days in (15, 16, 75, 76):
        enter(judged_step, days)
        gone.append(sweep_all(judged_step))
    assert gone == [0, BILLS // 2 + 3, 0, BILLS // 2 + 3]
    assert kinds(judged_step) == {"t": 1}


def test_a_sweep_looks_at_few_rows_at_a_time() -> None:
    """However many rows are due, one step takes at most its budget, and the steps together take them all."""
    for budget in (1, 3, 7):
        judged_step = busy_desk()
        enter(judged_step, 100)
        steps = [judged_step.sweep(budget) for _ in range(200 // budget)]
        assert max(steps) == budget
        assert sum(steps) == BILLS + 6
        assert kinds(judged_step) == {"t": 1}


def test_a_sweep_opens_few_groups_at_a_time() -> None:
    """Where nothing is due a step still looks at no more than its budget: opening a group counts too."""
    judged_step = JudgedStep()
    for number in range(BILLS):
        judged_step.post(posted(number), consignee=f"na2:{number}")
    for budget in (1, 4, 9):
        overlay = judged_step.table.overlay()
        assert judged_step.step.sweep(overlay, budget) == 0
        # One of them is the partition's own, for the time, and one may be left half seen by the step before.
        assert len(overlay._groups) <= budget // 2 + 2


def test_a_day_is_swept_once() -> None:
    """After its pass a sweep looks at nothing until stream time enters another day."""
    judged_step = busy_desk()
    enter(judged_step, 100)
    assert sweep_all(judged_step) > 0
    judged_step.post(posted(1, day=DAY), time=later(50))
    late = judged_step.rows()
    assert sweep_all(judged_step) == 0
    assert judged_step.rows() == late


@pytest.mark.parametrize("budget", [5, 1000])
def test_a_pass_begins_again_after_a_transaction_that_failed(budget: int) -> None:
    """Rows whose removal was lost are removed by the transactions that follow."""
    judged_step = busy_desk()
    enter(judged_step, 100)
    assert judged_step.step.sweep(judged_step.table.overlay(), budget) > 0
    assert sweep_all(judged_step) == BILLS + 6


def test_a_table_without_time_is_not_swept() -> None:
    """Before the first posting there is no stream time, and nothing is due."""
    assert JudgedStep().sweep(10) == 0


def test_no_decision_shows_whether_a_row_was_swept() -> None:
    """Bills of a closed day get the same decisions from a swept and an unswept table: new, amended, gone, withdrawn."""
    swept, unswept = busy_desk(), busy_desk()
    for judged_step in (swept, unswept):
        enter(judged_step, 16)
    assert swept.sweep(20) > 0
    for bill in comers():
        for consignee in ("na2:0", "na2:1", "na2:2"):
            told = {"time": later(16), "consignee": consignee}
            assert swept.post(bill, **told) == unswept.post(bill, **told)
            assert swept.code == unswept.code


def comers() -> list[PostedBill]:
    """Return bills that are posted onto the closed day or an open one, or leave."""
    return [
        posted(1, 7_500, version=2, posting=2, order="order-1"),
        posted(2, 60_000, version=2, posting=2, day=later(16).date(), order="order-1"),
        posted(3, 7_500, version=2, posting=2, stand="closed", exit="exported", day=DAY, arrived=True),
        posted(4, 7_500, version=2, posting=2, stand="moved"),
        posted(5, 60_000, version=2, posting=2, day=later(16).date()),
    ]
