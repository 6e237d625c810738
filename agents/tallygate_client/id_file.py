"""The file that keeps how far a subscriber has come: the id of the last decision that was processed."""

import os
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Final

from .client_errors import RefusedError

EVERY_SECONDS: Final = 1.0
ID_CHARACTERS: Final = 100_000


class IdFile:
    """One id in a file that is always whole: the next one is written beside it, and takes its place.

    While decisions come without a pause it is written once a second, since each time waits for the disk.
    """

    def __init__(self, path: Path, clock: Callable[[], float] = time.monotonic) -> None:
        self._path = path
        self._clock = clock
        self._written_at = clock() - EVERY_SECONDS
        self._waiting: str | None = None

    def load(self) -> str | None:
        """Return the id; None: there is no file yet. Raise RefusedError if the file holds none."""
        try:
            found = self._path.read_text("ascii").strip()
        except FileNotFoundError:
            return None
        except (OSError, UnicodeDecodeError) as error:
            raise RefusedError(0, "no id", f"{self._path}: {getattr(error, 'strerror', None) or 'not text'}") from None
        if not found or len(found.split()) != 1 or len(found) > ID_CHARACTERS:
            raise RefusedError(0, "no id", f"{self._path}: expected one line with an id; to begin now, remove the file")
        return found

    def save(self, last_id: str) -> None:
        """Keep an id; what was kept less than a second after the last writing waits for `flush`."""
        self._waiting = last_id
        if self._clock() - self._written_at >= EVERY_SECONDS:
            self.flush()

    def flush(self) -> None:
        """Write what waits. Raise RefusedError if the file cannot be written."""
        if self._waiting is None:
            return
        beside = self._path.with_name(f".{self._path.name}.{os.getpid()}")
        try:
            with beside.open("w", encoding="ascii") as file:
                file.write(f"{self._waiting}\n")
                file.flush()
                os.fsync(file.fileno())
            beside.replace(self._path)
        except OSError as error:
            with suppress(OSError):
                beside.unlink()
            raise RefusedError(0, "id not kept", f"{self._path}: {error.strerror}") from None
        self._waiting, self._written_at = None, self._clock()
