"""Rows of the manifest table come back as they went in, and no other format is read."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from state.manifest.rows import (
    ROW_FORMAT,
    BillRow,
    ConveyanceRow,
    ExitRow,
    RowFormatError,
    glance,
    order_key,
    pack_bill,
    pack_consignee,
    pack_conveyance,
    pack_exit,
    pack_stream_day,
    split_order_key,
    unpack_bill,
    unpack_consignee,
    unpack_conveyance,
    unpack_stream_day,
    with_posting,
)
from stream.consignee import JUDGE_SECRET, KeyMaker

ORDINALS = st.integers(367, 3_651_695)
MICROS = st.integers(-62_103_542_400_000_000, 253_370_764_800_000_000)
COUNTS = st.integers(1, 999_999_999)
EXITS: st.SearchStrategy[Any] = st.sampled_from(
    ["deleted", "entry-01", "entry-11", "exported", "abandoned", "returned"]
)
KEY = st.builds(
    lambda form, digest: form + digest,
    st.sampled_from(["na1:", "id1:EI:", "id1:ANI:", "id1:34:"]),
    st.text("abcdefghijklmnopqrstuvwxyz234567", min_size=26, max_size=26),
)


def subset(*names: str) -> st.SearchStrategy[tuple[str, ...]]:
    """Some of the names, in their order."""
    return st.sets(st.sampled_from(names)).map(lambda chosen: tuple(name for name in names if name in chosen))


@st.composite
def bill_rows(draw: st.DrawFn) -> BillRow:
    """Any bill that can be held."""
    row = BillRow()
    row.version, row.posting, row.sequence = draw(COUNTS), draw(COUNTS), draw(COUNTS) - 1
    row.exit = draw(st.one_of(st.none(), EXITS))
    row.consignee, row.manifested, row.fingerprint = draw(KEY), draw(MICROS), draw(st.binary(min_size=8, max_size=8))
    row.mode = draw(st.sampled_from(["air", "ocean", "rail", "truck", "mail"]))
    row.filing = draw(st.sampled_from(["manifest", "type86"]))
    row.order = draw(st.none() | st.text(min_size=1, max_size=64))
    row.value_cents = draw(st.none() | st.integers(0, 10**15))
    row.origins = tuple(
        sorted(draw(st.sets(st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ", min_size=2, max_size=2), min_size=1)))
    )
    flags: Any = draw(subset("adcvd", "irc-tax", "pga", "quota"))
    row.flags = flags
    row.filing_errors = draw(subset("282", "288", "bill-type", "no-quantity", "no-port", "no-state"))
    if row.value_cents is None:
        row.filing_errors += ("no-exchange-rate",)
    row.estimate, row.estimate_stated = draw(st.just((0, 0)) | st.tuples(ORDINALS, MICROS))
    row.arrived = draw(st.none() | MICROS)
    row.last_day, row.last_arrived = draw(st.just((0, False)) | st.tuples(ORDINALS, st.booleans()))
    return row


def fields(row: object) -> dict[str, Any]:
    """What a row says."""
    assert isinstance(row, BillRow)
    return {name: getattr(row, name) for name in BillRow.__slots__}


@given(bill_rows())
def test_bill_comes_back(row: BillRow) -> None:
    """Every field of a bill survives its row."""
    assert fields(unpack_bill(pack_bill(row))) == fields(row)


@given(bill_rows(), COUNTS)
def test_parts_of_a_row_agree_with_the_whole(row: BillRow, posting: int) -> None:
    """The glance, the order key and the posting number are those of the row."""
    packed = pack_bill(row)
    seen = glance(packed)
    assert (seen is None) == (row.exit is not None)
    assert seen is None or tuple(seen) == (row.estimate, row.estimate_stated, row.arrived)
    consignee, number = split_order_key(order_key(packed, b"ACME0001"))
    assert (unpack_consignee(consignee), number) == (row.consignee, b"ACME0001")
    again = with_posting(packed, posting)
    row.posting = posting
    assert again == pack_bill(row)


@given(
    bill_rows(), bill_rows(), st.tuples(st.sampled_from([b"ACME1", b"ACME2"]), st.sampled_from([b"ACME1", b"ACME2"]))
)
def test_order_keys_sort_in_manifest_order(one: BillRow, other: BillRow, numbers: tuple[bytes, bytes]) -> None:
    """Of one consignee, bytes sort as (manifested_at, sequence, bill) do."""
    other.consignee = one.consignee
    keys = [order_key(pack_bill(row), number) for row, number in zip((one, other), numbers, strict=True)]
    places = [(row.manifested, row.sequence, number) for row, number in zip((one, other), numbers, strict=True)]
    assert (keys[0] < keys[1]) == (places[0] < places[1])


@given(
    st.builds(ConveyanceRow, ORDINALS, st.none() | MICROS, st.none() | MICROS, st.none() | MICROS, st.none() | MICROS)
)
def test_conveyance_comes_back(row: ConveyanceRow) -> None:
    """A conveyance's statements survive, also those never made or taken back."""
    assert unpack_conveyance(pack_conveyance(row)) == row


@given(COUNTS, EXITS)
def test_exit_comes_back(version: int, way: Any) -> None:
    """An exit that waits is told from a bill, and is not live."""
    packed = pack_exit(ExitRow(version, way))
    assert unpack_bill(packed) == ExitRow(version, way)
    assert glance(packed) is None


@given(ORDINALS)
def test_stream_day_comes_back(day: int) -> None:
    """The stream day survives."""
    assert unpack_stream_day(pack_stream_day(day)) == day


def test_consignee_keys_take_seventeen_bytes() -> None:
    """Every form of key that the key maker gives is packed into 17 bytes and comes back."""
    maker = KeyMaker(JUDGE_SECRET)
    keys = [maker.of_name("Ann", ["1 Oak St"], "X", "NJ", "1", "US")]
    keys += [maker.of_identifier(kind, "12-3456789") for kind in ("EI", "ANI", "34")]
    packed = [pack_consignee(key) for key in keys]
    assert {len(each) for each in packed} == {17}
    assert [unpack_consignee(each) for each in packed] == keys


@pytest.mark.parametrize("unpack", [unpack_bill, unpack_conveyance, unpack_stream_day, glance])
@pytest.mark.parametrize("row_format", [0, ROW_FORMAT + 1, 255])
def test_other_formats_are_refused(unpack: Any, row_format: int) -> None:
    """A row of another version stops the worker, with a word on what to do."""
    with pytest.raises(RowFormatError, match=f"format {row_format} is not {ROW_FORMAT}: .*rebuild"):
        unpack(bytes((row_format,)) + bytes(80))
