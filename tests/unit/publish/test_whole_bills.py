"""Only whole bills go out: what happens to a bill of which a row is wrong, missing its number, or stated twice."""

from collections.abc import Iterable
from pathlib import Path

import msgspec
import pytest

from agents.files import twice_readable
from agents.files.seen_bills import SeenBills
from agents.observability.progress_bar import no_progress
from agents.publish.publish_errors import MiscountError
from agents.publish.publish_file import PublishJob, Sift, check, whole
from tests.prerequisites import ROOT
from tests.unit.publish.files import BILL, NOW_MS, Cells, bill, csv_of, event, line

CASES = ROOT / "tests" / "unit" / "files" / "cases"
GOODS = {"description": "kite", "hts": "9503.01", "origin": "FR", "line_quantity": "1", "value": "400.00"}
OTHER = bill(bill="ACME0002")
LANDED = {"event": "arrived", "conveyance": "air:1", "arrived_at": "2025-08-20T10:00:00Z"}


class Sent(msgspec.Struct):
    """What became of a file."""

    bills: list[str]
    """Of the events that go out; a dash for a conveyance's."""
    sums: tuple[int, int, int, int]
    """Rows read, sent, held back, with a mistake."""
    held: list[tuple[int, str]]
    mistakes: list[tuple[int, str, str]]
    said: str


def sift(path: Path) -> Sent:
    """Take what is whole of a file."""
    sums, held, mistakes = Sift(), [], []  # type: ignore[var-annotated]
    with twice_readable(str(path)) as opener:
        job = PublishJob("f", opener, "jsonl" if path.suffix == ".jsonl" else "csv", "/tests", NOW_MS)
        report = check(job, no_progress, mistakes.append)
        going = list(whole(job, no_progress, report, sums, lambda number, number_of: held.append((number, number_of))))
    return Sent(
        [each.bill or "-" for each in going],
        (sums.read, sums.sent, sums.held, sums.mistakes),
        held,
        [(each.line, each.field, each.code) for each in mistakes],
        "\n".join(each.text("f") for each in mistakes),
    )


