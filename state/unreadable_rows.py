"""What both steps say of a row that this version cannot read."""

from typing import Final

ROW_REMEDY: Final = "run the version that wrote it, or `tallygate rebuild tables --epoch N`"


class RowFormatError(Exception):
    """A row has a format that this version cannot read. This is our own fault, and the worker must stop."""
