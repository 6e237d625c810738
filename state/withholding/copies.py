"""The copies of one consignee's bills while a record is judged: read from rows, and written back after the judging.

A copy is a bill on a conveyance. `keys` and `rows` define how copies are kept.
"""

from collections.abc import Iterable
from typing import Final

from state.table import Group
from state.withholding.bill import Bill
from state.withholding.clock import Clock
from state.withholding.keys import BILL_KIND, COPY_KIND, bill_suffix, copy_suffix, number_of_copy
from state.withholding.rows import look, open_row, pack_row, pack_shared, shared_copies

Identity = tuple[bytes, str]
"""Bill number and conveyance."""

_SHARED: Final = ""
"""Takes the place of the only copy's conveyance if a number has several copies; no conveyance has this name."""


class Copies:
    """The copies under one root. Each is read at most once, and changed in place while a record is judged."""

    __slots__ = ("_clock", "_group", "_held", "_only", "has_shared")

    def __init__(self, group: Group, clock: Clock) -> None:
        self._group = group
        self._clock = clock
        self._held: dict[Identity, Bill | None] = {}
        self._only: dict[bytes, str | None] = {}
        """By number, the conveyance of its only copy; None if it has no copy, `_SHARED` if it has several."""
        self.has_shared = False
        """Whether any number that was read or put has several."""

    def read_all(self) -> None:
        """Read all rows of the group; only for groups of few rows."""
        clock = self._clock
        for suffix, row in self._group.items():
            kind = suffix[:1]
            if kind == BILL_KIND:
                number = suffix[1:]
                if shared_copies(row):
                    self._share(number)
                    continue
                copy = open_row(number, row, clock)
                self._only[number] = None if copy is None else copy.conveyance
            elif kind == COPY_KIND:
                number = number_of_copy(suffix)
                copy = open_row(number, row, clock)
            else:
                continue
            if copy is not None:
                self._held[number, copy.conveyance] = copy

    def all(self) -> Iterable[Bill | None]:
        """Return all copies that were read or put; None for a copy that was removed."""
        return self._held.values()

    def get(self, number: bytes, conveyance: str) -> Bill | None:
        """Return the copy of a bill on a conveyance, or None."""
        identity = (number, conveyance)
        if identity in self._held:
            return self._held[identity]
        only = self._conveyance_of(number)
        if only != _SHARED:
            return self._held[identity] if only == conveyance else None
        row = self._group.get(copy_suffix(number, conveyance.encode()))
        copy = None if row is None else open_row(number, row, self._clock)
        self._held[identity] = copy
        return copy

    def is_shared(self, number: bytes) -> bool:
        """Whether each copy of the number has a row of its own, or will have one after this record."""
        return self._conveyance_of(number) == _SHARED

    def put(self, number: bytes, copy: Bill) -> Bill | None:
        """Put a copy as the record posts it, in the place of the one before.

        If that makes it the second copy of its number, return the first: the number is shared from now on.
        """
        only, conveyance = self._conveyance_of(number), copy.conveyance
        self._held[number, conveyance] = copy
        if only is None:
            self._only[number] = conveyance
        elif only not in {_SHARED, conveyance}:
            self._share(number)
            return self._held[number, only]
        return None

    def remove(self, number: bytes, conveyance: str) -> None:
        """Remove a copy."""
        self._held[number, conveyance] = None

    def _share(self, number: bytes) -> None:
        self._only[number] = _SHARED
        self.has_shared = True

    def _conveyance_of(self, number: bytes) -> str | None:
        if number in self._only:
            return self._only[number]
        row = self._group.get(bill_suffix(number))
        only: str | None = None
        if row is not None and shared_copies(row):
            self._share(number)
            return _SHARED
        if row is not None:
            copy = open_row(number, row, self._clock)
            if copy is not None:
                only = copy.conveyance
                self._held.setdefault((number, only), copy)
        self._only[number] = only
        return only

    # -- back into rows

    def write(self, number: bytes, conveyance: str) -> None:
        """Write a copy's row, or delete it if the copy was removed."""
        copy, suffix = self._held[number, conveyance], bill_suffix(number)
        group = self._group
        if self._only[number] != _SHARED:
            if copy is not None:
                group.put(suffix, pack_row(copy))
            elif self._only[number] == conveyance:
                group.delete(suffix)
            return
        row = group.get(suffix)
        copies = 0 if row is None else shared_copies(row)
        if row is not None and copies == 0:
            copies = self._move_only(number, row)
        copies += self._write_shared(copy_suffix(number, conveyance.encode()), copy)
        if copies:
            group.put(suffix, pack_shared(copies))
        else:
            group.delete(suffix)

    def _move_only(self, number: bytes, row: bytes) -> int:
        """Move the only copy of a number, unchanged, to a row of its own. Return how many copies there are then."""
        found = look(row)
        assert found is not None, "the row of a copy"  # noqa: S101 - a shared number's row was ruled out
        self._group.put(copy_suffix(number, found.conveyance), row)
        return 1

    def _write_shared(self, suffix: bytes, copy: Bill | None) -> int:
        """Write one copy's row of a shared number. Return the change in the number of its rows."""
        was_there = self._group.get(suffix) is not None
        if copy is not None:
            self._group.put(suffix, pack_row(copy))
            return int(not was_there)
        self._group.delete(suffix)
        return -int(was_there)