def sift_rows(path: Path, *rows: Cells) -> Sent:
    """The same, of rows."""
    path.write_bytes(csv_of(*rows))
    return sift(path)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A file to be."""
    return tmp_path / "rows.csv"


@pytest.mark.parametrize(
    ("name", "bills", "sums", "held", "mistakes"),
    [
        ("01-line-items-equal-price.csv", ["-"], (3, 1, 1, 1), [(2, "ACME00001")], [(3, "bill", "bill-twice")]),
        ("01c-line-column.csv", ["ACME00001", "-"], (3, 3, 0, 0), [], []),
        ("01d-shopify-blank-later-rows.csv", ["-"], (3, 1, 1, 1), [(2, "ACME00001")], [(3, "line", "line-missing")]),
        ("10k-e2e.csv", ["-"], (3, 1, 1, 1), [(2, "SKIP0021")], [(3, "", "not-utf8")]),
        ("10k2-mended.csv", ["SKIP0021", "-"], (3, 3, 0, 0), [], []),
        ("10k3-whole.csv", ["SKIP0022", "-"], (3, 3, 0, 0), [], []),
        ("10d-line-misnumbered.csv", ["-"], (3, 1, 1, 1), [(2, "SKIP0004")], [(3, "line", "line-order")]),
        ("03-open-quote.csv", [f"ACME0000{number}" for number in (1, 3, 4, 5, 6, 7)], (7, 6, 0, 1), [],
         [(3, "", "not-csv")]),
        ("04-amended-no-time.csv", [], (4, 0, 3, 1), [(2, "ACME00001"), (3, "ACME00001"), (4, "ACME00001")],
         [(5, "time", "wrong-shape")]),
    ],
)  # fmt: skip
def test_cases_from_the_field(
    name: str,
    bills: list[str],
    sums: tuple[int, int, int, int],
    held: list[tuple[int, str]],
    mistakes: list[tuple[int, str, str]],
) -> None:
    """Of each case exactly the whole bills go out, and everything else is named and counted."""
    sent = sift(CASES / name)
    assert (sent.bills, sent.sums, sent.held, sent.mistakes) == (bills, sums, held, mistakes)


SECOND = bill(**{**GOODS, "value": "500.00"})


@pytest.mark.parametrize(
    ("rows", "where"),
    [
        ([BILL, BILL], [(3, 2)]),
        ([BILL, SECOND], [(3, 2)]),
        ([SECOND, BILL], [(3, 2)]),
        ([BILL, OTHER, LANDED, BILL], [(5, 2)]),
        ([BILL, BILL, BILL], [(3, 2), (4, 2)]),
        ([bill(line="1"), bill(line="1", **GOODS)], [(3, 2)]),
        ([BILL, {**GOODS, "line": "2"}, BILL, {**GOODS, "line": "2"}], [(4, 2)]),
        ([BILL, bill(version="1")], [(3, 2)]),
        ([BILL, bill(version="01", **GOODS)], [(3, 2)]),
        ([BILL, bill(event="amended", version="1", **GOODS)], [(3, 2)]),
        ([bill(value="x"), BILL], [(2, 0), (3, 2)]),
    ],
)
def test_bill_twice_is_a_mistake_of_both_rows(rows: list[Cells], where: list[tuple[int, int]], path: Path) -> None:
    """A whole bill twice under one version, next to each other or not, is named with both rows; no part of it goes."""
    sent = sift_rows(path, *rows, OTHER if OTHER not in rows else LANDED)
    assert [each[0] for each in sent.mistakes] == [row for row, _ in where]
    assert "ACME0001" not in sent.bills
    assert len(sent.bills) == sum(row not in ("ACME0001", None) for row in map(number_of, rows)) + 1
    assert all(f"f:{row}: bill: bill-twice: expected a bill once; that of line {first} is" in sent.said
               for row, first in where if first)  # fmt: skip
    assert "in the column `line`" in sent.said


def number_of(row: Cells) -> str | None:
    """Say whose a row is; a row of goods is its bill's."""
    return row.get("bill") or ("-" if row.get("event") == "arrived" else None)


@pytest.mark.parametrize(
    "rows",
    [
        [BILL, bill(version="2", **GOODS)],
        [bill(version="2"), bill(version="1", **GOODS)],
        [BILL, bill(conveyance="air:2")],
        [bill(line="1"), {**GOODS, "line": "2"}, {**GOODS, "line": "3"}],
        [bill(line="1"), bill(line="2", **GOODS)],
        [bill(line="1"), bill(line="2")],
    ],
)
def test_bill_with_versions_or_numbered_rows_is_right(rows: list[Cells], path: Path) -> None:
    """Another version, another conveyance, and rows of goods that are numbered are no bill twice."""
    sent = sift_rows(path, *rows)
    assert (sent.mistakes, sent.held) == ([], [])
    assert set(sent.bills) == {"ACME0001"}


@pytest.mark.parametrize(
    "left", [["bill"], ["conveyance", "bill"], ["bill", "order"], [], ["event", "conveyance", "bill"]]
)
def test_export_with_blank_later_rows_is_told_of_the_line_column(left: list[str], path: Path) -> None:
    """Whichever columns an export repeats, rows of goods without the rest name `line` first, once each."""
    first = bill(event="manifested", order="S-1")
    later = {**{name: first[name] for name in left}, **GOODS}
    sent = sift_rows(path, first, later, later, bill(bill="ACME0002", order="S-2"))
    assert sent.mistakes == [(3, "line", "line-missing"), (4, "line", "line-missing")]
    assert (sent.bills, sent.sums) == (["ACME0002"], (4, 1, 1, 2))
    assert sent.said.splitlines()[0].endswith("1, 2, 3 in the column `line`; add the column if the file has none")


def with_cell(row: Cells, name: str, cell: str) -> dict[str, str]:
    """Change a cell."""
    return {**row, name: cell}


