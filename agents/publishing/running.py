"""Publishing a file: the whole of it is checked, and only then is anything sent, in portions that are acknowledged."""

from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from itertools import islice
from typing import Final, NamedTuple, Protocol

from agents.judge.progress import Progress
from agents.publishing.checking import Checker, Good
from agents.publishing.errors import ChangedError
from agents.publishing.mistakes import Mistake
from agents.publishing.sources import Form, Opener, candidates

PORTION_EVENTS: Final = 2_000
PORTION_BYTES: Final = 4_000_000
EVENTS_A_REPORT: Final = 500

Bar = Callable[[int | None], AbstractContextManager[Progress]]


class Sender(Protocol):
    """Where events go."""

    @property
    def place(self) -> str:
        """Its name for people."""

    async def send(self, events: Sequence[Good]) -> None:
        """Send events; they are acknowledged when it returns. Raises PublishError."""


class Job(NamedTuple):
    """A file, and how it is to be read."""

    name: str
    opener: Opener
    form: Form
    attribute: str
    """The `source` of events made of CSV."""
    now_ms: int
    """Stands for the broker's clock in the checks, the same both times."""


class Report:
    """What the checks found."""

    def __init__(self) -> None:
        self.good = 0
        self.bad = 0
        """Events, and rows that are none, with a mistake or more."""
        self.codes: Counter[str] = Counter()
        """Mistakes by code."""


def check(job: Job, bar: Bar, tell: Callable[[Mistake], None]) -> Report:
    """Check the whole file; `tell` is given every mistake in the file's order. Raises FileError."""
    report = Report()
    for found in _examined(job, bar):
        if isinstance(found, Good):
            report.good += 1
            continue
        report.bad += 1
        for mistake in found:
            report.codes[mistake.code] += 1
            tell(mistake)
    return report


async def send(job: Job, bar: Bar, sender: Sender, *, skip_bad: bool) -> AsyncIterator[int]:
    """Send what is good, and tell after each portion how many are acknowledged.

    Raises FileError, PublishError; ChangedError where the file has mistakes that were not there when it was checked.
    """
    count = 0
    for portion in _portions(_good(_examined(job, bar), skip_bad=skip_bad)):
        await sender.send(portion)
        count += len(portion)
        yield count


def _examined(job: Job, bar: Bar) -> Iterator[Good | list[Mistake]]:
    with job.opener() as source, bar(source.size) as progress:
        found = Checker(job.now_ms).examine(candidates(job.form, source, job.name, job.attribute))
        for number, each in enumerate(found):
            if number % EVENTS_A_REPORT == 0:
                progress(source.position(), number)
            yield each


def _good(examined: Iterator[Good | list[Mistake]], *, skip_bad: bool) -> Iterator[Good]:
    for each in examined:
        if isinstance(each, Good):
            yield each
        elif not skip_bad:
            raise ChangedError("the file changed after it was checked; let it be written to its end, then run it again")


def _portions(events: Iterator[Good]) -> Iterator[list[Good]]:
    while portion := list(islice(events, 1)):
        held = len(portion[0].value)
        for event in islice(events, PORTION_EVENTS - 1):
            portion.append(event)
            held += len(event.value)
            if held >= PORTION_BYTES:
                break
        yield portion
