"""Rows of bills: every field comes back, other formats are refused, and what a closed day leaves is the same."""

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from state.withholding.bill import NO_DAY, Bill, bill_of_key
from state.withholding.rows import ALERTED_DAYS_MAX, RowFormatError, glance, look, open_row, pack_row, unpack_row
from state.withholding.statuses import CLEAR, DAY_CLOSED, EXITS, RELEASED, STATUSES
from stream.events import Flag
from tests.unit.withholding.desk import DAY, Desk, posted

TODAY = DAY.toordinal()
FLAGS: tuple[Flag, ...] = ("adcvd", "irc-tax", "pga", "quota")
CODES = ("282", "288", "bill-type", "no-quantity", "no-port", "no-state", "no-exchange-rate")
GOLDEN = """
    01 01 9a480b00
    9b480b00 12 1b 03000000 04000000 05000000 06000000 00409e10ce3c0600 3930000000000000 05 0800 0200 05 0b
    6169723a31 6f726465722dc3a9 434e4652 3238322c6e6f2d706f7274
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
    status=st.integers(0, len(STATUSES) - 1),
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
    flags=st.sets(st.sampled_from(FLAGS)).map(lambda flags: tuple(sorted(flags))),
    filing_errors=st.lists(st.sampled_from(CODES), unique=True).map(tuple),
)


@given(copies=st.lists(bills, max_size=3), alerted=st.lists(st.integers(0, 2**32 - 1), max_size=3))
def test_every_field_comes_back(copies: list[Bill], alerted: list[int]) -> None:
    """A row gives back its copies and reported days, whatever they hold."""
    found, days = unpack_row(b"ACME0001", pack_row(copies, tuple(alerted)))
    assert days == tuple(alerted)
    assert [fields(bill) for bill in found] == [fields(bill) for bill in copies]


@given(bill=bills)
def test_a_glance_sees_what_the_row_says(bill: Bill) -> None:
    """Day, status and cents are read off the row of one copy; of any other row nothing, for it would be too little."""
    assert glance(pack_row([bill])) == (bill.day, bill.status, -1 if bill.value is None else bill.value)
    assert glance(pack_row([bill, bill])) is glance(pack_row([bill], (TODAY,))) is None


@given(bill=bills)
def test_a_look_sees_the_one_copy(bill: Bill) -> None:
    """What the short way asks of a row is what the row says; a row with more to it is left to the long way."""
    seen = look(pack_row([bill]))
    assert seen is not None
    assert (seen.day, seen.status, seen.manifested) == (bill.day, bill.status, bill.manifested)
    assert (seen.conveyance.decode(), seen.order.decode() or None) == (bill.conveyance, bill.order)
    assert seen.cents == (-1 if bill.value is None else bill.value)
    assert look(pack_row([bill, bill])) is look(pack_row([bill], (TODAY,))) is None


def fields(bill: Bill) -> tuple[Any, ...]:
    """Give all fields but the key, which is made of others."""
    return tuple(getattr(bill, name) for name in bill.__struct_fields__ if name != "_key")


def test_the_format_is_the_one_on_disk() -> None:
    """The bytes of a row are fixed: whoever changes them must raise the format, for tables outlive versions."""
    bill = Bill(
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
    assert pack_row([bill], (TODAY - 1,)) == bytes.fromhex(GOLDEN)


def test_numbers_of_statuses_are_the_ones_on_disk() -> None:
    """Rows hold statuses by number, so a new row of the table of outcomes goes to the end."""
    assert (len(STATUSES), EXITS["deleted"], DAY_CLOSED, RELEASED, CLEAR) == (20, 0, 9, 18, 19)


@pytest.mark.parametrize("row_format", [0, 2, 255])
def test_another_format_is_refused(row_format: int) -> None:
    """A row of another version is never guessed at; the message says what to do."""
    row = bytes((row_format,)) + bytes.fromhex(GOLDEN)[1:]
    with pytest.raises(RowFormatError, match=f"format {row_format} is not 1.*rebuild tables"):
        open_row(b"ACME0001", row, TODAY, TODAY - 15)


def test_the_number_is_found_in_the_manifest_key() -> None:
    """The key that sorts a bill names it, also where bytes of the instant or the sequence are zero."""
    for sequence in (0, 1, 256, 2**32 - 1):
        bill = replaced(sequence=sequence, manifested=-(2**63))
        assert bill_of_key(bill.key) == b"ACME0001"


def replaced(**changes: Any) -> Bill:
    """Give the golden bill with changes."""
    copies, _ = unpack_row(b"ACME0001", bytes.fromhex(GOLDEN))
    return structs.replace(copies[0], **changes)


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
    row = pack_row([replaced(**changes), replaced(conveyance="air:2")], (TODAY - 16, TODAY))
    opened = open_row(b"ACME0001", row, TODAY, TODAY - 15)
    assert [(copy.day, copy.status) for copy in opened.copies] == [*([kept] if kept else []), (TODAY, RELEASED)]
    assert opened.alerted_days == (TODAY,)


def test_reported_days_beyond_what_a_row_can_name_go_first_in_first_out() -> None:
    """A bill that meets itself on ever new days is reported on each, and its row stays readable."""
    desk = Desk()
    for ahead in range(ALERTED_DAYS_MAX + 2):
        day = date.fromordinal(TODAY + ahead)
        for conveyance in ("air:1", "air:2"):
            desk.post(posted(stand="expected", day=day, posting=ahead + 1), conveyance=conveyance)
    [(key, row)] = [item for item in desk.rows().items() if item[0].endswith(b"bACME0000001")]
    _, alerted = unpack_row(key[-11:], row)
    assert alerted == tuple(range(TODAY + 2, TODAY + ALERTED_DAYS_MAX + 2))


def test_a_bill_of_goods_from_everywhere_is_judged() -> None:
    """A bill may name more origins than there are countries; its row holds them all."""
    origins = tuple(f"{first}{second}" for first in "ABCDEFGHIJKL" for second in "ABCDEFGHIJKLMNOPQRSTUVWXYZ")
    desk = Desk()
    desk.post(posted(origins=origins))
    [(key, row)] = [item for item in desk.rows().items() if item[0].endswith(b"bACME0000001")]
    assert unpack_row(key[-11:], row)[0][0].origins == origins
