"""The bars that a person sees on a terminal while a long file is read, or long topics are."""

import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.progress import Progress as Bars

Progress = Callable[[int, int], None]
"""Called with the bytes read so far, and the line or event reached."""
Bar = Callable[[int | None], AbstractContextManager[Progress]]
"""Opens a bar for a file of so many bytes; None: the end is not known."""


def open_bars(counted: str) -> "Bars":
    """Return bars on standard error, removed at their end and hidden where it is no terminal.

    `counted` is the text behind the percentage, with the fields of a task.
    """
    from rich import progress  # noqa: PLC0415 - rich is loaded only for a bar
    from rich.console import Console  # noqa: PLC0415 - as above

    columns = (
        progress.TextColumn("{task.description}"),
        progress.BarColumn(),
        progress.TaskProgressColumn(),
        progress.TextColumn(counted),
        progress.TimeRemainingColumn(),
    )
    console = Console(stderr=True)
    return progress.Progress(*columns, console=console, transient=True, disable=not console.is_terminal)


@contextmanager
def no_progress(_size: int | None) -> Iterator[Progress]:
    """Show nothing: standard error is not a terminal."""
    yield lambda _position, _count: None


def file_bar(doing: str, counted: str) -> Bar:
    """Return a bar that says what is done with a file, and how many lines or events are done."""
    if not sys.stderr.isatty():
        return no_progress

    @contextmanager
    def bar(size: int | None) -> Iterator[Progress]:
        with open_bars("{task.fields[count]:,} " + counted) as bars:
            task = bars.add_task(doing, total=size, count=0)
            yield lambda position, count: bars.update(task, completed=position, count=count)

    return bar
