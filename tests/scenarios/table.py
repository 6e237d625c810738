"""Read `worked_examples.txt`: examples of rows, each an event with the decisions it must lead to."""

from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

PATH = Path(__file__).with_name("worked_examples.txt")

Cells = dict[str, str]


class Expected(NamedTuple):
    """A decision as the table states it; amounts as text, `-` for null."""

    bill: str
    outcome: str
    reason: str
    total: str
    code: str


class Row(NamedTuple):
    """One event, its decisions in order, and its alerts."""

    cells: Cells
    decisions: list[Expected]
    alerts: list[str]
    dead_letter: str
    stale: bool


class Example(NamedTuple):
    """One example under one policy."""

    label: str
    """Its number in the list of worked examples, with a letter where it is run in several ways."""
    marks: set[str]
    sources: list[str]
    options: tuple[tuple[str, str], ...]
    """Options of `tallygate judge` that are not the default ones."""
    rows: list[Row]

    @property
    def number(self) -> int:
        """Its number in the list of worked examples."""
        return int(self.label.rstrip("abc"))


class Book(NamedTuple):
    """The whole file."""

    examples: list[Example]
    outside: dict[int, Cells]
    """Examples outside the contract, with the reason."""
    sources: dict[str, str]


def read_book(path: Path = PATH) -> Book:
    """Read the file; raises ValueError for a row with a wrong number of cells."""
    examples, outside, sources = (list(section) for section in _sections(path.read_text("utf-8")))
    return Book(
        [_example(cells) for cells in _blocks(examples)],
        {int(cells["number"]): cells for cells in outside},
        {cells["name"]: cells["where"] for cells in sources},
    )


def _sections(text: str) -> Iterator[Iterator[Cells]]:
    """Split at comments; the first line of a section names the columns."""
    lines = text.splitlines()
    for comment, section in groupby(lines, key=lambda line: line.startswith("#")):
        rows = [[cell.strip() for cell in line.split("|")] for line in section if line.strip()]
        if not comment and rows:
            columns, *body = rows
            yield (dict(zip(columns, row, strict=True)) for row in body)


def _blocks(rows: list[Cells]) -> Iterator[list[Cells]]:
    block: list[Cells] = []
    for cells in rows:
        if cells["example"] and block:
            yield block
            block = []
        block.append(cells)
    yield block


def _example(block: list[Cells]) -> Example:
    first = block[0]
    options = tuple(tuple(option.split("=")) for option in first["policy"].split())
    rows: list[Row] = []
    for cells in block:
        if cells["event"]:
            rows.append(_row(cells))
        else:
            rows[-1].decisions.append(_expected(cells))
    marks = set(first["mark"].split("/"))
    return Example(first["example"], marks, first["source"].split(", "), options, rows)  # type: ignore[arg-type]


def _row(cells: Cells) -> Row:
    outcome, alerts = cells["outcome"], cells["alerts"].split()
    dead_letter = cells["reason"] if outcome == "dead-letter" else ""
    decided = outcome not in {"dead-letter", "stale"}
    return Row(cells, [_expected(cells)] if decided else [], alerts, dead_letter, outcome == "stale")


def _expected(cells: Cells) -> Expected:
    return Expected(cells["bill"], cells["outcome"], cells["reason"], cells["total"], cells["code"])


def aligned(text: str) -> str:
    """Return the text with its columns aligned, each section by itself."""
    lines = text.splitlines()
    done: list[str] = []
    for comment, section in groupby(lines, key=lambda line: line.startswith("#")):
        body = [[cell.strip() for cell in line.split("|")] if line and not comment else line for line in section]
        tables = [row for row in body if isinstance(row, list)]
        widths = [max(map(len, column)) for column in zip(*tables, strict=True)]
        done += [_line(row, widths) if isinstance(row, list) else row for row in body]
    return "\n".join(done) + "\n"


def _line(row: list[str], widths: list[int]) -> str:
    return " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()


if __name__ == "__main__":
    for path in (PATH, *PATH.with_name("tables").glob("*.txt")):
        path.write_text(aligned(path.read_text("utf-8")), "utf-8")
