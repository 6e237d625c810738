"""Which bill was stated before, in a file of any length; many bills go into a temporary file."""

import sqlite3
from hashlib import blake2b
from typing import Final

KEPT: Final = 200_000
"""Bills in memory; above that the older ones go into the temporary file."""


class SeenBills:
    """The bills of a file under their versions, each with the line on which it came first."""

    def __init__(self, kept: int = KEPT) -> None:
        self._kept = kept
        self._lines: dict[bytes, int] = {}
        self._older: sqlite3.Connection | None = None

    def first(self, stated: tuple[str, ...], line: int) -> int | None:
        """Return the line on which the same bill was stated first; None: this is the first."""
        # Digests only: the temporary file names no bill.
        key = blake2b("\n".join(stated).encode(), digest_size=16).digest()
        before = self._lines.get(key) or self._looked_up(key)
        if before is None:
            self._lines[key] = line
            if len(self._lines) > self._kept:
                self._put_aside()
        return before

    def _looked_up(self, key: bytes) -> int | None:
        if self._older is None:
            return None
        found = self._older.execute("SELECT line FROM seen WHERE stated = ?", (key,)).fetchone()
        return None if found is None else int(found[0])

    def _put_aside(self) -> None:
        if self._older is None:
            # An empty name: a private file that is removed when it is closed.
            self._older = sqlite3.connect("", isolation_level=None)
            self._older.execute("CREATE TABLE seen (stated BLOB PRIMARY KEY, line INTEGER) WITHOUT ROWID")
        self._older.execute("BEGIN")
        self._older.executemany("INSERT INTO seen VALUES (?, ?)", sorted(self._lines.items()))
        self._older.execute("COMMIT")
        self._lines.clear()

    def close(self) -> None:
        """Remove the temporary file."""
        if self._older is not None:
            self._older.close()
