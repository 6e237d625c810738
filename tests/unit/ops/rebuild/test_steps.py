"""The two steps of a rebuild beside the real ones: old faults are not told again, and only what holds is published."""

from agents.ops.rebuild.rebuild_steps import (
    KNOWN,
    OUTDONE,
    Highest,
    KnownFaultsStep,
    OffsetSet,
    PublishingStep,
    keep_highest,
    subject,
)
from state.table import Table
from stream.records import Fate, Outgoing, PlainRecord, Sink
from tests.toy.step import ToyStep


def record(offset: int, value: bytes, partition: int = 0) -> PlainRecord:
    """Return a record with a key and a header."""
    return PlainRecord("in", partition, offset, 0, b"k", value, (("h", b"1"),))


def test_a_dead_letter_of_a_former_epoch_is_not_sent_again() -> None:
    """Those that were none before, and those of other partitions, are dead letters as ever."""
    step, table = KnownFaultsStep(ToyStep(), {0: OffsetSet([4])}), Table()
    known = step(record(4, b"!dead bad-shape"), table.overlay())
    assert (known.fate, known.code, list(known.outputs)) == (Fate.STALE, KNOWN, [])
    for fresh in (record(3, b"!dead bad-shape"), record(4, b"!dead bad-shape", partition=1)):
        result = step(fresh, table.overlay())
        assert result.fate is Fate.DEAD_LETTERED
        assert len(list(result.outputs)) == 1


def test_everything_else_is_the_steps_own() -> None:
    """Name, fingerprint, outputs and sweeping are those of the step within."""
    inner = ToyStep("one", ("zero",))
    step = KnownFaultsStep(inner, {})
    assert (step.name, step.fingerprint, step.reads) == ("toy", "one", ("zero",))
    assert list(step(record(1, b"x"), Table().overlay()).outputs) == list(
        inner(record(1, b"x"), Table().overlay()).outputs
    )
    assert step.sweep(Table().overlay(), 1) == 0


def test_only_final_decisions_are_published_as_they_are() -> None:
    """Key, value, headers and partition stay; what is outdone is counted and left out."""
    step = PublishingStep("rebuilt-decisions", Sink.DECISIONS, {1: OffsetSet([3, 900])})
    sent = step(record(900, b"final", partition=1), Table().overlay())
    assert list(sent.outputs) == [Outgoing(Sink.DECISIONS, 1, b"k", b"final", (("h", b"1"),))]
    left = step(record(4, b"outdone", partition=1), Table().overlay())
    assert (left.fate, left.code, list(left.outputs)) == (Fate.STALE, OUTDONE, [])
    every = PublishingStep("rebuilt-alerts", Sink.ALERTS)
    assert len(list(every(record(4, b"alert"), Table().overlay()).outputs)) == 1


def test_a_set_of_offsets_holds_what_it_was_given() -> None:
    """A bit for each; beyond the last, nothing."""
    offsets = OffsetSet([0, 7, 8, 1000])
    assert [number for number in range(1100) if number in offsets] == [0, 7, 8, 1000]
    assert 5 not in OffsetSet([])


def test_the_subject_is_the_identifier_without_the_rank() -> None:
    """Bill and conveyance tell decisions apart; a conveyance has no slash in it."""
    named = "ACME00002/air:AF0066:2025-08-20"
    assert subject(b'{"id":"%s/2/1/1/3","data":{}}' % named.encode()) == (named, (2, 1, 1, 3))


def test_highest_rank_is_kept_wherever_it_stands() -> None:
    """A bill that moved to another consignee may have its later decision first; ten is more than nine."""
    found: Highest = {}
    for offset, rank in enumerate(("1/2/1/1", "1/1/1/1", "1/2/9/9", "1/2/10/1", "1/2/10/1")):
        keep_highest(found, b'{"id":"ACME00002/air:1/%s"}' % rank.encode(), offset)
    keep_highest(found, b'{"id":"ACME00002/air:2/1/1/1/1"}', 7)
    assert found == {"ACME00002/air:1": ((1, 2, 10, 1), 4), "ACME00002/air:2": ((1, 1, 1, 1), 7)}
