"""What comes in is cut into scans: never two joined, never a part of one, however it is sent and in what pieces."""

import json

import msgspec
import pytest

from agents.client.cutting import BROKEN_OFF, CARD, NO_BILL, NO_ENTER, Cutter, Scan, Sent
from stream.bills import AROUND
from tests.prerequisites import ROOT

VECTORS = json.loads((ROOT / "docs" / "scan-vectors.json").read_text("utf-8"))["vectors"]
GO, OTHER = Scan("ACME0001"), Scan("ACME0002")
NONE, LEFT, BROKEN = (Scan(None, line) for line in (NO_BILL, NO_ENTER, BROKEN_OFF))
TAIL = "ACME00077"
LONG = f"{'X' * 200}{TAIL}"


def cut(data: bytes, size: int = 0, *, keys: bool = False) -> list[Scan]:
    """Return the scans in some bytes that come in pieces of a size, all at one moment; what was read is left out."""
    return [msgspec.structs.replace(scan, read="") for scan in read(data, size, keys=keys)]


def read(data: bytes, size: int = 0, *, keys: bool = False) -> list[Scan]:
    """Return the same scans with what was read."""
    cutter = Cutter(keys=keys)
    pieces = [data[start : start + size] for start in range(0, len(data), size)] if size else [data]
    found = [scan for piece in pieces for scan in cutter.cut(Sent(piece, 0.0))]
    return [*found, *cutter.end()]


@pytest.mark.parametrize("size", [0, 1, 2, 7, 199])
@pytest.mark.parametrize(
    ("data", "scans"),
    [
        (b"ACME0001\nACME0002\n", [GO, OTHER]),
        (b"ACME0001\rACME0002\r", [GO, OTHER]),
        (b"ACME0001\r\nACME0002\r\n", [GO, OTHER]),
        (b"ACME0001\tACME0002\t\r\n", [NONE]),
        (b"ACME0001\t\r\nACME0002\t\n", [GO, OTHER]),
        (b"\n\r\n \n\t\nACME0001\n\n", [NONE, NONE, NONE, NONE, GO, NONE]),
        (b"ACME0001\r\r\n\n\rACME0002\r", [GO, NONE, NONE, NONE, OTHER]),
        (b"\xef\xbb\xbfACME0001\nACME0002\n", [GO, OTHER]),
        (b"\xef\xbb\xbf\nACME0001\n", [NONE, GO]),
        (b"]C1ACME0001\r", [GO]),
        (b"ACME0001\nACME000", [GO, LEFT]),
        (b"ACME0001", [LEFT]),
        (b"ACME0001\n  \x1d", [GO]),
        (LONG.encode() + b"\n", [NONE]),
        (LONG.encode() * 50 + b"\nACME0001\n", [NONE, GO]),
        (LONG.encode(), [LEFT]),
        (b"ACME0001" + b" " * 200 + b"\n" + b" " * 200 + b"ACME0001\n", [NONE, NONE]),
        (b"\xef\xbb\xbf" + b" " * 200 + b"ACME0001\n", [NONE]),
        (b"ACME0001\x1dACME0002\n", [NONE]),
        (b"ACME0001\0ACME0002\nACME\x000001\n", [NONE, NONE]),
        (b"\0\0ACME0001\0\n", [GO]),
        (b"ACME0001\xff\nACME0001\xc3\n\xe2\x82\n", [NONE, NONE, NONE]),
        ("ACME0001\n".encode("utf-16"), [NONE]),
        (b"ACME0001\x7f\nACME00012\x08\n", [NONE, NONE]),
    ],
)
def test_bytes_become_scans(data: bytes, scans: list[Scan], size: int) -> None:
    """In a pipe each line is one scan, an unended one is HOLD and so is a long one, and the pieces do not matter."""
    assert cut(data, size) == scans


@pytest.mark.parametrize("size", [0, 1, 3])
def test_what_was_read_is_told(size: int) -> None:
    """Each line of a pipe is told as it was read, escaped so that no byte is lost and none divides columns or lines."""
    lines = [b"acme-0001", b"", b"a\tb", b"\\t", b"\x00\x1d\x7f", "\u00e9\u4e2d".encode(), b"\xff", b"X" * 500, b"last"]
    told = [scan.read for scan in read(b"\n".join(lines), size)]
    assert told[:2] == ["acme-0001", ""]
    assert all(each.isascii() and each.isprintable() for each in told)
    back = [each.encode().decode("unicode_escape").encode("latin-1") for each in (*told[:7], told[8])]
    assert back == [*lines[:7], lines[8]]
    assert told[7] == "X" * 204 + r"\..."
    assert [scan.read for scan in read(b"ACME0001\rACME0002\t", size, keys=True)] == ["", ""]


