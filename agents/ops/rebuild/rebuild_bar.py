"""What the operator sees of a rebuild: a bar for each group on a terminal, else a line every ten seconds."""

from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic
from typing import Final

from rich.progress import Progress, TaskID

from agents.observability.progress_bar import open_bars
from agents.ops.rebuild.group_lag import RebuildGroup, RebuildProgress
from agents.ops.rebuild.rebuild import Outcome

LINE_SECONDS: Final = 10.0


class RebuildBars:
    """A `RebuildWatcher` that shows bars on a terminal, else lines."""

    def __init__(self, bars: Progress) -> None:
        """Use these bars, and print phases beside them."""
        self._bars = bars
        self._tasks: dict[str, TaskID] = {}
        self._said: dict[str, float] = {}
        self._phase = ""

    def phase(self, text: str) -> None:
        """Print a phase once."""
        if text != self._phase:
            self._phase = text
            self._bars.console.print(text, soft_wrap=True, highlight=False)

    def progress(self, group: RebuildGroup, progress: RebuildProgress) -> None:
        """Move the bar of a group; without bars, print a line if the last one is old."""
        if group.name not in self._tasks:
            self._tasks[group.name] = self._bars.add_task(group.name, total=None)
        self._bars.update(self._tasks[group.name], completed=progress.done, total=progress.total)
        if self._bars.disable and monotonic() - self._said.get(group.name, -LINE_SECONDS) >= LINE_SECONDS:
            self._said[group.name] = monotonic()
            self._bars.console.print(f"{group.name}: {progress.done:,} of {progress.total:,} offsets", highlight=False)


@contextmanager
def rebuild_bars() -> Iterator[RebuildBars]:
    """Show bars on standard error, and remove them at the end."""
    with open_bars("{task.completed:,.0f} offsets") as bars:
        yield RebuildBars(bars)


def next_steps(outcome: Outcome) -> str:
    """Return what the operator does after the rebuild."""
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
