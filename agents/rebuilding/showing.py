"""What an operator sees of a rebuild: a bar for each group on a terminal, a line now and then elsewhere."""

from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic
from typing import Final

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TaskProgressColumn, TextColumn, TimeRemainingColumn

from agents.rebuilding.gauge import Course, Way
from agents.rebuilding.tables import Outcome

LINE_SECONDS: Final = 10.0


class Showing:
    """A `Watcher` that shows."""

    def __init__(self, bars: Progress) -> None:
        """Show in these bars, and say phases beside them."""
        self._bars = bars
        self._tasks: dict[str, TaskID] = {}
        self._said: dict[str, float] = {}
        self._phase = ""

    def phase(self, text: str) -> None:
        """Say it, once."""
        if text != self._phase:
            self._phase = text
            self._bars.console.print(text, soft_wrap=True, highlight=False)

    def way(self, course: Course, way: Way) -> None:
        """Move a bar; where there are none, write a line when the last one is old."""
        if course.name not in self._tasks:
            self._tasks[course.name] = self._bars.add_task(course.name, total=None)
        self._bars.update(self._tasks[course.name], completed=way.done, total=way.total)
        if self._bars.disable and monotonic() - self._said.get(course.name, -LINE_SECONDS) >= LINE_SECONDS:
            self._said[course.name] = monotonic()
            self._bars.console.print(f"{course.name}: {way.done:,} of {way.total:,} offsets", highlight=False)


@contextmanager
def showing() -> Iterator[Showing]:
    """Give what shows on standard error; the bars are gone when it ends."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TextColumn("{task.completed:,.0f} offsets"),
        TimeRemainingColumn(),
    )
    console = Console(stderr=True)
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bars:
        yield Showing(bars)


def next_steps(outcome: Outcome) -> str:
    """Say what is to be done when the rebuild is done."""
    rebuild, outranked = outcome
    lines = [
        f"epoch {rebuild.epoch} is ready and published. Now:",
        "1. give every process the settings that you ran this with, and",
        f"   {rebuild.spelt()}",
        "2. start the workers; the read model needs no rebuild, since a higher epoch outranks a lower one",
    ]
    if outranked:
        lines += ["3. when you no longer need the former epoch, delete what is left of it:"]
        lines += [f"   {name}" for name in outranked]
    return "\n".join(lines)
