"""Frees the memory of streams that have gone, to Python and to the system.

What serves a request refers to itself in circles, with the buffers of a client that did not read. Python would collect
these only after ten thousand other objects, and the C library keeps what Python frees.
"""

import ctypes
import gc
from typing import Final

MANY: Final = 20
"""So many streams that have gone are freed as soon as no more are going; fewer wait."""
LOOKS: Final = 60
"""Calls for which they wait."""

_trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
"""Of the GNU C library; other ones return memory to the system by themselves."""


class Memory:
    """Frees memory in its turn; it is called every second or so with how many streams have gone so far."""

    def __init__(self) -> None:
        self._settled = self._seen = self._looks = 0

    def look(self, gone: int) -> bool:
        """Free memory if it is worth it; return whether it was."""
        left, going, self._seen = gone - self._settled, gone != self._seen, gone
        self._looks += 1
        if not (left >= MANY and not going) and not (left and self._looks >= LOOKS):
            return False
        # The last ones may not have let go of everything yet: they are looked for once more, later.
        self._settled, self._looks = gone - (self._looks < LOOKS), 0
        gc.collect()
        if _trim is not None:
            _trim(0)
        return True
