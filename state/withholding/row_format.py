"""The format of rows, which each row begins with."""

from typing import Final

ROW_FORMAT: Final = 2
"""Format 1 was that of release 0.1."""
