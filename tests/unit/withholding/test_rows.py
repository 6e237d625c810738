"""Rows of bills: every field comes back, other formats are refused, and what a closed day leaves is the same."""

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from state.unreadable_rows import RowFormatError
from state.withholding.bill import NO_DAY, Bill, bill_of_key
from state.withholding.keys import (
    bill_suffix,
    copy_suffix,
    duplicate_suffix,
    ledger_suffix,
    order_suffix,
    period_of_ledger,
    programme_of_order,
)
from state.withholding.ledger_ids import PeriodId
from state.withholding.rows import (
    ERROR_BITS,
    FLAG_BITS,
    MODE_NUMBERS,
    OTHER_PROGRAMME,
    glance,
    look,
    open_row,
    pack_row,
    pack_shared,
    shared_copies,
    unpack_row,
)
from state.withholding.statuses import DAY_CLOSED, EXITS, RELEASED, STATUSES
from stream.outcomes import VERDICTS
from tests.unit.withholding.judged_step import DAY, JudgedStep, clock_on, posted

TODAY = DAY.toordinal()
GOLDEN = """
    02 00
    9b480b00 12 1b 03000000 04000000 05000000 06000000 00409e10ce3c0600 3930000000000000 05 0800 0200 05 01
    6169723a31 6f726465722dc3a9 434e4652 1100
"""
PROGRAMME = """
    02 00
    9b480b00 12 1b 03000000 04000000 05000000 06000000 00409e10ce3c0600 3930000000000000 05 0800 0200 05 1f
    6169723a31 6f726465722dc3a9 434e4652 1100 02 6b72 05 7365323a78 a00f0000 1027000000000000
"""
UNSIGNED = st.integers(0, 2**32 - 1)
MANIFEST_FIELDS = {
    "manifested": st.integers(-3, 3) | st.integers(-(2**62), 2**62),
    "conveyance": st.text("Aa0.:-_", min_size=1, max_size=3),
    "sequence": st.integers(0, 300),
    "bill": st.text("A0Z", min_size=4, max_size=5),
}

bills = st.builds(
    Bill,
    bill=st.just("ACME0001"),
    conveyance=st.from_regex(r"[A-Za-z0-9:._-]{1,100}", fullmatch=True),
    day=st.integers(0, date.max.toordinal()),
    arrived=st.booleans(),
    status=st.sampled_from(sorted(STATUSES)),
    version=UNSIGNED,
    posting=UNSIGNED,
    revision=UNSIGNED,
    sequence=UNSIGNED,
    manifested=st.integers(-(2**62), 2**62),
    value=st.none() | st.integers(0, 2**62),
    mode=st.sampled_from(("air", "ocean", "rail", "truck", "mail")),
    filing=st.sampled_from(("manifest", "type86")),
    order=st.none() | st.text(st.characters(codec="utf-8"), min_size=1, max_size=64),
    origins=st.lists(st.from_regex("[A-Z]{2}", fullmatch=True), max_size=300).map(tuple),
    flags=st.sets(st.sampled_from(sorted(FLAG_BITS))).map(lambda flags: tuple(sorted(flags))),
    filing_errors=st.sets(st.sampled_from(list(ERROR_BITS))).map(
        lambda errors: tuple(error for error in ERROR_BITS if error in errors)
    ),
    programme=st.sampled_from(("us-321", "us-321", "kr", "a-name-of-forty-letters-at-the-very-most")),
    seller=st.none() | st.from_regex("se2:[a-z2-7]{26}", fullmatch=True),
    weight=st.none() | UNSIGNED,
    covered=st.none() | st.integers(0, 2**62),
)


@given(bill=bills)
def test_every_field_comes_back(bill: Bill) -> None:
    """A row gives back its copy, whatever it holds."""
    assert fields(unpack_row(b"ACME0001", pack_row(bill))) == fields(bill)


@given(bill=bills)
def test_a_glance_sees_what_the_row_says(bill: Bill) -> None:
    """Day, status and cents are read off a copy's row, and what the short way asks besides."""
    row = pack_row(bill)
    cents = -1 if bill.value is None else bill.value
    seen_at_once = glance(row)
    assert seen_at_once is not None
    assert seen_at_once[:3] == (bill.day, bill.status, cents)
    seen = look(row)
    assert seen is not None
    assert (seen.day, seen.status, seen.manifested, seen.cents) == (bill.day, bill.status, bill.manifested, cents)
    assert (seen.conveyance.decode(), seen.order.decode() or None) == (bill.conveyance, bill.order)
    is_other = bill.programme != "us-321"
    assert [bool(extras & OTHER_PROGRAMME) for extras in (seen_at_once[3], seen.extras)] == [is_other] * 2


