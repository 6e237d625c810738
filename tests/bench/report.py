"""Figures and how they are printed: the median of the runs, the goal beside it, and in words what was measured."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from statistics import median
from time import sleep
from typing import Final, NamedTuple

NOISY_SHARE: Final = 0.1
"""Other processes that take more of a core than this make figures worse than they are."""
LOOK_SECONDS: Final = 1.0
COLUMNS: Final = ("what", "median", "lowest", "highest", "unit", "floor", "to floor", "goal", "", "measured")
NUMBERS: Final = frozenset({1, 2, 3, 5, 6, 7})
"""Columns that are aligned to the right."""


class Figure(NamedTuple):
    """One measured thing, in all its runs."""

    name: str
    unit: str
    samples: tuple[float, ...]
    words: str
    goal: float | None = None
    at_most: bool = False
    """The goal is the most that is allowed, not the least."""
    floor: float | None = None
    """What the calls into C that no event can do without take, in the same unit; see `tests.bench.floor`."""

    @property
    def value(self) -> float:
        """Return the median of the runs."""
        return median(self.samples)

    @property
    def met(self) -> bool:
        """Tell whether the goal is reached; what has none reaches it."""
        if self.goal is None:
            return True
        return self.value <= self.goal if self.at_most else self.value >= self.goal

    def cells(self) -> tuple[str, ...]:
        """Return the line of the table."""
        sign, met = ("≤" if self.at_most else "≥"), ("met" if self.met else "MISSED")
        goal = ("", "") if self.goal is None else (f"{sign} {number(self.goal)}", met)
        numbers = (number(self.value), number(min(self.samples)), number(max(self.samples)))
        return (self.name, *numbers, self.unit, *self.floor_cells(), *goal, self.words)

    def floor_cells(self) -> tuple[str, str]:
        """Return the floor, and how many times the floor the median is."""
        return ("", "") if not self.floor else (number(self.floor), f"{self.value / self.floor:.1f}x")


def number(value: float) -> str:
    """Write a number with about three digits that say something."""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def lines(rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    """Align cells in columns, numbers to the right."""
    cells = [COLUMNS, *rows]
    widths = [max(len(row[column]) for row in cells) for column in range(len(COLUMNS))]
    for row in cells:
        aligned = (
            text.rjust(width) if column in NUMBERS else text.ljust(width)
            for column, (text, width) in enumerate(zip(row, widths, strict=True))
        )
        yield "  ".join(aligned).rstrip()


def print_figures(figures: Iterable[Figure]) -> None:
    """Print a table."""
    print("\n".join(lines(figure.cells() for figure in figures)), flush=True)


def busy_cores() -> float:
    """Look for a second at how many cores are busy, by whomever."""
    before, idle_before = _ticks()
    sleep(LOOK_SECONDS)
    after, idle_after = _ticks()
    cores = sum(1 for line in Path("/proc/stat").read_text().splitlines() if line.startswith("cpu")) - 1
    return cores * (1 - (idle_after - idle_before) / max(1, after - before))


def _ticks() -> tuple[int, int]:
    ticks = [int(field) for field in Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:]]
    return sum(ticks), ticks[3] + ticks[4]


def say_noise() -> bool:
    """Tell and say whether somebody else uses the machine; asked while nothing of ours runs."""
    busy = busy_cores()
    if busy > NOISY_SHARE:
        print(f"NOISY: others use {busy:.1f} cores now; what follows is slower than it need be", flush=True)
    return busy > NOISY_SHARE
