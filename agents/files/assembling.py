"""Which rows of a CSV file are one event; a row of no known bill makes the bill before it doubtful."""

import re
from collections.abc import Iterable, Iterator
from contextlib import closing
from typing import Final

from agents.files.candidates import Candidate, bills_named, nowhere
from agents.files.columns import BILLS, BY_NAME, MANIFESTED, TYPES, WHOLE
from agents.files.csv_rows import CsvRow, Unread
from agents.files.mistakes import Mistake
from agents.files.row_events import Finder, make_event, row_mistakes
from agents.files.seen_bills import SeenBills

BILL: Final = re.compile(r"[A-Z0-9]{4,35}", re.ASCII)
_LINES_MAX: Final = 1_000
"""One more than a bill may have, enough to be refused: memory stays bounded."""

_ONCE: Final = ("conveyance", "manifested_at", "mode", "filing")
"""A bill's first row has all of these; a shop's export leaves them empty in later rows."""


def assemble(rows: Iterable[CsvRow | Unread], source: str) -> Iterator[Candidate]:
    """Return the events of a file, and the rows that are none, in its order; `source` is the events' attribute."""
    with closing(_Assembling(source)) as assembling:
        for row in rows:
            yield from assembling.take(row)
        yield from assembling.finish()


class _Assembling:
    """The bill whose rows are being read, and what is known of earlier ones."""

    def __init__(self, source: str) -> None:
        self._source = source
        self._rows: list[CsvRow] = []
        self._count = 0
        """Rows of the bill; more than are kept if there are too many."""
        self._first: CsvRow | None = None
        """The first row of the bill that was begun last."""
        self._bill: frozenset[str] = frozenset()
        """The bill before: it may lack a row of no known bill."""
        self._seen = SeenBills()

    def take(self, row: CsvRow | Unread) -> Iterator[Candidate]:
        """Add a row; yield the events that it completes."""
        if isinstance(row, CsvRow) and self._rows and _continues(self._rows[0], self._count, row):
            self._count += 1
            if len(self._rows) < _LINES_MAX:
                self._rows.append(row)
            return
        yield from self.finish()
        if isinstance(row, Unread):
            # A row that names its bill is not missing from the bill before; part of a bill number is no name.
            said = row.bill
            if said and not any(said in number for number in self._bill):
                self._bill = frozenset({said})
            self._first = None
            yield Candidate(row.line, b"", nowhere, row.mistakes, row.rows, row.bills | self._bill)
        elif self._first is not None and _looks_like_goods(self._first, row):
            expected = f"expected a number, since this looks like goods of the bill in line {self._first.line}"
            wrong = Mistake(row.line, "line", "line-missing", expected)
            yield Candidate(row.line, b"", nowhere, (wrong,), 1, self._bill | {self._first.cells.get("bill", "")})
        else:
            self._rows, self._count = [row], 1

    def finish(self) -> Iterator[Candidate]:
        """Return the bill whose rows were read, if there is one."""
        rows, count, self._rows = self._rows, self._count, []
        if not rows:
            return
        first = rows[0]
        event = first.cells.get("event", MANIFESTED)
        bills = self._bills(event, first)
        if event not in TYPES:
            wrong = Mistake(first.line, "event", "wrong-shape", f"expected one of {', '.join(TYPES)}")
            yield Candidate(first.line, b"", nowhere, (wrong,), count, bills)
            return
        mistakes = tuple(_mistakes(event, rows))
        if all(mistake.code != "line-order" for mistake in mistakes):
            mistakes += tuple(self._twice(event, first))
        # A row of goods in the wrong place lacks the rest of its bill; that is not a second mistake.
        astray = any(mistake.code == "line-order" for mistake in mistakes) and not all(
            name in first.cells for name in _ONCE
        )
        value = b"" if astray else make_event(event, rows, self._source)
        yield Candidate(first.line, value, Finder(event, rows).find, mistakes, count, bills)

    def _bills(self, event: str, first: CsvRow) -> frozenset[str]:
        number = first.cells.get("bill", "")
        if not number and event in TYPES and event not in BILLS:
            return frozenset()
        if BILL.fullmatch(number):
            found = self._bill = frozenset({number})
        else:
            # If cells have moved, its number may be in another one.
            found = self._bill | bills_named("\n".join(first.cells.values()).encode())
        if event in WHOLE:
            self._first = first
        return found

    def _twice(self, event: str, first: CsvRow) -> Iterator[Mistake]:
        """Yield a mistake if the bill was stated before: its rows were meant as its goods, or as a correction."""
        if event not in WHOLE or "bill" not in first.cells:
            return
        version = first.cells.get("version", "1").lstrip("0")
        before = self._seen.first((first.cells.get("conveyance", ""), first.cells["bill"], version), first.line)
        if before is not None:
            yield Mistake(first.line, "bill", "bill-twice", f"expected a bill once; that of line {before} is the same")

    def close(self) -> None:
        """Forget."""
        self._seen.close()


def _mistakes(event: str, rows: list[CsvRow]) -> Iterator[Mistake]:
    """Yield the mistakes of a bill's rows; a cell that could not be converted differs from those below it for sure."""
    converting = [mistake for row in rows for mistake in row.mistakes]
    fields = {mistake.field for mistake in converting}
    yield from (each for each in row_mistakes(event, rows) if each.code != "differs" or each.field not in fields)
    yield from converting


def _continues(first: CsvRow, count: int, row: CsvRow) -> bool:
    """Whether a row is the bill's next line: its number says so, and it names the same bill or none."""
    cells = first.cells
    same = all(row.cells.get(name, cells.get(name)) == cells.get(name) for name in ("event", "conveyance", "bill"))
    return same and row.cells.get("line") == str(count + 1)


def _looks_like_goods(first: CsvRow, row: CsvRow) -> bool:
    """Whether a row without a number has goods, and leaves empty what the bill's first row states."""
    if "line" in row.cells or all(name in row.cells for name in _ONCE):
        return False
    columns = [BY_NAME[name] for name in row.cells]
    again = all(column.of_line or first.cells.get(column.name) == row.cells[column.name] for column in columns)
    return again and any(column.of_line for column in columns)
