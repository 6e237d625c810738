"""Memory of streams that have gone is given back, to Python and to the system.

What serves a request refers to itself in circles, with the buffers of a client that did not read. Python would look for
these when ten thousand other things have come and gone, and the C library keeps what Python gives back.
"""

import ctypes
import gc
from typing import Final

MANY: Final = 20
"""So many streams that have gone are worth it as soon as no more are going; fewer wait."""
LOOKS: Final = 60
"""Calls for which they wait."""

_trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
"""Of the GNU C library; other ones give back by themselves."""


class Memory:
    """Looked at again and again, with how many streams have gone so far."""

    def __init__(self) -> None:
        self._settled = self._seen = self._looks = 0

    def look(self, gone: int) -> bool:
        """Give back if it is worth it; return whether it was."""
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
