"""Rows of CSV files: where each begins, which separators there are, and what is no row."""

import io

import pytest

from agents.files.columns import COLUMNS, TYPES, template
from agents.files.csv_rows import LINE_BYTES_MAX, CsvRow, Unread, read_rows
from agents.files.mistakes import REMEDIES, WARNINGS, Mistake
from agents.files.opening import FileError
from stream.deadletters import Fault
from tests.unit.publish.files import BILL, bill, csv_of, examined, mistakes_in


def rows(text: bytes) -> list[CsvRow]:
    """Return the rows of a file of conveyances' events; there are no mistakes."""
    found = list(read_rows(io.BytesIO(text), "rows.csv"))
    assert [each for each in found if isinstance(each, Unread)] == []
    return [each for each in found if isinstance(each, CsvRow)]


HEADER = b"event,conveyance,bill"


def test_rows_know_their_lines() -> None:
    """Blank rows are left out and counted, and a cell over several lines does not shift what follows."""
    text = HEADER + b'\n\ndeleted,a,"B\n2"\n,,\ndeleted,b,B3\n'
    assert rows(text) == [
        CsvRow(3, {"event": "deleted", "conveyance": "a", "bill": "B\n2"}, 3),
        CsvRow(6, {"event": "deleted", "conveyance": "b", "bill": "B3"}, 3),
    ]


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("start", [b"", b"\xef\xbb\xbf"])
def test_separators_and_marks_of_spreadsheets_are_understood(separator: str, start: bytes) -> None:
    """Commas, semicolons and tabs separate, whichever the header has; a byte-order mark does no harm."""
    text = csv_of(bill(consignee_address="9 Elm Row, Back | Door; 2"), separator=separator)
    (row,) = rows(start + text)
    assert row.cells == bill(consignee_address="9 Elm Row, Back | Door; 2")


def test_header_may_be_written_with_capitals_and_spaces() -> None:
    """Names of columns are compared without case and outer spaces, cells without outer spaces."""
    assert rows(b" Event , CONVEYANCE\n deleted , a \r\n") == [CsvRow(2, {"event": "deleted", "conveyance": "a"}, 2)]


@pytest.mark.parametrize(
    ("header", "said"),
    [
        (b"event,conveyance,weight", ["column 3 of the header"]),
        (b"event,conveyance,event", ["header: expected `event` once"]),
        (b"event,bill", ["header: expected also conveyance"]),
        (b"", ["header: expected also conveyance"]),
        (b"event,conveyance,b\xff", ["expected UTF-8"]),
        (b"Zoe Quill,9 Elm Row", ["column 1 of", "column 2 of", "header: expected also"]),
    ],
)
def test_wrong_header_ends_the_reading(header: bytes, said: list[str]) -> None:
    """An unknown column, one that comes twice, one that is missing: all are named at once, and no row is read."""
    with pytest.raises(FileError, match=r"^rows\.csv:1: ") as error:
        mistakes_in(header + b"\ndeleted,a,B\n")
    assert all(word in str(error.value) for word in said)


def test_header_of_bills_names_everything_that_a_bill_needs() -> None:
    """Without the column `event` all rows are bills, so what is missing for every one of them is said once."""
    text = csv_of({name: cell for name, cell in BILL.items() if name not in {"origin", "value"}})
    with pytest.raises(FileError, match="expected also origin, value;"):
        mistakes_in(text)


def test_header_without_names_quotes_nothing() -> None:
    """A file whose header is missing has a person in its first line; the mistakes do not repeat it."""
    with pytest.raises(FileError) as error:
        mistakes_in(b"Zoe Quill,9 Elm Row\n1,2\n")
    assert not any(word in str(error.value) for word in ("Zoe", "Quill", "Elm"))


@pytest.mark.parametrize(
    ("row", "code"),
    [
        (b'deleted,"a"b,B1', "not-csv"),
        (b'deleted,"a,B1', "not-csv"),
        (b"deleted,a\xff,B1", "not-utf8"),
        (b"deleted,a,B1,more", "cells"),
        (b"deleted,a," + b"B" * LINE_BYTES_MAX, "too-large"),
    ],
)
def test_what_is_no_row_is_named_and_reading_goes_on(row: bytes, code: str) -> None:
    """A row that cannot be read is one mistake on its line, and the rows around it are read."""
    sound = b"deleted,x,BILL9"
    found = list(read_rows(io.BytesIO(b"\n".join([HEADER, sound, row, sound]) + b"\n"), "f"))
    wrong = [(wrong.line, wrong.code) for each in found if isinstance(each, Unread) for wrong in each.mistakes]
    assert wrong == [(3, code)]
    assert [each.line for each in found] == [2, 3, 4]


def test_last_cells_may_be_missing_in_rows_below_one_another() -> None:
    """Spreadsheets leave last empty cells out of many rows; a column without a name may be empty."""
    assert rows(b"event,conveyance,bill,\narrived,a\narrived,b\ndeleted,b,B1,\n") == [
        CsvRow(2, {"event": "arrived", "conveyance": "a"}, 2),
        CsvRow(3, {"event": "arrived", "conveyance": "b"}, 2),
        CsvRow(4, {"event": "deleted", "conveyance": "b", "bill": "B1"}, 4),
    ]


@pytest.mark.parametrize(
    "row", [b"deleted,b,BILL", b",", b"deleted,b,BILL2,,", b"deleted,b,BI,LL2,", b"deleted,b", b"deleted,bBILL2,"]
)
def test_single_row_of_another_width_may_be_cut_off(row: bytes) -> None:
    """A row with a cell more or less than its neighbours is a mistake, though its cells could be read."""
    text = b"event,conveyance,bill,port\ndeleted,a,BILL1,\n" + row + b"\ndeleted,c,BILL3,\n"
    found = list(read_rows(io.BytesIO(text), "f"))
    assert [isinstance(each, Unread) for each in found] == [False, True, False]
    # Last in a file, where copying ended, it is the same.
    *_, last = read_rows(io.BytesIO(text[: text.index(b"\ndeleted,c")]), "f")
    assert isinstance(last, Unread)


def test_column_without_a_name_must_be_empty() -> None:
    """What stands under no name would be lost silently, so it is a mistake."""
    assert mistakes_in(b"event,conveyance,\narrived,a,lost\n") == [(2, "", "cells")]


def test_template_is_right() -> None:
    """The template has every column, and its rows may be published as they are."""
    header, *_ = template().splitlines()
    assert header.split(",") == [column.name for column in COLUMNS]
    assert mistakes_in(template().encode()) == []
    assert len(list(examined(template().encode()))) == 2


def test_columns_belong_to_events_and_places() -> None:
    """Each column has words, belongs to events that exist, and no two go to the same place."""
    places = [column.path for column in COLUMNS if column.path]
    assert len(places) == len(set(places)) == len(COLUMNS) - 2
    assert {event for column in COLUMNS for event in column.events} == set(TYPES)
    assert all(column.words for column in COLUMNS)


def test_every_code_has_a_remedy() -> None:
    """Each code of a dead letter can be a mistake, and says what to do."""
    assert set(Fault) <= set(REMEDIES)
    codes = REMEDIES | WARNINGS
    assert all(Mistake(1, "", code, "expected more").text("f").endswith(codes[code]) for code in codes)
