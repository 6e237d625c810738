"""The bar that a person sees on a terminal while a long file is checked and sent."""

from collections.abc import Iterator
from contextlib import contextmanager

from agents.judge.judge_bar import Progress, no_progress
from agents.publish.publish_file import Bar


def bar_named(doing: str, *, shown: bool) -> Bar:
    """Return a bar that says what is being done, or none if it is not shown."""
    if not shown:
        return no_progress

    @contextmanager
    def bar(size: int | None) -> Iterator[Progress]:
        from rich import progress  # noqa: PLC0415 - rich is loaded only for a bar
        from rich.console import Console  # noqa: PLC0415

        columns = (
            progress.TextColumn("{task.description}"),
            progress.BarColumn(),
            progress.TaskProgressColumn(),
            progress.TextColumn("{task.fields[events]:,} events"),
            progress.TimeRemainingColumn(),
        )
        with progress.Progress(*columns, console=Console(stderr=True), transient=True) as shown_bar:
            task = shown_bar.add_task(doing, total=size, events=0)
            yield lambda position, events: shown_bar.update(task, completed=position, events=events)

    return bar
