"""Rows of the manifest table come back as they went in, and no other format is read."""

from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from state.manifest.bill_rows import (
    PLAIN,
    BillRow,
    Claim,
    glance,
    order_key,
    pack_bill,
    split_order_key,
    unpack_bill,
    with_posting,
)
from state.manifest.packed_keys import pack_key, unpack_key
from state.manifest.rows import (
    ROW_FORMAT,
    ConveyanceRow,
    ExitRow,
    pack_conveyance,
    pack_exit,
    pack_stream_day,
    unpack_conveyance,
    unpack_stream_day,
)
from state.rules.entries import FilingCode
from state.unreadable_rows import RowFormatError
from stream.consignee import JUDGE_SECRET, KeyMaker
from stream.events import Filing, Flag, Mode
from stream.postings import Exit

ORDINALS = st.integers(367, 3_651_695)
MICROS = st.integers(-62_103_542_400_000_000, 253_370_764_800_000_000)
COUNTS = st.integers(1, 999_999_999)
EXITS: st.SearchStrategy[Any] = st.sampled_from(
    ["deleted", "entry-01", "entry-11", "exported", "abandoned", "returned"]
)
DIGEST = st.text("abcdefghijklmnopqrstuvwxyz234567", min_size=26, max_size=26)
KEY = st.builds(lambda form, digest: form + digest, st.sampled_from(["na2:", "id2:EI:", "id2:ANI:", "id2:34:"]), DIGEST)
PROGRAMMES = st.sampled_from(["us-321", "kr", "k" * 39])
GRAMS = st.integers(0, 999_999_999)
SELLER = DIGEST.map(lambda digest: f"se2:{digest}")


def subset(*names: str) -> st.SearchStrategy[tuple[str, ...]]:
    """Some of the names, in their order."""
    return st.sets(st.sampled_from(names)).map(lambda chosen: tuple(name for name in names if name in chosen))


