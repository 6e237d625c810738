"""The bar that a person sees on a terminal while a long file is judged."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

Progress = Callable[[int, int], None]
"""Called with the bytes read so far and the line reached."""


@contextmanager
def no_progress(_size: int | None) -> Iterator[Progress]:
    """Show nothing: standard error is not a terminal."""
    yield lambda _position, _line: None


@contextmanager
def progress_bar(size: int | None) -> Iterator[Progress]:
    """Show a bar on standard error, and remove it when done; `size` in bytes, None: the end is not known."""
    from rich import progress  # noqa: PLC0415 - rich is loaded only for a bar
    from rich.console import Console  # noqa: PLC0415

    columns = (
        progress.BarColumn(),
        progress.TaskProgressColumn(),
        progress.TextColumn("{task.fields[line]:,} lines"),
        progress.TimeRemainingColumn(),
    )
    with progress.Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("judging", total=size, line=0)
        yield lambda position, line: bar.update(task, completed=position, line=line)
