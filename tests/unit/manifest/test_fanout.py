"""One arrival with many bills: order, size of records, slices, and the same bytes from any table."""

import random
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

import pytest

from state.manifest import fanout
from state.table import Table, changelog_key
from stream.partition import partition_of
from stream.postings import BILLS_MAX, BYTES_MAX
from stream.records import Outgoing
from tests.unit.manifest.step_in_words import (
    CONVEYANCE,
    KEYS,
    WHOSE,
    StepInWords,
    event,
    line,
    postings_decoder,
    whole_bill,
    written,
)

ARRIVED = datetime(2025, 8, 20, 16, tzinfo=UTC)
PARTITION = partition_of(CONVEYANCE.encode(), 4)
ORIGINS = [f"{first}{second}" for first in "ABCDEFGHIJ" for second in "ABCDEFGHIJ"]


def loaded(bills: int, people: str = "AB", **changes: Any) -> StepInWords:
    """A in words that knows this many bills, in no order."""
    in_words = StepInWords(partitions=4)
    overlay = in_words.table.overlay()
    numbers = list(range(bills))
    random.Random(7).shuffle(numbers)
    for number in numbers:
        manifested = f"2025-08-18T15:00:{number % 7:02d}Z"
        data = whole_bill(f"ACME{number:06d}", 1, people[number % len(people)], **changes)
        record = in_words.record(
            event("bill.manifested", {**data, "manifested_at": manifested, "sequence": number // 3})
        )
        record = record._replace(partition=PARTITION)
        assert [output for output in in_words.step(record, overlay).outputs if output is not None]
    overlay.join()
    return in_words


def arrive(in_words: StepInWords, table: Table) -> list[Outgoing | None]:
    """All outputs of the arrival, with the marks between slices."""
    record = in_words.record(written("ata 20", ARRIVED))
    record = record._replace(offset=10**6, partition=PARTITION)
    overlay = table.overlay()
    outputs = list(in_words.step(record, overlay).outputs)
    overlay.join()
    return outputs


def test_bills_come_in_manifest_order_by_consignee() -> None:
    """Each consignee's bills are in one run, in manifest order, in records of at most 1000."""
    in_words = loaded(5000)
    records = [output for output in arrive(in_words, in_words.table) if output is not None]
    postings = [postings_decoder.decode(record.value or b"") for record in records]
    assert [WHOSE[posting.consignee] for posting in postings] in (["A"] * 3 + ["B"] * 3, ["B"] * 3 + ["A"] * 3)
    for person in (postings[:3], postings[3:]):
        bills = [bill for posting in person for bill in posting.bills]
        places = [(bill.manifested_at, bill.sequence, bill.bill) for bill in bills]
        assert len(places) == 2500
        assert all(before < after for before, after in pairwise(places))
        assert [len(posting.bills) for posting in person] == [BILLS_MAX, BILLS_MAX, 500]
    assert {record.partition for record in records} == {partition_of(key.encode(), 4) for key in list(WHOSE)[:2]}


def test_big_bills_are_cut_by_bytes() -> None:
    """A record never exceeds 500 kB, and no bill is lost between records."""
    in_words = loaded(1200, "A", lines=[line(origin=origin) for origin in ORIGINS], order="\x01" * 64)
    records = [output for output in arrive(in_words, in_words.table) if output is not None]
    sizes = [len(record.value or b"") for record in records]
    assert max(sizes) <= BYTES_MAX
    assert sizes[0] > BYTES_MAX - 2000
    assert sum(len(postings_decoder.decode(record.value or b"").bills) for record in records) == 1200


def test_work_is_cut_into_slices() -> None:
    """Between two chances to breathe there are at most 500 bills of work, in reading rows as well as in posting."""
    in_words = loaded(4000, "ABCDEFGH")
    outputs = arrive(in_words, in_words.table)
    first = next(place for place, output in enumerate(outputs) if output is not None)
    assert first >= 4000 // 500
    rest = outputs[first:]
    marks = [place for place, output in enumerate(rest) if output is None]
    assert len(marks) >= 4000 // 500
    bills = 0
    for output in rest:
        bills = 0 if output is None else bills + len(postings_decoder.decode(output.value or b"").bills)
        assert bills <= BILLS_MAX + fanout.SLICE_BILLS


def test_sorted_runs_are_merged(monkeypatch: pytest.MonkeyPatch) -> None:
    """With runs much shorter than the bills the outputs are the same bytes."""
    in_words = loaded(1000)
    whole = arrive(in_words, copy(in_words.table))
    monkeypatch.setattr(fanout, "RUN_BILLS", 7)
    assert arrive(in_words, copy(in_words.table)) == whole


def test_same_bytes_from_a_restored_table() -> None:
    """Rows in another order, as after a restore, give the same records in the same order."""
    in_words = loaded(500)
    rows = list(in_words.table.rows())
    random.Random(3).shuffle(rows)
    restored = Table()
    for _ in restored.restore(dict(rows)):
        pass
    assert arrive(in_words, restored) == arrive(in_words, in_words.table)
    assert sorted(restored.rows()) == sorted(in_words.table.rows())


def test_every_posted_bill_counts_its_posting() -> None:
    """After the arrival each row holds the posting number that was sent."""
    in_words = loaded(50)
    arrive(in_words, in_words.table)
    again = in_words.send(event("bill.amended", whole_bill("ACME000007", 2, "B")))
    assert [bill.posting for posting in again for bill in posting.bills] == [3]


def test_conveyances_do_not_meet() -> None:
    """An arrival posts its own conveyance's bills only."""
    in_words = StepInWords()
    in_words.answer("bill 1")
    in_words.send(event("bill.manifested", whole_bill("ACME0002", conveyance=f"{CONVEYANCE}x")))
    assert in_words.answer("ata 20") == "applied: A arrived 20a v1 p2"


def copy(table: Table) -> Table:
    """A table with the same rows."""
    fresh = Table()
    for _ in fresh.restore(dict(table.rows())):
        pass
    return fresh


def test_rows_of_a_typical_bill_are_small() -> None:
    """A typical row stays within 79 bytes, for which Python takes 112 as it does for fewer, and so do keys."""
    in_words = StepInWords()
    in_words.answer("bill 1 est=20")
    root = CONVEYANCE.encode()
    rows = dict(in_words.table.rows())
    assert len(rows[changelog_key(root, b"ACME0001")]) <= 79
    assert len(rows[changelog_key(root, b"")]) <= 40
    assert KEYS.fingerprint in in_words.step.fingerprint