@pytest.mark.parametrize("event_name", ["amended", "deleted", "disposed"])
def test_later_version_that_is_wrong_holds_the_bill_back(event_name: str, path: Path) -> None:
    """A bill of which a later event is wrong is not sent as it was before, which it no longer is."""
    exit_cells = {"bill": "ACME0001", "conveyance": "air:1", "version": "2", "time": "soon", "event": event_name}
    wrong = bill(event="amended", version="2", value="x") if event_name == "amended" else exit_cells
    sent = sift_rows(path, {**BILL, "event": "manifested"}, OTHER, wrong, LANDED)
    assert (sent.bills, sent.held, sent.sums) == (["ACME0002", "-"], [(2, "ACME0001")], (4, 2, 1, 1))


UNREADABLE = [b"x\xff", b'"', b'a"b"', b"x,y,z", b'"a"b']


@pytest.mark.parametrize("spoiling", UNREADABLE)
@pytest.mark.parametrize("numbered", [True, False])
def test_row_that_cannot_be_assigned_holds_back_the_bill_before(spoiling: bytes, numbered: bool, path: Path) -> None:
    """A row that says whose it is holds back that bill, one that does not the bill before it, and no other bill."""
    name, numbers = ("ACME0009", "") if not numbered else ("", "2")
    rows = [{"line": "1", **OTHER}, {"line": "1", **BILL}, {"line": numbers, **bill(bill=name or "ACME0001")}, LANDED]
    if numbered:
        rows[2] = {"line": "2", **GOODS}
    lines = csv_of(*rows).splitlines()
    lines[3] = lines[3].replace(b"toy" if not numbered else b"kite", spoiling)
    path.write_bytes(b"\n".join(lines) + b"\n")
    if spoiling == b'a"b"':
        assert sift(path).mistakes == []
        return
    sent = sift(path)
    # Where there is a cell too many, the number may be in the wrong one.
    doubtful = numbered or spoiling == b"x,y,z"
    assert sent.bills == (["ACME0002", "-"] if doubtful else ["ACME0002", "ACME0001", "-"])
    assert sent.sums == ((4, 2, 1, 1) if doubtful else (4, 3, 0, 1))


QUOTES = [bill(bill=f"ACME000{number}", description="toy") for number in range(1, 8)]


@pytest.mark.parametrize(
    ("strays", "left_out"),
    [
        ({2: b'"24 inch'}, {2}),
        ({2: b'"24 inch', 5: b'"32 inch'}, {2, 5}),
        ({2: b'"24 inch', 5: b'32 inch"'}, {2}),
        ({7: b'"24 inch'}, {7}),
        ({2: b'"24" inch'}, {2}),
        ({1: b'"a', 2: b'"b', 3: b'"c'}, {1, 2, 3}),
    ],
)
@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
def test_stray_quotation_mark_covers_its_own_row_alone(
    strays: dict[int, bytes], left_out: set[int], end: bytes, path: Path
) -> None:
    """Whatever a mark without its second would swallow is read again from where a row plainly begins."""
    lines = csv_of(*QUOTES).splitlines()
    for row, text in strays.items():
        lines[row] = lines[row].replace(b"toy", text)
    path.write_bytes(end.join(lines) + end)
    sent = sift(path)
    assert [row for row, _, code in sent.mistakes if code == "not-csv"] == [row + 1 for row in sorted(left_out)]
    assert sent.bills == [f"ACME000{number}" for number in range(1, 8) if number not in left_out]
    assert sent.sums == (7, 7 - len(left_out), 0, len(left_out))


def test_mark_names_and_counts_the_lines_that_it_covers(path: Path) -> None:
    """The message has the first and the last line that are covered, their number, and where reading goes on."""
    lines = csv_of(*QUOTES).splitlines()
    lines[3] = lines[3].replace(b"toy", b'"24 inch') + b"\nno row at all"
    path.write_bytes(b"\n".join(lines))
    sent = sift(path)
    covered = "one covers 6 lines, 4 to 9; 2 of them left out, reading goes on in line 6;"
    assert f"f:4: not-csv: expected quotation marks in pairs, {covered}" in sent.said
    assert sent.sums == (8, 6, 0, 2)


