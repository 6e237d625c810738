"""Publishing a file: all of it is checked first, then it is sent slice by slice, each acknowledged before the next."""

from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from itertools import islice
from typing import Final, NamedTuple, Protocol

from agents.files import Form, Opener, ReadCount, read_candidates
from agents.files.maps import ColumnMap
from agents.files.mistakes import Mistake
from agents.observability.progress_bar import Bar
from agents.publish.event_checks import Bad, Checker, Good
from agents.publish.publish_errors import ChangedError, MiscountError

SLICE_EVENTS: Final = 2_000
SLICE_BYTES: Final = 4_000_000
EVENTS_A_REPORT: Final = 500

UNREADABLE: Final = frozenset({"not-json", "not-csv", "not-utf8", "line-ends", "cells", "too-large"})
"""Codes of lines in which nothing could be read."""


class Sender(Protocol):
    """Where events go."""

    @property
    def place(self) -> str:
        """Its name for people."""

    async def send(self, events: Sequence[Good]) -> None:
        """Send events; they are acknowledged when it returns. Raise PublishError."""


class PublishJob(NamedTuple):
    """A file, and how it is to be read."""

    name: str
    opener: Opener
    form: Form
    attribute: str
    """The `source` of events made of CSV."""
    now_ms: int
    """Stands for the broker's clock in the checks, the same both times."""
    column_map: ColumnMap | None = None
    """Reads an export with columns of its own."""


class PublishReport:
    """What the checks found."""

    def __init__(self) -> None:
        self.good = 0
        self.bad = 0
        """Events, and rows that are none, with a mistake or more."""
        self.codes: Counter[str] = Counter()
        """Mistakes by code."""
        self.repeats = 0
        """Events that repeat an earlier one, and will have no effect."""
        self.warnings = 0
        self.unwhole: set[str] = set()
        """Bills with a mistake in a row, or with a row that may be among those that cannot be read."""
        self.rows = 0

    @property
    def unreadable(self) -> bool:
        """Whether there is not one line that could be read, however wrong."""
        return not self.good and bool(self.codes) and not set(self.codes) - UNREADABLE


class Sift:
    """What becomes of the rows of a file of which only whole bills are sent."""

    def __init__(self) -> None:
        self.read = 0
        self.sent = 0
        self.held = 0
        self.mistakes = 0
        self.bills_held: set[str] = set()

    def close(self) -> None:
        """Check the sum. Raise MiscountError."""
        if self.read != self.sent + self.held + self.mistakes:
            raise MiscountError(f"{self.sums()}: the sum is wrong, a fault of Tallygate; please report it")

    def sums(self) -> str:
        """Say it as a sum."""
        return f"rows read {self.read:,} = sent {self.sent:,} + held back {self.held:,} + mistakes {self.mistakes:,}"


def check(job: PublishJob, bar: Bar, tell: Callable[[Mistake], None]) -> PublishReport:
    """Check the whole file; `tell` gets every mistake and warning in the file's order.

    Raise FileError, MiscountError.
    """
    report, count = PublishReport(), ReadCount()
    rows = 0
    for found in _examined(job, bar, count):
        rows += found.rows
        if isinstance(found, Good):
            report.good += 1
            report.repeats += found.repeats
            report.warnings += len(found.warnings)
        else:
            report.bad += 1
            report.unwhole |= found.bills
            report.codes.update(mistake.code for mistake in found.mistakes)
        for mistake in found.warnings if isinstance(found, Good) else found.mistakes:
            tell(mistake)
    report.rows = count.rows
    if rows != count.rows:
        raise MiscountError(
            f"{count.rows:,} rows were read and {rows:,} checked: a fault of Tallygate; please report it"
        )
    return report


def whole(
    job: PublishJob, bar: Bar, report: PublishReport, sift: Sift, tell: Callable[[int, str], None]
) -> Iterator[Good]:
    """Yield the events of whole bills only; `tell` gets line and bill of each event that is held back.

    Raise FileError, MiscountError.
    """
    count = ReadCount()
    for found in _examined(job, bar, count):
        if isinstance(found, Bad):
            sift.mistakes += found.wrong_rows
            sift.held += found.rows - found.wrong_rows
            for bill in found.bills if found.rows > found.wrong_rows else ():
                sift.bills_held.add(bill)
                tell(found.line, bill)
        elif found.bill in report.unwhole:
            sift.held += found.rows
            sift.bills_held.add(str(found.bill))
            tell(found.line, str(found.bill))
        else:
            sift.sent += found.rows
            yield found
    sift.read = count.rows
    sift.close()


def right(job: PublishJob, bar: Bar) -> Iterator[Good]:
    """Yield every event of a file without a mistake.

    Raise FileError; ChangedError if the file has mistakes that it did not have when it was checked.
    """
    for found in _examined(job, bar, ReadCount()):
        if isinstance(found, Bad):
            raise ChangedError("the file changed after it was checked; let it be written to its end, then run it again")
        yield found


async def send(events: Iterator[Good], sender: Sender) -> AsyncIterator[int]:
    """Send events slice by slice, and yield after each how many are acknowledged so far. Raise PublishError."""
    count = 0
    for some in _slices(events):
        await sender.send(some)
        count += len(some)
        yield count


def _examined(job: PublishJob, bar: Bar, count: ReadCount) -> Iterator[Good | Bad]:
    with job.opener() as source, bar(source.size) as progress:
        candidates = read_candidates(job.name, job.form, source, count, job.attribute, job.column_map)
        found = Checker(job.now_ms).examine(candidates)
        for number, each in enumerate(found):
            if number % EVENTS_A_REPORT == 0:
                progress(source.position(), number)
            yield each


def _slices(events: Iterator[Good]) -> Iterator[list[Good]]:
    while taken := list(islice(events, 1)):
        held = len(taken[0].value)
        for event in islice(events, SLICE_EVENTS - 1):
            taken.append(event)
            held += len(event.value)
            if held >= SLICE_BYTES:
                break
        yield taken
