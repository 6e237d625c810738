"""Advice for a bill that does not fit: the entry it needs, the next day it fits, and why not another day at all."""

from datetime import date, timedelta
from typing import Any

import pytest

from stream.decisions import Advice, Overflow, Policy
from stream.postings import PostedBill
from tests.unit.withholding.judged_step import DAY, LIMIT, NOON, JudgedStep, later, posted

NEXT = DAY + timedelta(1)


def ahead(days: int) -> date:
    """Return the day so many days after the bill's."""
    return DAY + timedelta(days)


def advice_of(judged_step: JudgedStep, bill: PostedBill, **changes: Any) -> Advice | None:
    """Post a bill; give the advice of its decision."""
    return judged_step.post(bill, **changes)[0].advice


@pytest.mark.parametrize(
    ("cents", "mode", "advice"),
    [
        (80_001, "air", Advice("11", None)),
        (250_000, "air", Advice("11", None)),
        (250_001, "truck", Advice("01", None)),
        (80_001, "mail", Advice(None, None)),
        (250_001, "mail", Advice(None, None)),
        (80_000, "mail", None),
    ],
)
def test_a_single_bill_over_the_cap(cents: int, mode: str, advice: Advice | None) -> None:
    """It is refused by mail too, where no entry is proposed, and no day is: it would fit on none."""
    [decision] = JudgedStep().post(posted(1, cents, mode=mode))
    expected = (
        ("release", "not-aggregated", None) if advice is None else ("reject", "single-value-over-limit", "single-800")
    )
    assert (decision.outcome, decision.reason, decision.rule) == expected
    assert decision.advice == advice


@pytest.mark.parametrize("overflow", ["skip", "latch", "all_or_none"])
def test_the_next_day_is_the_first_on_which_it_would_be_released(overflow: Overflow) -> None:
    """Released bills of later days count, expected ones do not matter, and it is looked for 14 days long."""
    judged_step = JudgedStep(Policy(overflow))
    full = [posted(10 + days, LIMIT, day=ahead(days)) for days in range(1, 14)]
    judged_step.post(posted(1, 50_000))
    assert advice_of(judged_step, posted(2, 50_000)) == Advice("11", NEXT)
    judged_step.post(*full[:4])
    judged_step.post(posted(30, LIMIT, "expected", day=ahead(5)))
    assert advice_of(judged_step, posted(2, 50_000, posting=2)) == Advice("11", ahead(5))
    # 29 August 2025 is suspended: nine days from the 20th.
    judged_step.post(*full[4:])
    assert advice_of(judged_step, posted(2, 50_000, posting=3)) == Advice("11", None)


@pytest.mark.parametrize(("full_days", "found"), [(13, ahead(14 - 60)), (14, None)])
def test_the_last_day_looked_at_is_the_fourteenth(full_days: int, found: date | None) -> None:
    """Counted from the day after the bill's own; on the fifteenth it would fit, and that is not said."""
    judged_step, start = JudgedStep(), ahead(-60)
    full = (posted(10 + days, LIMIT, day=start + timedelta(days)) for days in range(full_days + 1))
    judged_step.post(*full, time=later(-60))
    assert advice_of(judged_step, posted(2, 100, day=start), time=later(-60)) == Advice("11", found)


@pytest.mark.parametrize(("place", "found"), [(5, ahead(2)), (50, NEXT)])
def test_under_latch_an_earlier_misfit_blocks_a_day(place: int, found: date) -> None:
    """A bill manifested before it that does not fit there stops it, one manifested later does not."""
    judged_step = JudgedStep(Policy("latch"))
    judged_step.post(posted(1, LIMIT), posted(2, 50_000, day=NEXT), posted(place, 40_000, day=NEXT))
    assert advice_of(judged_step, posted(20, 30_000)) == Advice("11", found)


def test_the_copy_that_counts_there_counts_as_another_bill() -> None:
    """The same number on the next day takes room there, though it is this very bill on another conveyance."""
    judged_step = JudgedStep()
    judged_step.post(posted(1, 50_000))
    judged_step.post(posted(2, 50_000, day=NEXT), conveyance="air:2")
    assert advice_of(judged_step, posted(2, 50_000)) == Advice("11", ahead(2))


