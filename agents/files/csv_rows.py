"""Rows of a CSV file, with the line on which each begins; lines that are no row are named, and reading goes on."""

import csv
import re
from collections.abc import Callable, Iterator
from itertools import chain
from typing import BinaryIO, Final, Literal, NamedTuple

from agents.files.candidates import bills_named
from agents.files.columns import BILLS, BY_NAME, COLUMNS, TYPES
from agents.files.forms import SEPARATORS
from agents.files.mistakes import Mistake
from agents.files.opening import FileError

LINE_BYTES_MAX: Final = 1_000_000
ROW_LINES_MAX: Final = 1_000
"""A row has fewer lines; with more a quotation mark is open, and memory stays bounded."""

UNKNOWN_MAX: Final = 50
"""Unknown columns of a header that are reported; it may have hundreds of thousands."""

RAW_BYTES_MAX: Final = 10_000
"""Kept of a longer line, to see its bill."""

BYTE_ORDER_MARK: Final = "\ufeff"

_CONVEYANCE: Final = re.compile(r"[A-Za-z0-9:._-]{1,100}")
_BILL: Final = re.compile(r"[A-Z0-9]{4,35}")


class CsvRow(NamedTuple):
    """A row with something in it."""

    line: int
    cells: dict[str, str]
    """Column -> its cell without outer spaces; empty cells are left out."""
    width: int = 0
    """Cells, the empty ones too."""
    mistakes: tuple[Mistake, ...] = ()
    """Cells that a column map could not convert."""


class Unread(NamedTuple):
    """Lines that are no row."""

    line: int
    mistakes: tuple[Mistake, ...]
    rows: int
    """Lines with something in them: each may have been meant as a row."""
    bills: frozenset[str]
    """All parts of them that may be a bill number."""
    bill: str | None
    """The bill that the first of them clearly belongs to."""


class _Line(NamedTuple):
    number: int
    text: str
    raw: bytes
    """As it came, or its beginning."""
    fault: Mistake | None = None


class _EndlessError(Exception):
    """A row goes on for too many lines, or into the next."""


class _Lines:
    """Lines as text, for one row after another; lines that turn out to be no row can be returned."""

    def __init__(self, lines: BinaryIO) -> None:
        self._lines = lines
        self._number = 0
        self._again: list[_Line] = []
        self.taken: list[_Line] = []
        """Of the present row."""
        self.begins_row: Callable[[str], bool] = lambda _line: False
        """Whether a line clearly is the first of a row."""

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        if len(self.taken) > ROW_LINES_MAX:
            raise _EndlessError
        again = bool(self._again)
        line = self._again.pop() if again else self._read()
        if line is None:
            raise StopIteration
        self.taken.append(line)
        # Returned lines are not read to their end again for each row that opens a quotation mark.
        if again and len(self.taken) > 1 and self.begins_row(line.text):
            raise _EndlessError
        return line.text

    def give_back(self, lines: list[_Line]) -> None:
        self._again.extend(reversed(lines))

    def _read(self) -> _Line | None:
        line = self._lines.readline(LINE_BYTES_MAX)
        if not line:
            return None
        self._number += 1
        number = self._number
        fault: Mistake | None = None
        if len(line) == LINE_BYTES_MAX and not line.endswith(b"\n"):
            fault = Mistake(number, "", "too-large", "expected fewer than 1,000,000 bytes")
            rest = line
            while rest and not rest.endswith(b"\n"):
                rest = self._lines.readline(LINE_BYTES_MAX)
            return _Line(number, "\n", line[:RAW_BYTES_MAX], fault)
        text = line.decode("utf-8", "replace")
        if number == 1:
            text = text.removeprefix(BYTE_ORDER_MARK)
        if "\ufffd" in text and not _is_utf8(line):
            fault = Mistake(number, "", "not-utf8", "expected UTF-8")
        return _Line(number, text, line, fault)


class Header:
    """The names of the columns, and what a row under them looks like."""

    quoting: Literal[0, 3] = csv.QUOTE_MINIMAL
    remedy = "tallygate publish --template prints one that can be used"

    def __init__(self, first: str) -> None:
        self.separator = max(SEPARATORS, key=first.count)
        self.names = [name.strip().lower() for name in self._cells(first)]
        self._place = {name: place for place, name in enumerate(self.names)}

    def _cells(self, line: str) -> list[str]:
        try:
            return next(csv.reader([line], delimiter=self.separator, quoting=self.quoting), [])
        except csv.Error:
            return []  # the caller then says what is missing

    def _cell(self, cells: list[str], name: str) -> str:
        place = self._place.get(name, len(cells))
        return cells[place].strip() if place < len(cells) else ""

    def may_be_whole(self, width: int, beside: set[int]) -> bool:
        """Whether a row of so many cells may be whole, `beside` rows of these: spreadsheets omit the last empty cells.

        They do so in many rows in succession, never in a single row.
        """
        return width == len(self.names) or width in beside

    def bills_in(self, text: bytes) -> frozenset[str]:
        """Return all parts of a text that may be a bill number."""
        return bills_named(text)

    def bill_of(self, line: str) -> str | None:
        """Return the bill that a line clearly belongs to: conveyance and bill are in their columns."""
        cells = self._cells(line)
        bill, conveyance = self._cell(cells, "bill"), self._cell(cells, "conveyance")
        return bill if _BILL.fullmatch(bill) and _CONVEYANCE.fullmatch(conveyance) else None

    def begins_row(self, line: str) -> bool:
        """Whether a line clearly is the first of a row: a bill's, a conveyance's, or one with a number."""
        cells = self._cells(line)
        event, conveyance, bill, number = (self._cell(cells, name) for name in ("event", "conveyance", "bill", "line"))
        if len(cells) > len(self.names) or (event and event not in TYPES):
            return False
        if _BILL.fullmatch(bill) or (event and event not in BILLS):
            return _CONVEYANCE.fullmatch(conveyance) is not None
        further = number.isdecimal() and len(cells) == len(self.names)
        return further and not event and not conveyance and not bill

    def mistakes(self) -> Iterator[str]:
        """Yield what is wrong with it; a name is not quoted, since without a header it is a person's."""
        names = self.names
        unknown = 0
        for name in dict.fromkeys(names):
            if name and name not in BY_NAME:
                if (unknown := unknown + 1) > UNKNOWN_MAX:
                    continue
                yield f"column {names.index(name) + 1} of the header: expected the name of a column of the template"
            elif name and names.count(name) > 1:
                yield f"header: expected `{name}` once"
        # A file of events other than bills names them in the column `event`; missing cells are found row by row.
        needed = ["conveyance"] if "event" in names else [column.name for column in COLUMNS if column.needed]
        if missing := [name for name in needed if name not in names]:
            yield f"header: expected also {', '.join(missing)}"


