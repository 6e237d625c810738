"""The step as a runner sees it: fates and codes, where outputs go, stream time, and what it refuses."""

from collections import Counter
from datetime import timedelta

import msgspec
import pytest

from state.table import PARTITION_ROOT
from state.withholding import WithholdingStep
from stream.days import day_of_micros
from stream.decisions import STRUCTURED, Policy
from stream.partition import partition_of
from stream.records import Fate, PlainRecord, Sink
from tests.unit.withholding.judged_step import (
    CONSIGNEE,
    DAY,
    NOON,
    RULEBOOK,
    SHIPMENTS,
    JudgedStep,
    later,
    posted,
    posting,
    record,
)

LARGE = 40
"""Bills that make a group large enough for its book to be kept."""


def crowded(bills: int) -> JudgedStep:
    """Return a judged step with so many bills of the consignee."""
    judged_step = JudgedStep()
    if bills:
        judged_step.post(*(posted(100 + number) for number in range(bills)))
    return judged_step


@pytest.mark.parametrize("bills", [0, LARGE])
@pytest.mark.parametrize("stand", ["arrived", "expected"])
def test_a_posting_onto_a_closed_day_gets_row_4(stand: str, bills: int) -> None:
    """A day closes 15 days after its end by stream time; what comes later is rejected and counts nowhere."""
    judged_step = crowded(bills)
    assert judged_step.post(posted(1, stand=stand), time=later(15))[0].reason == "within-limit"
    [late] = judged_step.post(posted(2, stand=stand), time=later(16))
    assert (late.outcome, late.reason, late.day, late.counts) == ("reject", "day-closed", DAY, False)
    assert (late.total_cents, late.limit_cents, late.basis) == (
        None,
        None,
        "actual" if stand == "arrived" else "estimated",
    )


@pytest.mark.parametrize("bills", [0, LARGE])
@pytest.mark.parametrize("stand", ["closed", "moved"])
def test_a_withdrawal_from_nowhere_is_counted(stand: str, bills: int) -> None:
    """Withdrawing a bill that is not here, or whose day is closed, is a no-op with a code."""
    judged_step = crowded(bills)
    judged_step.post(posted(1, order="order-1"))
    codes = []
    for number in (1, 1, 2):
        judged_step.post(posted(number, stand=stand))
        codes.append(judged_step.code)
    assert codes == ["", "no-op", "no-op"]
    judged_step.post(posted(3, order="order-1"))
    judged_step.post(posted(3, stand=stand), time=later(16))
    assert judged_step.code == "no-op"


@pytest.mark.parametrize("bills", [0, LARGE])
def test_one_withdrawal_from_nowhere_marks_its_record(bills: int) -> None:
    """A record of which one bill is a no-op and another is not carries the code once, and both decisions."""
    judged_step = crowded(bills)
    judged_step.post(posted(1))
    verdicts = judged_step.verdicts(posted(1, stand="closed"), posted(2, stand="closed"), posted(3))
    assert (judged_step.code, verdicts) == ("no-op", ["1 closed deleted", "2 closed deleted", "3 release within-limit"])


@pytest.mark.parametrize("value", [None, b"", b"{}", b"\xff", b'{"consignee":"x"}', b"[1,2]"])
def test_bytes_that_are_no_posting_raise(value: bytes | None) -> None:
    """Only our own step writes postings, so a record it cannot have written stops the worker."""
    with pytest.raises(msgspec.DecodeError):
        JudgedStep().step(PlainRecord("postings", 0, 0, -1, b"na2:one", value), JudgedStep().table.overlay())


@pytest.mark.parametrize("bills", [0, LARGE])
def test_without_a_broker_outputs_stay_in_the_partition_of_the_record(bills: int) -> None:
    """A decision is keyed by bill, an alert by consignee; both carry the CloudEvents header and the partition read."""
    judged_step = crowded(bills)
    post = posting(posted(1, 75_000), posted(2, 10_000))
    result = judged_step.step(record(post)._replace(partition=5), judged_step.table.overlay())
    outputs = [output for output in result.outputs if output is not None]
    assert result.fate is Fate.APPLIED
    assert [(one.sink, one.key) for one in outputs] == [
        (Sink.DECISIONS, b"ACME0000001"),
        (Sink.DECISIONS, b"ACME0000002"),
        (Sink.ALERTS, CONSIGNEE.encode()),
    ]
    assert {(one.partition, one.headers) for one in outputs} == {(5, STRUCTURED)}


@pytest.mark.parametrize("bills", [0, LARGE])
@pytest.mark.parametrize("arriving", [1, 3])
def test_a_decision_goes_to_the_partition_of_its_bill(bills: int, arriving: int) -> None:
    """On a broker each record is where its key says, as the topics promise: decisions by bill, alerts by consignee."""
    judged_step = crowded(bills)
    judged_step.step = WithholdingStep(RULEBOOK, Policy(), 1, SHIPMENTS, partitions=12)
    lane = partition_of(CONSIGNEE.encode(), 12)
    post = posting(*(posted(number, 30_000) for number in range(1, arriving + 1)))
    result = judged_step.step(record(post)._replace(partition=lane), judged_step.table.overlay())
    outputs = [output for output in result.outputs if output is not None]
    assert Counter(one.sink for one in outputs)[Sink.DECISIONS] == arriving
    assert [one.partition for one in outputs] == [partition_of(one.key or b"", 12) for one in outputs]