@pytest.mark.parametrize("copies", [1, 2, 6_000, 2**32 - 1])
def test_the_row_of_a_shared_number_is_no_copy(copies: int) -> None:
    """It says how many copies there are, in six bytes, and the short way leaves it to the long way."""
    row = pack_shared(copies)
    assert (row, shared_copies(row)) == (bytes((2, 1)) + copies.to_bytes(4, "little"), copies)
    assert glance(row) is None
    assert look(row) is None
    assert shared_copies(bytes.fromhex(GOLDEN)) == 0


def fields(bill: Bill) -> tuple[Any, ...]:
    """Return all fields but the key and the ledger, which are made of others."""
    return tuple(getattr(bill, name) for name in bill.__struct_fields__ if name not in {"_key", "ledger"})


GOLDEN_BILL = Bill(
    bill="ACME0001",
    conveyance="air:1",
    day=TODAY,
    arrived=True,
    status=RELEASED,
    version=3,
    posting=4,
    revision=5,
    sequence=6,
    manifested=1_755_705_600_000_000,
    value=12_345,
    mode="truck",
    filing="type86",
    order="order-é",
    origins=("CN", "FR"),
    flags=("adcvd", "pga"),
    filing_errors=("282", "no-port"),
)


def test_the_format_is_the_one_on_disk() -> None:
    """The bytes of a row are fixed: a change of them must raise the format, for tables outlive versions."""
    assert pack_row(GOLDEN_BILL) == bytes.fromhex(GOLDEN)
    other = structs.replace(GOLDEN_BILL, programme="kr", seller="se2:x", weight=4_000, covered=10_000)
    assert pack_row(other) == bytes.fromhex(PROGRAMME)


def test_keys_of_rows_are_the_ones_on_disk() -> None:
    """Suffixes are fixed like rows; what a ledger's row tells of its period comes back."""
    ledger = b"\0" + TODAY.to_bytes(4, "big")
    assert bill_suffix(b"ACME0001") == b"bACME0001"
    assert copy_suffix(b"ACME0001", b"air:1") == b"cACME0001\0air:1"
    assert duplicate_suffix(b"ACME0001", TODAY) == b"dACME0001\0" + ledger
    assert ledger_suffix(TODAY) == b"l" + ledger
    assert order_suffix("us-321", "order-1") == b"o\0order-1"
    assert order_suffix("kr", "order-1") == b"okr\0order-1"
    day = PeriodId("kr", TODAY, "se2:x")
    assert ledger_suffix(day) == b"lkr\0" + TODAY.to_bytes(4, "big") + b"se2:x"
    assert ledger_suffix(PeriodId("ge", "air:1", "se2:x")) == b"lge\0air:1\0se2:x"
    for found in (ledger_suffix(day), duplicate_suffix(b"ACME0001", day)):
        assert period_of_ledger(found) == ("kr", TODAY)
    assert period_of_ledger(ledger_suffix(TODAY)) == ("us-321", TODAY)
    assert [programme_of_order(order_suffix(name, "o")) for name in ("us-321", "kr")] == ["us-321", "kr"]


PINNED = """
    0 closed deleted / 1 closed entry-01 / 2 closed entry-11 / 3 closed exported / 4 closed abandoned
    5 closed returned / 6 closed superseded / 7 reject filing-error / 8 pending no-day / 9 reject day-closed
    10 reject suspended / 11 reject origin-excluded / 12 reject goods-excluded / 13 release not-aggregated
    14 clear not-aggregated / 15 reject single-value-over-limit / 16 withhold daily-limit / 17 warn daily-limit
    18 release within-limit / 19 clear within-limit / 20 reject single-weight-over-limit
    21 withhold period-limit / 22 warn period-limit
"""


