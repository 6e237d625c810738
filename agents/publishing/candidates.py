"""Candidates: what a file states as events, before anybody has looked whether it is one."""

from collections.abc import Callable, Iterator
from typing import BinaryIO, NamedTuple

from agents.judge.files import read_events
from agents.publishing.mistakes import Mistake


class Place(NamedTuple):
    """A place in a file."""

    line: int
    field: str
    """Column, or path within the event."""


class Candidate(NamedTuple):
    """An event as a file states it."""

    line: int
    """Where it begins, from 1."""
    value: bytes
    """What would be sent; empty where it is certain that nothing can be."""
    find: Callable[[str], Place]
    """Finds the place that a path such as `$.data.bill` came from."""
    mistakes: tuple[Mistake, ...] = ()
    """Found on the way to the event."""


def read_lines(lines: BinaryIO, name: str) -> Iterator[Candidate]:
    """Give the candidates of a file of JSON lines; blank lines are left out. Raises FileError."""
    for number, value in read_events(lines, name):
        yield Candidate(number + 1, value, _finder(number + 1))


def _finder(line: int) -> Callable[[str], Place]:
    return lambda path: Place(line, path.removeprefix("$").removeprefix("."))
