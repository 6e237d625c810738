"""Mistakes in a file: the place, what was expected there, and what to do; never what was found."""

from typing import Final

import msgspec

from agents.files.columns import BY_NAME

REMEDIES: Final = {
    "too-large": "send fewer goods lines a bill",
    "not-json": "look at the program that wrote the line; was the line cut off?",
    "wrong-envelope": "compare with the envelope in docs/events.md",
    "unknown-type": "correct the type",
    "wrong-shape": "correct the field",
    "key-mismatch": "leave the key to this command",
    "wrong-partition": "leave the partition to this command",
    "time-ahead": "correct the clock and the time zone of the system that wrote it",
    "version-conflict": "give the later one a higher version; to add goods to a bill give its next row the next `line`",
    "not-csv": "put the cell in quotation marks, and double each quotation mark within it",
    "not-utf8": "save the file as UTF-8",
    "line-ends": "put each row on a line of its own, for example with tr '\\r' '\\n'",
    "cells": "check the row for an extra separator, a missing line end, or a cell that needs quotation marks",
    "not-for-event": "leave the cell empty, or correct the event",
    "line-missing": "number a bill's rows of goods 1, 2, 3 in the column `line`; add the column if the file has none",
    "line-order": "number a bill's rows 1, 2, 3 one after another, with no other row between",
    "differs": "leave the cell empty from the bill's second row on",
    "held-back": "correct the rows of the same bill that have a mistake",
    "bill-twice": "to add goods, number the bill's rows 1, 2, 3 in the column `line`; "
    "to correct the bill, raise its `version`; remove a row that was only copied",
    "not-converted": "correct the cell, or what the map says of its column",
    "unexpected": "leave the order out of the export, or correct the map's table `expected`",
    "no-bill": "fill in the cell that the map makes the bill's number of",
    "rows-apart": "sort the export by its order number, so that the rows of one order stand together, and each once",
}
"""Code of a mistake -> what to do.

The first nine are those of dead letters, the last four belong to column maps, the others to CSV.
"""

WARNINGS: Final = {
    "postal-code": "a spreadsheet takes a leading zero away: format the column as text",
    "no-state": "write one of the 56 two-letter codes, or the bill will be rejected",
    "unknown-programme": "correct the id, or see to it that the workers enable this programme: else it is rejected",
    "no-purchase-date": "write the date of purchase, or the bill will be rejected",
    "no-seller": "write who sold the goods, or the bill will be rejected",
    "no-weight": "write the weight in grams, or the bill will be rejected",
}
"""Code of a warning -> what to do; the event may be sent all the same."""


class Mistake(msgspec.Struct, frozen=True):
    """Something in a file that you must correct before it is sent, or look at if the code is a warning's."""

    line: int
    """From 1, as editors count."""
    field: str
    """The column, or the path within the event; empty: the whole line."""
    code: str
    expected: str
    origin: str = ""
    """Where a column map takes it from, such as `from "Created at"`; empty without a map."""

    @property
    def place(self) -> str:
        """The column or path, and where a map takes it from."""
        return place_words(self.field, self.origin)

    @property
    def remedy(self) -> str:
        """What to do."""
        column = BY_NAME.get(self.field)
        if column and self.code == "wrong-shape":
            return f"write {column.words.replace('`', '')}"
        return REMEDIES.get(self.code) or WARNINGS[self.code]

    def text(self, name: str) -> str:
        """Return it as one line that begins with the place, as editors and compilers write it."""
        field = f"{self.place}: " if self.place else ""
        warning = "warning: " if self.code in WARNINGS else ""
        return f"{name}:{self.line}: {warning}{field}{self.code}: {self.expected}; {self.remedy}"


def place_words(field: str, origin: str) -> str:
    """Return a place for people: a column or path, and where a column map takes it from."""
    return f"{field} ({origin})" if field and origin else field or origin
