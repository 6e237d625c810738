"""What a judge gets from a file: events as bytes, each with its line, and rows that are none."""

from collections.abc import Iterator
from typing import Final

from agents.files import Opener, ReadCount, form_of, open_source, read_candidates, rereadable
from agents.files.candidates import Candidate
from agents.files.forms import refuse_misfit
from agents.files.json_lines import read_events
from agents.files.maps import ColumnMap
from agents.files.mistakes import Mistake
from agents.observability.progress_bar import file_bar

LINES_A_REPORT: Final = 2000

Fed = tuple[int, bytes, Candidate | None]
"""Line from 0; the event, empty if there is none; in CSV the rows, with a mistake if there is no event."""


def feed(name: str, column_map: ColumnMap | None = None) -> Iterator[Fed]:
    """Yield what a file holds, in its order (`-`: standard input); a `column_map` reads an export. Raise FileError."""
    with open_source(name) as source:
        form = form_of(name, source.head) if column_map is None else "csv"
        if form == "csv":
            with rereadable(name, source) as opener:
                yield from _rows(name, opener, column_map)
            return
        refuse_misfit(name, form, source.head)
        with file_bar("judging", "lines")(source.size) as progress:
            for number, value in read_events(source.lines):
                yield number, value, None
                if number % LINES_A_REPORT == 0:
                    progress(source.position(), number)


def _rows(name: str, opener: Opener, column_map: ColumnMap | None) -> Iterator[Fed]:
    """Yield the events of whole bills: a bill without one of its rows would be judged by the rest."""
    unwhole: set[str] = set()
    with opener() as source:
        for candidate in read_candidates(name, "csv", source, ReadCount(), column_map=column_map):
            if candidate.mistakes and candidate.bills:
                unwhole |= candidate.bills
    with opener() as source, file_bar("judging", "lines")(source.size) as progress:
        for candidate in read_candidates(name, "csv", source, ReadCount(), column_map=column_map):
            number = candidate.line - 1
            if candidate.mistakes:
                yield number, b"", candidate
            elif candidate.bills and candidate.bills & unwhole:
                held = Mistake(candidate.line, "bill", "held-back", "expected every row of this bill to be right")
                yield number, b"", candidate._replace(mistakes=(held,))
            else:
                yield number, candidate.value, candidate
            if number % LINES_A_REPORT == 0:
                progress(source.position(), number)
