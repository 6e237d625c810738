"""Figures kept in `docs/performance.json`, and the table that `docs/performance.md` makes of them."""

import os
import platform
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import msgspec

from tests.bench.report import Figure, number
from tests.prerequisites import ROOT

FILE: Final = ROOT / "docs" / "performance.json"
COMMAND: Final = "make bench ARGS=--page"
MARK: Final = "performance"


class Kept(msgspec.Struct):
    """One figure with the circumstances in which it was taken."""

    figure: Figure
    taken: str
    """Date, UTC."""
    machine: str


def kept(file: Path = FILE) -> dict[str, Kept]:
    """Return the figures that were kept, by name."""
    return msgspec.json.decode(file.read_bytes(), type=dict[str, Kept])


def keep(figures: Iterable[Figure], file: Path = FILE) -> None:
    """Keep figures, each in place of what was kept under its name."""
    machine = f"{os.cpu_count()} cores, Python {platform.python_version()}, {platform.system()}"
    taken = datetime.now(UTC).date().isoformat()
    rows = kept(file) | {figure.name: Kept(figure, taken, machine) for figure in figures}
    file.write_bytes(msgspec.json.format(msgspec.json.encode(rows), indent=1) + b"\n")


def table_of(rows: dict[str, Kept]) -> str:
    """Return the table of the page; where nothing was kept, what fills it."""
    if not rows:
        return f"No figure has been taken since this page took its present form. On a quiet machine, `{COMMAND}` does."
    lines = [
        "| what | median | lowest to highest | floor | to floor | goal | how, and when |",
        "|---|---|---|---|---|---|---|",
    ]
    lines += [f"| {' | '.join(_cells(each))} |" for each in rows.values()]
    return "\n".join(lines)


def _cells(row: Kept) -> tuple[str, ...]:
    figure = row.figure
    *_, sign, met, words = figure.cells()
    spread = f"{number(min(figure.samples))} to {number(max(figure.samples))}"
    how = f"{words}; {row.machine}, {row.taken}".replace("|", "\\|")
    return (
        figure.name.strip(),
        f"{number(figure.value)} {figure.unit}",
        spread if len(figure.samples) > 1 else "",
        *figure.floor_cells(),
        f"{sign}, {met.lower()}" if sign else "",
        how,
    )
