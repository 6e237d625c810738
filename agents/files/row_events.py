"""An event from a bill's rows, or from another row: each place in it knows its cell.

What a row leaves out is filled in from the row itself, never from a clock or chance: the same file gives the same
events, so publishing it again changes nothing.
"""

import re
from collections.abc import Iterator
from typing import Any, Final

import msgspec

from agents.files.candidates import FilePlace
from agents.files.columns import ARRIVED, BY_NAME, COLUMNS, TYPES, WHOLE, Column, column_of
from agents.files.csv_rows import CsvRow
from agents.files.mistakes import Mistake

NULL: Final = "null"
INTEGER: Final = re.compile(r"-?[0-9]{1,12}", re.ASCII)
_LINE_PLACE: Final = re.compile(r"\$\.data\.lines\[(\d{1,9})]")
_TIMES: Final = {**dict.fromkeys(WHOLE, "manifested_at"), ARRIVED: "arrived_at"}
"""The column with the time of an event if `time` is empty."""


def row_mistakes(event: str, rows: list[CsvRow]) -> Iterator[Mistake]:
    """Yield what the event itself does not show: cells of other events, rows that contradict one another."""
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


def make_event(event: str, rows: list[CsvRow], source: str) -> bytes:
    """Return the event that the rows state; what cannot be read stays as it is, and the check finds it."""
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
    time = cells.get("time") or cells.get(_TIMES.get(event, ""))
    stated = f"{cells.get('bill')}/{version}" if "bill" in cells else time
    document = {
        "specversion": "1.0",
        "id": f"{cells.get('conveyance')}/{stated}/{event}",
        "source": source,
        "type": TYPES[event],
        **({} if time in {None, NULL} else {"time": time}),
        "data": data,
    }
    return msgspec.json.encode(document)


def _line(row: CsvRow) -> dict[str, Any]:
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
    """Read a cell by its column's type; what cannot be read stays text, and the check refuses it."""
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


class Finder:
    """Finds the cell that a place in an event came from."""

    def __init__(self, event: str, rows: list[CsvRow]) -> None:
        self._lines = [row.line for row in rows]
        first, time = rows[0].cells, _TIMES.get(event, "time")
        self._time = "time" if "time" in first or first.get(time) == NULL else time

    def find(self, path: str) -> FilePlace:
        """Return line and column of a path such as `$.data.lines[1].origin`."""
        within = _LINE_PLACE.match(path)
        number = min(int(within[1]), len(self._lines) - 1) if within else 0
        column = column_of(re.sub(r"\[[0-9.]{1,20}]", "[]", path))
        name = column.name if column else ""
        return FilePlace(self._lines[number], self._time if name == "time" else name)
