"""Events out of the rows of a CSV file: a bill's rows become one event, and each place in it knows its cell.

What a row leaves out is filled in from the row itself, never from a clock or chance: the same file gives the same
events, so publishing it again changes nothing.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Any, Final

import msgspec

from agents.publishing.candidates import Candidate, Place
from agents.publishing.columns import BY_NAME, COLUMNS, ESTIMATED, MANIFESTED, TYPES, WHOLE, Column, column_of
from agents.publishing.mistakes import Mistake
from agents.publishing.rows import Row

NULL: Final = "null"
INTEGER: Final = re.compile(r"-?[0-9]{1,12}", re.ASCII)
_LINE_PLACE: Final = re.compile(r"\$\.data\.lines\[(\d{1,9})]")
_LINES_MAX: Final = 1_000
"""One more than a bill may have, enough to be refused: memory stays bounded."""


def assemble(rows: Iterable[Row | Mistake], source: str) -> Iterator[Candidate]:
    """Give the events of a file, and the rows that are none, in its order; `source` is the events' attribute."""
    bill: list[Row] = []
    for row in rows:
        if isinstance(row, Row) and bill and _continues(bill, row):
            if len(bill) < _LINES_MAX:
                bill.append(row)
            continue
        if bill:
            yield _candidate(bill, source)
            bill = []
        if isinstance(row, Row):
            bill = [row]
        else:
            yield Candidate(row.line, b"", _nowhere, (row,))
    if bill:
        yield _candidate(bill, source)


def _continues(bill: list[Row], row: Row) -> bool:
    """Whether a row is the bill's next line: it says so by its number, and names the same bill or none."""
    first = bill[0].cells
    same = all(row.cells.get(name, first.get(name)) == first.get(name) for name in ("event", "conveyance", "bill"))
    return same and row.cells.get("line") == str(len(bill) + 1)


def _candidate(rows: list[Row], source: str) -> Candidate:
    first = rows[0]
    event = first.cells.get("event", MANIFESTED)
    if event not in TYPES:
        wrong = Mistake(first.line, "event", "wrong-shape", f"expected one of {', '.join(TYPES)}")
        return Candidate(first.line, b"", _nowhere, (wrong,))
    value = msgspec.json.encode(_event(event, rows, source))
    return Candidate(first.line, value, _Finder(rows).find, tuple(_mistakes(event, rows)))


def _mistakes(event: str, rows: list[Row]) -> Iterator[Mistake]:
    """Find what the event itself no longer shows: cells that do not belong, rows that do not go together."""
    first = rows[0]
    for name in first.cells:
        if event not in BY_NAME[name].events:
            yield Mistake(first.line, name, "not-for-event", f"expected nothing here on `{event}`")
    if event in WHOLE and first.cells.get("line", "1") != "1":
        yield Mistake(first.line, "line", "line-order", "expected 1, or the number after that of the row before")
    for row in rows[1:]:
        for name, cell in row.cells.items():
            column = BY_NAME[name]
            if name != "line" and not column.of_line and first.cells.get(name) != cell:
                yield Mistake(row.line, name, "differs", f"expected the same as in line {first.line}, or nothing")


def _event(event: str, rows: list[Row], source: str) -> dict[str, Any]:
    first = rows[0]
    cells = {"event": event, **first.cells}
    data: dict[str, Any] = {}
    for column in COLUMNS:
        if column.name in cells and column.within and event in column.events and not column.of_line:
            _put(data, column, column.within, cells[column.name])
    if event in WHOLE:
        data.setdefault("sequence", first.line)
        data["lines"] = [_line(row) for row in rows]
    version = cells.get("version", "1")
    time = cells.get("time") or cells.get("manifested_at" if event == MANIFESTED else "arrived_at")
    stated = f"{cells.get('bill')}/{version}" if "bill" in cells else time
    return {
        "specversion": "1.0",
        "id": f"{cells.get('conveyance')}/{stated}/{event}",
        "source": source,
        "type": TYPES[event],
        **({} if time is None or (time == NULL and event != ESTIMATED) else {"time": time}),
        "data": data,
    }


def _line(row: Row) -> dict[str, Any]:
    line: dict[str, Any] = {}
    for column in COLUMNS:
        if column.of_line and column.name in row.cells:
            _put(line, column, column.within.removeprefix("lines[]."), row.cells[column.name])
    line.setdefault("value", {}).setdefault("currency", "USD")
    return line


def _put(into: dict[str, Any], column: Column, path: str, cell: str) -> None:
    *above, last = path.split(".")
    for step in above:
        into = into.setdefault(step, {})
    into[last] = _read(column, cell)


def _read(column: Column, cell: str) -> Any:
    """Read a cell as its column has it; what does not read so stays text, and is refused for it."""
    match column.kind:
        case "integer":
            return int(cell) if INTEGER.fullmatch(cell) else cell
        case "list":
            return cell.split()
        case "address":
            return [line.strip() for line in cell.split("|")]
        case "nullable":
            return None if cell == NULL else cell
    return cell


class _Finder:
    """Finds the cell that a place in an event came from."""

    def __init__(self, rows: list[Row]) -> None:
        self._lines = [row.line for row in rows]

    def find(self, path: str) -> Place:
        """Give line and column of a path such as `$.data.lines[1].origin`."""
        within = _LINE_PLACE.match(path)
        number = min(int(within[1]), len(self._lines) - 1) if within else 0
        column = column_of(re.sub(r"\[[0-9.]{1,20}]", "[]", path))
        return Place(self._lines[number], column.name if column else "")


def _nowhere(_path: str) -> Place:
    return Place(0, "")
