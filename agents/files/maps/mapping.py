"""Rows of an export become rows of ours: the header that the map expects, the cells, and the lines of goods."""

import csv
import re
from collections.abc import Iterable, Iterator
from typing import Final

from agents.files.candidates import Candidate, FilePlace
from agents.files.columns import BILLS, MANIFESTED
from agents.files.csv_rows import UNKNOWN_MAX, CsvRow, Header, Unread
from agents.files.forms import SEPARATORS
from agents.files.maps.column_map import ColumnMap, is_of_goods, key
from agents.files.maps.conversions import BILL, ConversionError, kind_of, to_bill
from agents.files.mistakes import Mistake

BILLS_AFTER: Final = 2
"""Held back after a row that could not be read."""

_PIECES: Final = re.compile(rb'[,;\t"\r\n]')


class MapHeader(Header):
    """The header of an export, and what a row under it looks like to a map."""

    def __init__(self, first: str, column_map: ColumnMap) -> None:
        self._map = column_map
        # An instance attribute, since the cells of the header are read with it too.
        self.quoting = csv.QUOTE_MINIMAL if column_map.quotes else csv.QUOTE_NONE
        self.remedy = f"change the export, or the map {column_map.name} (docs/column-maps.md)"
        super().__init__(first)

    def looks_right(self) -> bool:
        """Whether at least half of the columns that the map needs are there."""
        needed = self._needed()
        return 2 * sum(name in self.names for name in needed) >= max(1, len(needed))

    def _needed(self) -> dict[str, str]:
        """Return the columns of the export that the map needs, each with the way the map writes it."""
        return {key(name): name for ours in self._map.columns for name in self._map.sources(ours)}

    def mistakes(self) -> Iterator[str]:
        """Yield what is wrong with it; only names of the map are quoted, since without a header one is a person's."""
        needed = self._needed()
        names = set(self.names)
        if missing := [written for name, written in needed.items() if name not in names]:
            yield f"header: expected also {', '.join(missing[:UNKNOWN_MAX])}"
        twice = {name for name in needed if self.names.count(name) > 1} if len(self.names) > len(names) else set()
        for name in sorted(twice):
            yield f"header: expected {needed[name]} once"

    def may_be_whole(self, width: int, beside: set[int]) -> bool:
        """Whether a row may be whole: where rows are no whole bills, only one with all cells is."""
        return width == len(self.names) or (not self._map.goods_rows and width in beside)

    def bills_in(self, text: bytes) -> frozenset[str]:
        """Return the bills of all cells, whole and in parts, since each may have been the bill's."""
        column = self._map.columns.get("bill")
        if column is None or column.conversion != "bill-number":
            return super().bills_in(text)
        found: set[str] = set()
        for piece in _PIECES.split(text):
            cell = piece.decode("utf-8", "replace")
            found.update(to_bill(part, self._map.bill_prefix) for part in (cell, *cell.split()))
        return frozenset(bill for bill in found if BILL.fullmatch(bill))

    def bill_of(self, line: str) -> str | None:  # noqa: ARG002 - the base has a use for it
        """Return None: an export has no cell by which a broken row is clearly of one bill."""
        return None

    def begins_row(self, line: str) -> bool:
        """Whether a line has as many cells as the header, and a bill number."""
        cells = self._cells(line)
        if len(cells) != len(self.names) or len(cells) < 2:
            return False
        return self._map.bill_of(dict(zip(self.names, map(str.strip, cells), strict=True))) is not None


def is_header(line: str, column_map: ColumnMap) -> bool:
    """Whether a line is the header of an export that the map reads."""
    return any(separator in line for separator in SEPARATORS) and MapHeader(line, column_map).looks_right()


def map_rows(rows: Iterable[CsvRow | Unread], column_map: ColumnMap) -> Iterator[CsvRow | Unread]:
    """Yield a row of ours for each row of an export."""
    before: CsvRow | None = None
    order: tuple[str, ...] = ()
    for row in rows:
        if isinstance(row, Unread):
            before = None
            yield row
            continue
        now = tuple(row.cells.get(key(theirs), "") for theirs in column_map.sources("bill"))
        # Two numbers that become one bill are no one order: the second is refused as a bill that comes twice.
        mapped = _mapped(row, column_map, before if now == order else None)
        before, order = (mapped if isinstance(mapped, CsvRow) else None), now
        yield mapped


