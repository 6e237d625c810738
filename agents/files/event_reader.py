"""The only way to read a file of events, in any form."""

from collections.abc import Iterable, Iterator
from functools import partial
from typing import Final

from agents.files.assembling import assemble
from agents.files.candidates import Candidate, read_lines
from agents.files.csv_rows import CsvRow, Unread, read_rows
from agents.files.forms import Form, refuse_misfit
from agents.files.maps import ColumnMap, MapHeader, beside_unread, is_header, labelled, map_rows
from agents.files.opening import EventFile

EVENT_SOURCE: Final = "/tallygate/publish"
"""The `source` of events made from CSV, unless another is set."""


class ReadCount:
    """Rows that were read, or lines that are not blank; counted while reading, so that sums can be checked."""

    def __init__(self) -> None:
        self.rows = 0


def read_candidates(
    name: str,
    form: Form,
    source: EventFile,
    count: ReadCount,
    attribute: str = EVENT_SOURCE,
    column_map: ColumnMap | None = None,
) -> Iterator[Candidate]:
    """Yield what an open file states as events; `attribute` is the `source` of those made from CSV.

    With a `column_map` the file is CSV with columns of its own. Raise FileError: also where the file is no such form,
    or has a header that cannot be used.
    """
    if column_map is not None:
        yield from _mapped(name, source, count, attribute, column_map)
        return
    refuse_misfit(name, form, source.head)
    if form == "csv":
        yield from assemble(_counted(read_rows(source.lines, name), count), attribute)
        return
    for candidate in read_lines(source.lines):
        count.rows += 1
        yield candidate


def _mapped(
    name: str, source: EventFile, count: ReadCount, attribute: str, column_map: ColumnMap
) -> Iterator[Candidate]:
    refuse_misfit(name, "csv", source.head, partial(is_header, column_map=column_map))
    rows = map_rows(read_rows(source.lines, name, partial(MapHeader, column_map=column_map)), column_map)
    for candidate in beside_unread(assemble(_counted(rows, count), attribute)):
        yield labelled(candidate, column_map)


def _counted(rows: Iterable[CsvRow | Unread], count: ReadCount) -> Iterator[CsvRow | Unread]:
    for row in rows:
        count.rows += 1 if isinstance(row, CsvRow) else row.rows
        yield row
