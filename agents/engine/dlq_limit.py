"""The DLQ limit: a partition with too many dead letters among its last records halts."""

from collections import deque
from struct import Struct
from typing import Final, Self

from stream.deadletters import EXEMPT_FAULTS

WINDOW_RECORDS: Final = 1000
DEAD_LETTERS_MAX: Final = 100
"""More dead letters than this among the last `WINDOW_RECORDS` records halt a partition (DESIGN section 2)."""

_ORDINAL: Final = Struct(">Q")


class DlqLimit:
    """Which of a partition's last records were dead letters, by the records' ordinal numbers.

    The ordinals are kept in the table, so the window survives restarts exactly; it is cleared when a halt is lifted.
    """

    def __init__(self, ordinals: tuple[int, ...] = ()) -> None:
        """Take the ordinals of the dead letters that count, rising."""
        self._ordinals = deque(ordinals)

    def copy(self) -> Self:
        """Return a copy, for a transaction that may yet fail."""
        return type(self)(tuple(self._ordinals))

    def add(self, ordinal: int, code: str) -> bool:
        """Count the dead letter with this ordinal, rising from call to call; tell whether that is one too many."""
        if code in EXEMPT_FAULTS:
            return False
        ordinals = self._ordinals
        ordinals.append(ordinal)
        while ordinals[0] <= ordinal - WINDOW_RECORDS:
            ordinals.popleft()
        return len(ordinals) > DEAD_LETTERS_MAX

    def clear(self) -> None:
        """Forget all dead letters."""
        self._ordinals.clear()

    def __len__(self) -> int:
        return len(self._ordinals)

    @property
    def exceeded(self) -> bool:
        """Tell whether the window holds more dead letters than it may."""
        return len(self._ordinals) > DEAD_LETTERS_MAX

    def encode(self) -> bytes:
        """Return the row that the table keeps."""
        return b"".join(map(_ORDINAL.pack, self._ordinals))

    @classmethod
    def decode(cls, row: bytes | None) -> Self:
        """Read the row; without one the window is empty."""
        return cls(tuple(number for (number,) in _ORDINAL.iter_unpack(row or b"")))