def beside_unread(candidates: Iterable[Candidate]) -> Iterator[Candidate]:
    """Yield candidates; a row that is none holds back the two bills after it too.

    An export does not number the rows of an order. A row that is cut in two within its order's number leaves a rest
    that looks like a bill, and after it what is left of the order.
    """
    waiting: list[Candidate] = []
    for candidate in candidates:
        if waiting and candidate.value and len(waiting) < BILLS_AFTER:
            waiting.append(candidate)
        elif waiting and candidate.value:
            yield from _joined([*waiting, candidate])
            waiting = []
        elif candidate.value:
            yield candidate
        else:
            yield from _joined(waiting)
            waiting = [candidate]
    yield from _joined(waiting)


def _joined(waiting: list[Candidate]) -> Iterator[Candidate]:
    """Yield a row that is no candidate, and the bills after it that are incomplete without it."""
    bills = frozenset[str]().union(*(each.bills or () for each in waiting))
    for place, each in enumerate(waiting):
        yield each if place else each._replace(bills=bills)


def labelled(candidate: Candidate, column_map: ColumnMap) -> Candidate:
    """Return a candidate whose mistakes name the columns of the export too."""

    def find(path: str) -> FilePlace:
        place = candidate.find(path)
        return place._replace(origin=column_map.source_words(place.field))

    mistakes = tuple(_labelled(mistake, column_map) for mistake in candidate.mistakes)
    return candidate._replace(find=find, mistakes=mistakes)


def _labelled(mistake: Mistake, column_map: ColumnMap) -> Mistake:
    if mistake.code == "bill-twice":
        mistake = Mistake(mistake.line, mistake.field, "rows-apart", mistake.expected)
    origin = mistake.origin or column_map.source_words(mistake.field)
    return Mistake(mistake.line, mistake.field, mistake.code, mistake.expected, origin)


def _mapped(row: CsvRow, column_map: ColumnMap, before: CsvRow | None) -> CsvRow | Unread:
    cells: dict[str, str] = dict(column_map.constants)
    mistakes = list(_unexpected(row, column_map))
    for ours in column_map.columns:
        try:
            if found := column_map.convert(ours, row.cells):
                cells[ours] = found
        except ConversionError as error:
            mistakes.append(Mistake(row.line, ours, "not-converted", str(error)))
    if cells.get("event", MANIFESTED) in BILLS and not BILL.fullmatch(cells.get("bill", "")):
        if all(mistake.field != "bill" for mistake in mistakes):
            expected = f"expected 4 to 35 capital letters and digits, found {kind_of(cells.get('bill', ''))}"
            mistakes.append(Mistake(row.line, "bill", "no-bill", expected))
        named = tuple(_labelled(mistake, column_map) for mistake in mistakes)
        return Unread(row.line, named, 1, frozenset(), None)
    if column_map.goods_rows:
        _number(cells, column_map, before)
    return CsvRow(row.line, cells, row.width, tuple(mistakes))


def _number(cells: dict[str, str], column_map: ColumnMap, before: CsvRow | None) -> None:
    """Write which line of goods it is, and repeat from the row above what the export says once for an order."""
    same = before is not None and before.cells.get("bill") == cells.get("bill")
    cells["line"] = str(int(before.cells["line"]) + 1) if before is not None and same else "1"
    if before is None or not same:
        return
    for ours, column in column_map.columns.items():
        if column.repeat and is_of_goods(ours) and ours not in cells and ours in before.cells:
            cells[ours] = before.cells[ours]


def _unexpected(row: CsvRow, column_map: ColumnMap) -> Iterator[Mistake]:
    for theirs, values in column_map.expected.items():
        cell = row.cells.get(key(theirs), "")
        if cell not in values:
            shown = " or ".join(value or "nothing" for value in sorted(values))
            found = kind_of(cell)
            yield Mistake(row.line, "", "unexpected", f"expected {shown}, found {found}", f'column "{theirs}"')
