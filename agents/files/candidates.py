"""Candidates: what a file states as events, before any check."""

import re
from collections.abc import Callable, Iterator
from typing import BinaryIO, Final, NamedTuple

from agents.files.json_lines import read_events
from agents.files.mistakes import Mistake

_BILL: Final = re.compile(rb"(?<![A-Za-z0-9])[A-Z0-9]{4,35}(?![A-Za-z0-9])")


class FilePlace(NamedTuple):
    """A place in a file."""

    line: int
    field: str
    """Column, or path within the event."""
    origin: str = ""
    """Where a column map takes it from."""


class Candidate(NamedTuple):
    """An event as a file states it."""

    line: int
    """Where it begins, from 1."""
    value: bytes
    """What would be sent; empty if it is certain that nothing can be."""
    find: Callable[[str], FilePlace]
    """Finds the place that a path such as `$.data.bill` came from."""
    mistakes: tuple[Mistake, ...] = ()
    """Found on the way to the event."""
    rows: int = 1
    """Rows that it takes, or lines."""
    bills: frozenset[str] | None = None
    """Bills that are incomplete without it; None: those that the value names."""


def read_lines(lines: BinaryIO) -> Iterator[Candidate]:
    """Return the candidates of a file of JSON lines; blank lines are left out. Raise FileError."""
    for number, value in read_events(lines):
        yield Candidate(number + 1, value, _finder(number + 1))


def bills_named(text: bytes) -> frozenset[str]:
    """Return all parts of a text that may be a bill number."""
    return frozenset(found.decode() for found in _BILL.findall(text))


def nowhere(_path: str) -> FilePlace:
    """Find nothing: there is no event to have places."""
    return FilePlace(0, "")


def _finder(line: int) -> Callable[[str], FilePlace]:
    return lambda path: FilePlace(line, path.removeprefix("$").removeprefix("."))