def test_cell_of_several_lines_is_no_stray_mark(path: Path) -> None:
    """A cell may have lines of its own, and even separators in them; a row begins where its columns say so."""
    cell = "9 Elm Row\nDoor 2, left, 3\n,,,\nmanifested,x,y"
    sent = sift_rows(path, {**bill(consignee_address=cell), "event": "manifested"}, OTHER)
    assert (sent.bills, sent.mistakes) == (["ACME0001", "ACME0002"], [])


@pytest.mark.parametrize(
    ("texts", "bills", "held"),
    [
        ([line(event()), line(event(version=2))[:-200]], [], [(1, "ACME0001")]),
        ([line(event()), line(event(version=2, mode="plane"))], [], [(1, "ACME0001")]),
        ([line(event(bill="ACME0002")), line(event()), line(event(order="S-1"))], ["ACME0002"], [(2, "ACME0001")]),
        ([line(event(bill="ACME0002")), b"{}", line(event())], ["ACME0002", "ACME0001"], []),
    ],
)
def test_json_lines_are_held_to_the_same(
    texts: Iterable[bytes], bills: list[str], held: list[tuple[int, str]], tmp_path: Path
) -> None:
    """A bill in JSON lines goes only if every line of it is right; one that is cut off still says whose it is."""
    path = tmp_path / "f.jsonl"
    path.write_bytes(b"\n".join(texts))
    sent = sift(path)
    assert (sent.bills, sent.held) == (bills, held)
    assert sent.sums[0] == sum(sent.sums[1:])


def test_sum_that_does_not_come_out_is_an_error() -> None:
    """Rows that were read and are neither sent nor named are never passed over."""
    sift = Sift()
    sift.read, sift.sent = 3, 2
    with pytest.raises(MiscountError, match=r"rows read 3 = sent 2 \+ held back 0 \+ mistakes 0: the sum is wrong"):
        sift.close()


def test_bills_of_a_long_file_are_all_remembered() -> None:
    """However many bills there are between, the first line of each is known; what lies on disk is gone at the end."""
    seen = SeenBills(kept=10)
    assert [seen.first(("air:1", str(number), "1"), number + 2) for number in range(95)] == [None] * 95
    assert [seen.first(("air:1", str(number), "1"), 999) for number in range(95)] == [
        number + 2 for number in range(95)
    ]
    assert seen.first(("air:2", "1", "1"), 999) is None
    seen.close()


def test_rows_of_which_every_cell_has_moved_hold_back_the_bill_they_name(path: Path) -> None:
    """Two rows below one another with a separator too many look even: the number in the wrong cell still counts."""
    amended = bill(event="amended", version="2", conveyance="air:1")
    header, *rows = csv_of({"event": "", **OTHER}, {"event": "", **BILL}, LANDED, amended).splitlines()
    moved = [b"," + rows[2], b"," + rows[3]]
    path.write_bytes(b"\n".join([header, *rows[:2], *moved]) + b"\n")
    sent = sift(path)
    assert sent.bills == ["ACME0002"]
    assert sent.sums == (4, 1, 1, 2)


def test_a_piece_of_the_number_before_is_no_number_of_its_own(path: Path) -> None:
    """An unreadable row whose bill was cut by a separator holds back the bill that the piece is of."""
    rows = csv_of(BILL, bill(event="amended", version="2", conveyance="air:1"), OTHER).splitlines()
    number = BILL["bill"].encode()
    broken = rows[2].replace(number, number[:5] + b"," + number[5:]).replace(b"toy", b'"toy')
    path.write_bytes(b"\n".join([rows[0], rows[1], broken, rows[3]]) + b"\n")
    sent = sift(path)
    assert sent.bills == ["ACME0002"]
    assert sent.held == [(2, BILL["bill"])]
