"""The only way to read a file of events, in any form."""

from collections.abc import Iterable, Iterator
from typing import Final

from agents.files.assembling import assemble
from agents.files.candidates import Candidate, read_lines
from agents.files.csv_rows import CsvRow, Unread, read_rows
from agents.files.forms import Form, refuse_misfit
from agents.files.opening import EventFile

EVENT_SOURCE: Final = "/tallygate/publish"
"""The `source` of events made from CSV, unless another is set."""


class ReadCount:
    """Rows that were read, or lines that are not blank; counted while reading, so that sums can be checked."""

    def __init__(self) -> None:
        self.rows = 0


def read_candidates(
    name: str, form: Form, source: EventFile, count: ReadCount, attribute: str = EVENT_SOURCE
) -> Iterator[Candidate]:
    """Yield what an open file states as events; `attribute` is the `source` of those made from CSV.

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
