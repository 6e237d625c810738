"""The one way into a file of events, whichever form it has."""

from collections.abc import Iterable, Iterator
from typing import Final

from agents.files.assembling import assemble
from agents.files.candidates import Candidate, read_lines
from agents.files.csv_rows import CsvRow, Unread, read_rows
from agents.files.forms import Form, refuse_misfit
from agents.files.opening import EventFile

EVENT_SOURCE: Final = "/tallygate/publish"
"""The `source` of events made of CSV, unless another is given."""


class ReadCount:
    """Rows that were read, or lines that are not blank; told where they are read, so that sums can be held to it."""

    def __init__(self) -> None:
        self.rows = 0


def read_candidates(
    name: str, form: Form, source: EventFile, count: ReadCount, attribute: str = EVENT_SOURCE
) -> Iterator[Candidate]:
    """Return what an open file states as events; `attribute` is the `source` of those made of CSV.

    Raise FileError: also where the file is no such form, or has a header that cannot be used.
    """
    refuse_misfit(name, form, source.head)
    if form == "csv":
        yield from assemble(_counted(read_rows(source.lines, name), count), attribute)
        return
    for candidate in read_lines(source.lines):
        count.rows += 1
        yield candidate


def _counted(rows: Iterable[CsvRow | Unread], count: ReadCount) -> Iterator[CsvRow | Unread]:
    for row in rows:
        count.rows += 1 if isinstance(row, CsvRow) else row.rows
        yield row