def test_each_status_has_its_number_on_disk() -> None:
    """Numbers are pinned one by one: the order of the table of outcomes must not move them."""
    pinned = {
        int(words[0]): (words[1], words[2]) for words in map(str.split, PINNED.replace("\n", "/").split("/")) if words
    }
    assert {number: status[:2] for number, status in STATUSES.items()} == pinned
    outcomes = {
        (outcome, reason)
        for verdict in VERDICTS
        for reason in verdict.reasons
        for outcome in (verdict.outcome, verdict.outcome_estimated)
    }
    assert set(pinned.values()) == outcomes
    assert {name: number for number, (outcome, name) in pinned.items() if outcome == "closed" and number < 6} == EXITS


def test_each_name_has_its_number_on_disk() -> None:
    """Modes, flags and filing errors likewise; errors stand in the order in which decisions list them."""
    assert MODE_NUMBERS == {"air": 0, "ocean": 1, "rail": 2, "truck": 3, "mail": 4}
    assert FLAG_BITS == {"adcvd": 1, "irc-tax": 2, "pga": 4, "quota": 8, "fda": 16}
    errors = (
        "282 288 bill-type no-quantity no-port no-hts no-description no-type86 no-state no-exchange-rate "
        "no-purchase-date no-seller no-weight unknown-programme"
    )
    assert list(ERROR_BITS.items()) == [(name, 1 << place) for place, name in enumerate(errors.split())]


@pytest.mark.parametrize("row_format", [0, 1, 3, 255])
def test_another_format_is_refused(row_format: int) -> None:
    """A row of another version is never guessed at; the message says what to do."""
    for whole in (bytes.fromhex(GOLDEN), pack_shared(2)):
        row = bytes((row_format,)) + whole[1:]
        for read in (shared_copies, lambda row: open_row(b"ACME0001", row, clock_on(TODAY))):
            with pytest.raises(RowFormatError, match=f"format {row_format} is not 2.*rebuild tables --epoch N"):
                read(row)


def test_the_number_is_found_in_the_manifest_key() -> None:
    """The key that sorts a bill names it, also where bytes of the instant or the sequence are zero."""
    for sequence in (0, 1, 256, 2**32 - 1):
        bill = replaced(sequence=sequence, manifested=-(2**63))
        assert bill_of_key(bill.key) == (b"ACME0001", "air:1")


def replaced(**changes: Any) -> Bill:
    """Return the golden bill with changes."""
    return structs.replace(unpack_row(b"ACME0001", bytes.fromhex(GOLDEN)), **changes)


@given(st.lists(st.builds(replaced, **MANIFEST_FIELDS), max_size=6))
def test_keys_sort_in_manifest_order(found: list[Bill]) -> None:
    """The bytes of the key sort as (manifested_at, conveyance, sequence, bill) do, text by code point."""
    by_fields = sorted(found, key=lambda bill: (bill.manifested, bill.conveyance, bill.sequence, bill.bill))
    assert [fields(bill) for bill in sorted(found, key=lambda bill: bill.key)] == [fields(bill) for bill in by_fields]


@pytest.mark.parametrize(
    ("changes", "kept"),
    [
        ({"day": TODAY - 15}, (TODAY - 15, RELEASED)),
        ({"day": TODAY - 16}, (NO_DAY, DAY_CLOSED)),
        ({"day": TODAY - 16, "order": None}, None),
        ({"day": TODAY - 16, "status": EXITS["exported"]}, None),
        ({"day": TODAY - 16, "manifested": 0}, None),
        ({"day": NO_DAY, "order": None}, (NO_DAY, RELEASED)),
    ],
    ids=["open", "closed, of an order", "closed", "closed, left", "closed, order too old", "on no day"],
)
def test_of_a_closed_day_only_what_its_order_needs_is_left(
    changes: dict[str, Any], kept: tuple[int, int] | None
) -> None:
    """A bill of a closed day is gone, but for a live one of an order: it is on no day and still part of its order."""
    opened = open_row(b"ACME0001", pack_row(replaced(**changes)), clock_on(TODAY))
    assert (None if opened is None else (opened.day, opened.status)) == kept


def test_a_bill_of_goods_from_everywhere_is_judged() -> None:
    """A bill may name more origins than there are countries; its row holds them all."""
    origins = tuple(f"{first}{second}" for first in "ABCDEFGHIJKL" for second in "ABCDEFGHIJKLMNOPQRSTUVWXYZ")
    judged_step = JudgedStep()
    judged_step.post(posted(origins=origins))
    [(key, row)] = [item for item in judged_step.rows().items() if item[0].endswith(b"bACME0000001")]
    assert unpack_row(key[-11:], row).origins == origins