def test_a_terminal_tells_what_is_no_bill_number_and_no_token() -> None:
    """What is no bill number is told as it was read; the card of a place is named, and its token is not repeated."""
    assert read(b"??\r", keys=True) == [Scan(None, NO_BILL, "??")]
    for secret in ("0f" * 32, "0f" * 8):  # the short one, of the demo, would be a bill number
        assert read(f"tg_{'a1' * 5}_{secret}\r".encode(), keys=True) == [Scan(None, CARD)]
    assert [scan.bill for scan in read(b"TG_12345678\r", keys=True)] == ["TG12345678"]


def test_ten_megabytes_are_one_scan() -> None:
    """A line without end is one scan and is not kept."""
    cutter = Cutter(keys=False)
    for _ in range(160):
        assert list(cutter.cut(Sent(b"ACME0001" * 8192, 0.0))) == []
    assert len(cutter.unended) < 300
    last, other = cutter.cut(Sent(b"ACME0001\nACME0002\n", 0.0))
    assert (last.bill, last.line, len(last.read), other.bill) == (None, NO_BILL, 208, "ACME0002")


@pytest.mark.parametrize("keys", [True, False])
@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: ascii(vector["sent"][:40]))
def test_vectors_hold_for_what_is_cut(vector: dict[str, str], keys: bool) -> None:
    """What the page makes of a scan the terminal makes of it too; a scan with an end inside is several."""
    found = [scan.bill for scan in cut(f"{vector['sent']}\n".encode(), keys=keys)]
    if not keys:
        assert [bill for bill in found if bill] == (
            ["ACME0001", "ACME0002"]
            if set("\r\n") & set(vector["sent"].strip("\r\n\t "))
            else [vector["bill"]] * bool(vector["bill"])
        )
    elif not set("\r\n\t") & set(vector["sent"].strip("\r\n\t ")):
        assert found == ([vector["bill"]] if vector["sent"].strip(f"\ufeff{AROUND}") else [])
    else:
        assert found == ["ACME0001", "ACME0002"]


def typed(*keys: tuple[float, bytes]) -> list[Scan]:
    """Return the scans of keys on a terminal, each so many seconds after the one before."""
    cutter, now = Cutter(keys=True), 0.0
    found: list[Scan] = []
    for after, key in keys:
        now += after
        found += cutter.cut(Sent(key, now))
    return found


def by_hand(text: bytes, seconds: float = 0.3) -> list[tuple[float, bytes]]:
    return [(seconds, bytes([each])) for each in text]


@pytest.mark.parametrize(
    ("keys", "scan"),
    [
        ([(0.0, b"ACME0001\r")], GO),
        (by_hand(b"ACME0001\r"), GO),
        (by_hand(b"ACME0001\r", 5.0), GO),
        (by_hand(b"ACME0003\x7f1\r"), GO),
        ([*by_hand(b"ACME000"), (61.0, b"1"), (0.3, b"\r")], BROKEN),
        ([(0.0, b"ACME0001"), (2.0, b"ACME0002\r")], BROKEN),
        ([(0.0, b"ACME0001"), (2.0, b"\r")], BROKEN),
        ([*by_hand(b"AC", 0.01), (1.0, b"ME0001\r")], BROKEN),
        ([*by_hand(b"ACME", 0.01), (1.0, b"0"), (2.0, b"1\r")], BROKEN),
        ([(0.0, b"ACME00012\x7f\r")], NONE),
        ([*by_hand(b"X"), (0.3, b"\x7f"), (90.0, b"ACME0001\r")], GO),
    ],
)
def test_a_scan_does_not_pause(keys: list[tuple[float, bytes]], scan: Scan) -> None:
    """A fast run and a pause are two scans or a broken one; a person may pause and take back, but not for ever."""
    assert [msgspec.structs.replace(each, read="") for each in typed(*keys)] == [scan]


def test_what_has_begun_is_shown_as_text() -> None:
    """What has not ended is seen, without control characters; what only frames a scan has not begun one."""
    cutter = Cutter(keys=True)
    for sent, unended in ((b"\x02\x1d ", ""), (b"AC\x1dME", "AC?ME"), ("é".encode(), "AC?ME?"), (b"\r", "")):
        assert [scan.bill for scan in cutter.cut(Sent(sent, 0.0))] == [None] * (sent == b"\r")
        assert cutter.unended == unended
