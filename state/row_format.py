"""What both steps say of a row that this version cannot read."""

from typing import Final

ROW_REMEDY: Final = "run the version that wrote it, or `tallygate rebuild tables --epoch N`"


class RowFormatError(Exception):
    """A row was written in a format that this version cannot read: our own fault, the worker must not go on."""
