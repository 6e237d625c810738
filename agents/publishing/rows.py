"""Rows of a CSV file, with the line each begins on; what is no row is a mistake, and reading goes on after it."""

import csv
from collections.abc import Iterator
from typing import BinaryIO, Final, NamedTuple

from agents.publishing.columns import BY_NAME, COLUMNS
from agents.publishing.mistakes import Mistake

LINE_BYTES_MAX: Final = 1_000_000
SEPARATORS: Final = ",;\t"
"""Spreadsheets of many countries write the second; the header tells which."""

BYTE_ORDER_MARK: Final = "\ufeff"


class Row(NamedTuple):
    """A row with something in it."""

    line: int
    cells: dict[str, str]
    """Column -> what stands there, outer spaces cut; empty cells are left out."""


class _Lines:
    """Lines as text; remembers which lines since the last look could not be read."""

    def __init__(self, lines: BinaryIO) -> None:
        self._lines = lines
        self.number = 0
        self.faults: list[Mistake] = []

    def __iter__(self) -> Iterator[str]:
        while line := self._lines.readline(LINE_BYTES_MAX):
            self.number += 1
            if len(line) == LINE_BYTES_MAX and not line.endswith(b"\n"):
                self.faults.append(Mistake(self.number, "", "too-large", "expected fewer than 1,000,000 bytes"))
                while line and not line.endswith(b"\n"):
                    line = self._lines.readline(LINE_BYTES_MAX)
                line = b"\n"
            text = line.decode("utf-8", "replace")
            if self.number == 1:
                text = text.removeprefix(BYTE_ORDER_MARK)
            if "\ufffd" in text and not _is_utf8(line):
                self.faults.append(Mistake(self.number, "", "not-utf8", "expected UTF-8"))
            yield text


def read_rows(lines: BinaryIO) -> Iterator[Row | Mistake]:
    """Give rows and mistakes in the order of the file; after a mistake in the header nothing more comes."""
    source = _Lines(lines)
    text = iter(source)
    first = next(text, "")
    separator = max(SEPARATORS, key=first.count)
    names = _names(first, separator)
    wrong = [*source.faults, *_wrong_header(names)]
    if wrong:
        yield from wrong
        return
    reader = csv.reader(text, delimiter=separator, strict=True)
    while True:
        line = source.number + 1
        try:
            cells = next(reader, None)
        except csv.Error:
            yield Mistake(line, "", "not-csv", "expected cells with quotation marks in pairs")
            source.faults.clear()
            continue
        if source.faults:
            yield from source.faults
            source.faults.clear()
        elif cells is not None:
            yield from _row(line, names, cells)
        if cells is None:
            return


def _row(line: int, names: list[str], cells: list[str]) -> Iterator[Row | Mistake]:
    filled = [cell.strip() for cell in cells]
    if any(cell for place, cell in enumerate(filled) if place >= len(names) or not names[place]):
        yield Mistake(line, "", "cells", "expected no more cells than the header has")
    elif any(filled):
        yield Row(line, {name: cell for name, cell in zip(names, filled, strict=False) if cell})


def _names(header: str, separator: str) -> list[str]:
    try:
        return [name.strip().lower() for name in next(csv.reader([header], delimiter=separator), [])]
    except csv.Error:
        return []  # what is missing is said then


def _wrong_header(names: list[str]) -> Iterator[Mistake]:
    for name in dict.fromkeys(names):
        if name and name not in BY_NAME:
            # The name itself is not repeated: where the header is missing it is somebody's name or address.
            number = names.index(name) + 1
            yield Mistake(1, f"column {number}", "header", "expected the name of a column of the template")
        elif name and names.count(name) > 1:
            yield Mistake(1, name, "header", "expected each column once")
    # A file of other events than bills names them in the column `event`; what those lack is seen row by row.
    needed = ["conveyance"] if "event" in names else [column.name for column in COLUMNS if column.needed]
    missing = [name for name in needed if name not in names]
    if missing:
        yield Mistake(1, "", "header", f"expected also {', '.join(missing)}")


def _is_utf8(line: bytes) -> bool:
    try:
        line.decode()
    except UnicodeDecodeError:
        return False
    return True