@st.composite
def bill_rows(draw: st.DrawFn) -> BillRow:
    """Any bill that can be held."""
    row = BillRow()
    row.version, row.posting, row.sequence = draw(COUNTS), draw(COUNTS), draw(COUNTS) - 1
    row.exit = draw(st.one_of(st.none(), EXITS))
    row.packed_consignee, row.manifested = pack_key(draw(KEY)), draw(MICROS)
    row.fingerprint = draw(st.binary(min_size=8, max_size=8))
    row.mode = draw(st.sampled_from(["air", "ocean", "rail", "truck", "mail"]))
    row.filing = draw(st.sampled_from(["manifest", "type86"]))
    row.order = draw(st.none() | st.text(min_size=1, max_size=64))
    row.value_cents = draw(st.none() | st.integers(0, 10**15))
    row.origins = tuple(
        sorted(draw(st.sets(st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ", min_size=2, max_size=2), min_size=1)))
    )
    flags: Any = draw(subset("adcvd", "fda", "irc-tax", "pga", "quota"))
    row.flags = flags
    row.filing_errors = draw(subset(*get_args(FilingCode)))
    row.claim = draw(st.just(PLAIN) | st.builds(Claim, PROGRAMMES, ORDINALS, st.none() | SELLER, st.none() | GRAMS))
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
    unknown = "unknown-programme" in row.filing_errors and row.claim is not PLAIN
    assert (seen is None) == (row.exit is not None or unknown)
    says = (row.estimate, row.estimate_stated, row.arrived, row.claim.programme, row.purchase_day)
    assert seen is None or structs.astuple(seen) == says
    consignee, number = split_order_key(order_key(packed, b"ACME0001"))
    assert (unpack_key(consignee), number) == (row.consignee, b"ACME0001")
    again = with_posting(packed, posting)
    row.posting = posting
    assert again == pack_bill(row)


@given(
    bill_rows(), bill_rows(), st.tuples(st.sampled_from([b"ACME1", b"ACME2"]), st.sampled_from([b"ACME1", b"ACME2"]))
)
def test_order_keys_sort_in_manifest_order(one: BillRow, other: BillRow, numbers: tuple[bytes, bytes]) -> None:
    """Of one consignee, bytes sort as (manifested_at, sequence, bill) do."""
    other.packed_consignee = one.packed_consignee
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


def test_keys_take_seventeen_bytes() -> None:
    """Every form of consignee and seller key that the key maker gives is packed into 17 bytes and comes back."""
    maker = KeyMaker(JUDGE_SECRET)
    keys = [maker.of_name("Ann", ["1 Oak St"], "X", "NJ", "1", "US")]
    keys += [maker.of_identifier(kind, "12-3456789") for kind in ("EI", "ANI", "34")]
    keys.append(maker.of_seller("Works"))
    packed = [pack_key(key) for key in keys]
    assert {len(each) for each in packed} == {17}
    assert [unpack_key(each) for each in packed] == keys


EI, ANI, SSN = (f"id2:{kind}:{'a' * 26}" for kind in ("EI", "ANI", "34"))
# What stands where in a row, byte by byte: never to be changed without another format.
SOLD = f"se2:{'a' * 26}"
TAIL = 63
"""Where the origins begin, and behind them what not every bill has."""
NUMBERS: list[tuple[dict[str, Any], int, bytes]] = [
    ({}, 0, b"\2\0\0\0\0\7\0\0\0\5\0\0\0\0\0\x10"),
    ({"exit": "deleted"}, 1, b"\1"),
    ({"exit": "entry-01"}, 1, b"\2"),
    ({"exit": "entry-11"}, 1, b"\3"),
    ({"exit": "exported"}, 1, b"\4"),
    ({"exit": "abandoned"}, 1, b"\5"),
    ({"exit": "returned"}, 1, b"\6"),
    ({"mode": "ocean"}, 10, b"\1"),
    ({"mode": "rail"}, 10, b"\2"),
    ({"mode": "truck"}, 10, b"\3"),
    ({"mode": "mail", "filing": "type86"}, 10, b"\x0c"),
    ({"flags": ("adcvd",)}, 11, b"\1"),
    ({"flags": ("irc-tax",)}, 11, b"\2"),
    ({"flags": ("pga",)}, 11, b"\4"),
    ({"flags": ("quota",)}, 11, b"\x08"),
    ({"flags": ("fda",)}, 11, b"\x10"),
    ({"filing_errors": ("282",)}, 12, b"\0\1"),
    ({"filing_errors": ("288",)}, 12, b"\0\2"),
    ({"filing_errors": ("bill-type",)}, 12, b"\0\4"),
    ({"filing_errors": ("no-quantity",)}, 12, b"\0\x08"),
    ({"filing_errors": ("no-port",)}, 12, b"\0\x10"),
    ({"filing_errors": ("no-state",)}, 12, b"\0\x20"),
    ({"filing_errors": ("no-exchange-rate",)}, 12, b"\0\x40"),
    ({"filing_errors": ("no-hts",)}, 12, b"\0\x80"),
    ({"filing_errors": ("no-description",)}, 12, b"\1\0"),
    ({"filing_errors": ("no-type86",)}, 12, b"\2\0"),
    ({"filing_errors": ("no-purchase-date",)}, 12, b"\4\0"),
    ({"filing_errors": ("no-seller",)}, 12, b"\x08\0"),
    ({"filing_errors": ("no-weight",)}, 12, b"\x10\0"),
    ({"filing_errors": ("unknown-programme",)}, 12, b"\x20\0"),
    ({"value_cents": None}, 14, b"\0\0"),
    ({"estimate": 739000, "estimate_stated": 0}, 14, b"\0\x11"),
    ({"arrived": 0}, 14, b"\0\x12"),
    ({"last_day": 739000}, 14, b"\0\x14"),
    ({"last_day": 739000, "last_arrived": True}, 14, b"\0\x1c"),
    ({"claim": Claim("kr")}, 14, b"\0\x30"),
    ({"claim": Claim("kr")}, TAIL, b"FR\2kr"),
    ({"claim": Claim("us-321")}, TAIL, b"FR\6us-321"),
    ({"claim": Claim("kr", 739000)}, 14, b"\0\x70"),
    ({"claim": Claim("kr", 739000), "order": "o-1"}, TAIL, b"FR\2kr\x00\x0b\x46\xb8o-1"),
    ({"claim": Claim("kr", 0, SOLD)}, 14, b"\0\xb0"),
    ({"claim": Claim("kr", 0, SOLD), "order": "o-1"}, TAIL, b"FR\2kr" + bytes(16) + b"\4o-1"),
    ({"claim": Claim("kr", 0, None, 0)}, 14, b"\1\x30"),
    ({"claim": Claim("kr", 0, None, 258), "order": "o-1"}, TAIL, b"FR\2kr\0\0\1\2o-1"),
    (
        {"last_day": 1, "claim": Claim("kr", 2, SOLD, 3)},
        TAIL,
        b"FR\0\0\0\1\2kr\0\0\0\2" + bytes(16) + b"\4\0\0\0\3",
    ),
    ({}, 32, b"\0"),
    ({"packed_consignee": pack_key(EI)}, 32, b"\1"),
    ({"packed_consignee": pack_key(ANI)}, 32, b"\2"),
    ({"packed_consignee": pack_key(SSN)}, 32, b"\3"),
]


@pytest.mark.parametrize(("changes", "at", "expected"), NUMBERS)
def test_numbers_on_disk_are_fixed(changes: dict[str, Any], at: int, expected: bytes) -> None:
    """Each exit, mode, flag, filing error, part and form of key has the number it has had since format 2."""
    assert pack_bill(plain(**changes))[at : at + len(expected)] == expected
    assert fields(unpack_bill(pack_bill(plain(**changes)))) == fields(plain(**changes))


def test_every_name_has_a_pinned_number() -> None:
    """The table above names every exit, mode, flag and filing error there is, and the exits that wait likewise."""
    pinned = {str(value) for changes, _, _ in NUMBERS for value in changes.values()}
    pinned |= {
        str(one) for changes, _, _ in NUMBERS for value in changes.values() if type(value) is tuple for one in value
    }
    names = {*get_args(Exit), *get_args(Mode), *get_args(Filing), *get_args(Flag), *get_args(FilingCode)}
    assert names - pinned == {"air", "manifest"}
    assert [pack_exit(ExitRow(7, way))[:2] for way in get_args(Exit)] == [bytes((2, 128 | at)) for at in range(1, 7)]


def plain(**changes: Any) -> BillRow:
    """A bill of which only the changes are worth a look."""
    row = BillRow()
    plainly: dict[str, Any] = {
        "version": 7, "posting": 5, "exit": None, "packed_consignee": pack_key(f"na2:{'a' * 26}"), "manifested": 0,
        "sequence": 0, "fingerprint": bytes(8), "mode": "air", "filing": "manifest", "order": None, "value_cents": 100,
        "origins": ("FR",), "flags": (), "filing_errors": (), "estimate": 0, "estimate_stated": 0, "arrived": None,
        "last_day": 0, "last_arrived": False, "claim": PLAIN,
    }  # fmt: skip
    for name, value in (plainly | changes).items():
        setattr(row, name, value)
    return row


@pytest.mark.parametrize(("at", "byte"), [(11, 0x20), (12, 0x40), (14, 0x80), (14, 0x02)])
def test_row_with_parts_of_a_later_version_is_refused(at: int, byte: int) -> None:
    """A flag, an error or a part that is not known yet stops the worker, instead of being read past."""
    row = bytearray(pack_bill(plain(order="o-1")))
    row[at] |= byte
    with pytest.raises(RowFormatError, match="rebuild"):
        unpack_bill(bytes(row))


@pytest.mark.parametrize("unpack", [unpack_bill, unpack_conveyance, unpack_stream_day, glance])
@pytest.mark.parametrize("row_format", [0, ROW_FORMAT + 1, 255])
def test_other_formats_are_refused(unpack: Any, row_format: int) -> None:
    """A row of another version stops the worker, with a word on what to do."""
    with pytest.raises(RowFormatError, match=f"format {row_format} is not {ROW_FORMAT}: .*rebuild"):
        unpack(bytes((row_format,)) + bytes(80))