def ordered(number: int, cents: int | None, **changes: Any) -> PostedBill:
    """Return a bill of the order."""
    return posted(number, cents, **{"order": "order-1", **changes})


@pytest.mark.parametrize(
    ("others", "caution"),
    [
        ([], None),
        ([{"cents": 30_000}], None),
        ([{"cents": 30_001}], "one-order"),
        ([{"cents": 30_001, "day": NEXT}], "one-order"),
        ([{"cents": 30_001, "stand": "expected"}], "one-order"),
        ([{"cents": 30_001, "stand": "waiting"}], "one-order"),
        ([{"cents": 30_001, "flags": ("adcvd",)}], "one-order"),
        ([{"cents": 30_001, "filing_errors": ("282",)}], "one-order"),
        ([{"cents": None, "filing_errors": ("no-exchange-rate",)}], None),
        ([{"cents": 30_001, "day": ahead(-16)}], "one-order"),
        ([{"cents": 30_001, "order": "order-2"}], None),
        ([{"cents": 30_001, "order": None}], None),
        ([{"cents": 30_001, "stand": "closed", "exit": "entry-11"}], None),
        ([{"cents": 30_001, "manifested_at": later(-30)}], "one-order"),
        ([{"cents": 30_001, "manifested_at": later(-31)}], None),
        ([{"cents": 30_001, "manifested_at": later(30)}], "one-order"),
        ([{"cents": 30_001, "manifested_at": later(31)}], None),
        ([{"cents": 15_001}, {"cents": 15_000}], "one-order"),
    ],
)
def test_an_order_over_the_limit_together_is_never_moved_to_another_day(
    others: list[dict[str, Any]], caution: str | None
) -> None:
    """Live bills of the order within 30 days are added up, rejected, pending and late ones too; closed ones are not."""
    judged_step = JudgedStep()
    judged_step.post(posted(1, LIMIT))
    for number, other in enumerate(others, 10):
        judged_step.post(ordered(number, **other))
    [decision] = judged_step.post(ordered(2, 50_000))
    assert decision.reason == "daily-limit"
    assert decision.advice is not None
    assert (decision.advice.caution, decision.advice.next_day is None) == (caution, caution is not None)


def test_each_copy_is_a_part_of_the_order_but_for_superseded_ones() -> None:
    """A copy on another day counts for itself; one on the same day is superseded and does not."""
    for day, caution in ((NEXT, "one-order"), (DAY, None)):
        judged_step = JudgedStep()
        judged_step.post(posted(1, LIMIT))
        judged_step.post(ordered(2, 45_000, day=day), conveyance="air:2")
        decisions = judged_step.post(ordered(2, 45_000, version=2))
        advice = decisions[0].advice
        assert advice is not None
        assert advice.caution == caution


def test_orders_are_asked_once_all_days_are_judged() -> None:
    """Two bills of one record make each other a split order, whichever is decided first."""
    judged_step = JudgedStep()
    judged_step.post(posted(1, LIMIT))
    decisions = judged_step.post(ordered(2, 50_000), ordered(3, 50_000))
    assert [one.advice for one in decisions] == [Advice("11", None, None, "one-order")] * 2


@pytest.mark.parametrize(("days", "caution"), [(75, "one-order"), (76, None)])
def test_bills_manifested_long_ago_are_no_part_of_an_order(days: int, caution: str | None) -> None:
    """At most 75 days before stream time, the bill itself too; a change of another bill makes no decision of this."""
    judged_step = JudgedStep()
    day = DAY - timedelta(60)
    judged_step.post(posted(1, LIMIT, day=day), time=later(-60))
    old = {"day": day, "manifested_at": NOON - timedelta(days)}
    judged_step.post(ordered(3, 50_000, **old), time=later(-60))
    [first] = judged_step.post(ordered(2, 50_000, **old), time=later(-60))
    assert first.advice == Advice("11", None, None, "one-order")
    fresh = {"day": DAY, "posting": 2}
    judged_step.post(posted(4, LIMIT))
    [moved] = judged_step.post(ordered(2, 50_000, **{**old, **fresh}))
    assert moved.advice is not None
    assert moved.advice.caution == caution