def test_stream_time_is_the_highest_event_time() -> None:
    """An older event does not turn time back, within a transaction or in the next one."""
    judged_step = JudgedStep()
    judged_step.post(posted(1), time=later(16))
    overlay = judged_step.table.overlay()
    for consignee in ("na2:one", "na2:two"):
        outputs = judged_step.run(posting(posted(2), time=NOON, consignee=consignee), overlay)
        assert b'"day-closed"' in (outputs[0].value or b"" if outputs[0] else b"")
    assert list(overlay.group(PARTITION_ROOT).items()) == list(judged_step.table.rows_of(PARTITION_ROOT).items())
    assert day_of_micros(int.from_bytes(judged_step.table.rows_of(PARTITION_ROOT)[b"time"], "big")) == later(16).date()


def test_partitions_have_times_of_their_own() -> None:
    """One step serves many tables; what it remembers of one transaction is not taken for another's."""
    ahead, behind = JudgedStep(), JudgedStep()
    behind.step = ahead.step
    ahead.post(posted(1), time=later(100))
    assert behind.verdicts(posted(1)) == ["1 release within-limit"]
    assert ahead.verdicts(posted(2)) == ["2 reject day-closed"]


def test_a_failed_transaction_does_not_move_time() -> None:
    """Stream time is a row like any other: it is lost with its overlay, also where the step remembered it."""
    judged_step = JudgedStep()
    judged_step.run(posting(posted(1), time=later(100)), judged_step.table.overlay())
    assert judged_step.verdicts(posted(1)) == ["1 release within-limit"]


@pytest.mark.parametrize(
    "other",
    [
        WithholdingStep(RULEBOOK, Policy("latch"), 1, SHIPMENTS, "key"),
        WithholdingStep(RULEBOOK, Policy(rounding="whole-dollars"), 1, SHIPMENTS, "key"),
        WithholdingStep(RULEBOOK, Policy(enforcement="warn"), 1, SHIPMENTS, "key"),
        WithholdingStep(RULEBOOK, Policy(as_of=DAY), 1, SHIPMENTS, "key"),
        WithholdingStep(RULEBOOK, Policy(), 1, SHIPMENTS, "other key"),
    ],
    ids=["overflow", "rounding", "enforcement", "as of", "key"],
)
def test_tables_of_another_policy_or_key_are_told_apart(other: WithholdingStep) -> None:
    """Whatever makes old rows wrong for a worker changes the fingerprint; nothing else does."""
    step = WithholdingStep(RULEBOOK, Policy(), 1, SHIPMENTS, "key")
    assert step.fingerprint != other.fingerprint
    assert step.fingerprint == WithholdingStep(RULEBOOK, Policy(), 2, "elsewhere", "key").fingerprint


def test_freed_headroom_goes_to_bills_in_manifest_order() -> None:
    """When a released bill leaves, withheld ones are let in by their place in the manifest, each with a decision."""
    judged_step = JudgedStep()
    assert judged_step.verdicts(posted(9, 50_000), posted(8, 20_000)) == [
        "8 release within-limit",
        "9 release within-limit",
    ]
    assert judged_step.verdicts(posted(2, 40_000), posted(1, 45_000)) == [
        "1 withhold daily-limit",
        "2 withhold daily-limit",
    ]
    assert judged_step.verdicts(posted(9, stand="closed")) == ["9 closed deleted", "1 release within-limit"]


@pytest.mark.parametrize("bills", [0, LARGE])
def test_others_are_decided_day_by_day_in_manifest_order(bills: int) -> None:
    """Of the other bills that change, the earlier day comes first, and on it arrived and expected ones are mixed."""
    judged_step = crowded(bills)
    for ahead, day in ((0, DAY), (10, DAY + timedelta(days=1))):
        judged_step.post(posted(5 + ahead, 70_000, day=day))
        judged_step.post(posted(9 + ahead, 20_000, day=day), posted(4 + ahead, 30_000, "expected", day=day))
        judged_step.post(posted(7 + ahead, 20_000, "expected", day=day))
    leaving = [posted(15, stand="closed", version=2), posted(5, stand="closed", version=2)]
    assert judged_step.verdicts(*leaving) == [
        "5 closed deleted",
        "15 closed deleted",
        "4 clear within-limit",
        "7 clear within-limit",
        "9 release within-limit",
        "14 clear within-limit",
        "17 clear within-limit",
        "19 release within-limit",
    ]


def test_advice_names_the_first_day_with_room() -> None:
    """A misfit is told the entry it needs and the first later day on which it would be released as things stand."""
    judged_step = JudgedStep()
    for ahead in (0, 1):
        judged_step.post(posted(ahead, 50_000, day=DAY + timedelta(days=ahead)))
    [decision] = judged_step.post(posted(7, 40_000))
    assert decision.advice
    assert (decision.advice.entry_type, decision.advice.next_day) == ("11", DAY + timedelta(days=2))