def read_rows(lines: BinaryIO, name: str, header_of: Callable[[str], Header] = Header) -> Iterator[CsvRow | Unread]:
    """Yield rows, and lines that are none, in the order of the file. Raise FileError if the header cannot be used."""
    before, row, header = 0, None, None
    for after in chain(_rows(lines, name, header_of), [None]):
        if isinstance(after, Header):
            header, before = after, len(after.names)
            continue
        if row is not None:
            beside = {before, after.width if isinstance(after, CsvRow) else 0}
            if isinstance(row, CsvRow) and header and not header.may_be_whole(row.width, beside):
                yield _uneven(header, row)
            elif isinstance(row, Unread) or row.cells:
                yield row
            before = row.width if isinstance(row, CsvRow) else 0
        row = after


def _uneven(header: Header, row: CsvRow) -> Unread:
    """Return the mistake of a row with too many or too few cells: each cell may belong to another column."""
    wrong = Mistake(row.line, "", "cells", "expected as many cells as the header has")
    named = header.bills_in("\n".join(row.cells.values()).encode())
    return Unread(row.line, (wrong,), 1, named, None)


def _rows(lines: BinaryIO, name: str, header_of: Callable[[str], Header]) -> Iterator[Header | CsvRow | Unread]:
    source = _Lines(lines)
    header = header_of(next(source, ""))
    wrong = [line.fault.expected for line in source.taken if line.fault] or list(header.mistakes())
    if wrong:
        raise FileError(f"{name}:1: {'; '.join(wrong)}; {header.remedy}")
    yield header
    source.begins_row = header.begins_row
    reader = csv.reader(source, delimiter=header.separator, strict=True, quoting=header.quoting)
    while True:
        source.taken = []
        cells, wrong_marks = None, False
        try:
            cells = next(reader, None)
        except (csv.Error, _EndlessError):
            wrong_marks = True
        taken = source.taken
        if not taken:
            return
        inner = next((place for place, line in enumerate(taken) if place and header.begins_row(line.text)), None)
        if wrong_marks or inner is not None:
            source.give_back(taken[inner:] if inner else [])
            mistake = _swallowing(taken, inner or len(taken))
            yield _unread(header, taken[:inner], (mistake,))
        elif found := _row(header, taken, cells or []):
            yield found


def _swallowing(lines: list[_Line], left_out: int) -> Mistake:
    """Return the mistake of a quotation mark that is never closed: the lines it covers, and where reading goes on."""
    first, last = lines[0].number, lines[-1].number
    if "\r" in lines[0].text.rstrip("\r\n"):
        return Mistake(first, "", "line-ends", "expected lines that end with LF or CRLF, not CR alone")
    covers = f"line {first} alone" if first == last else f"{last - first + 1:,} lines, {first} to {last}"
    if left_out < len(lines):
        covers += f"; {left_out:,} of them left out, reading goes on in line {lines[left_out].number}"
    return Mistake(first, "", "not-csv", f"expected quotation marks in pairs, one covers {covers}")


def _row(header: Header, lines: list[_Line], cells: list[str]) -> CsvRow | Unread | None:
    first, names = lines[0].number, header.names
    filled = [cell.strip() for cell in cells]
    wrong = tuple(line.fault for line in lines if line.fault)
    if not wrong and any(cell for place, cell in enumerate(filled) if place >= len(names) or not names[place]):
        wrong = (Mistake(first, "", "cells", "expected no more cells than the header has"),)
    if wrong:
        # With a cell too many it is unknown which one has the bill.
        return _unread(header, lines, wrong, rows=1, shifted=len(cells) > len(names))
    if not any(filled) and len(filled) < 2:
        return None
    return CsvRow(first, {name: cell for name, cell in zip(names, filled, strict=False) if cell}, len(cells))


def _unread(
    header: Header, lines: list[_Line], wrong: tuple[Mistake, ...], rows: int = 0, *, shifted: bool = False
) -> Unread:
    bills = frozenset().union(*(header.bills_in(line.raw) for line in lines))
    rows = rows or sum(bool(line.text.strip()) for line in lines) or 1
    return Unread(lines[0].number, wrong, rows, bills, None if shifted else header.bill_of(lines[0].text))


def _is_utf8(line: bytes) -> bool:
    try:
        line.decode()
    except UnicodeDecodeError:
        return False
    return True
