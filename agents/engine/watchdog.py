"""The watchdog: a thread that ends the process when it has work and gets nowhere, after writing down every stack.

Where no thread gets a turn, nor does this one; then the guardian, which hears of each of its ticks, ends the process.
"""

import faulthandler
import logging
import sys
import time
from collections.abc import Callable
from threading import Thread
from typing import Final

log = logging.getLogger(__name__)

TICK_SECONDS: Final = 1.0


class Watchdog(Thread):
    """Looks at a pulse every second.

    It counts its own ticks, not the clock: a process that was stopped and goes on has not stalled.
    """

    def __init__(
        self,
        pulse: Callable[[], tuple[str, object]],
        limit: int,
        end: Callable[[str], None],
        beat: Callable[[], None] = lambda: None,
    ) -> None:
        """Call `end` when `pulse` has given the same work and the same token for `limit` ticks, `beat` at each."""
        super().__init__(name="watchdog", daemon=True)
        self._pulse = pulse
        self._limit = limit
        self._end = end
        self._beat = beat
        self.stalled_seconds = 0
        """For so many of its ticks, of a second each, the work has not got on; 0 while it does, or there is none."""

    @property
    def limit(self) -> int:
        """Ticks without progress after which it ends the process."""
        return self._limit

    def start(self) -> None:
        """Begin to watch, and to be watched: before this thread has its first turn."""
        self._beat()
        super().start()

    def run(self) -> None:
        """Watch for as long as the process lives."""
        last: tuple[str, object] = ("", None)
        ticks = 0
        while True:
            time.sleep(TICK_SECONDS)
            self._beat()
            now = self._pulse()
            ticks = ticks + 1 if now[0] and now == last else 0
            last = now
            self.stalled_seconds = ticks
            if ticks >= self._limit:
                faulthandler.dump_traceback(file=sys.stderr, all_threads=True)
                self._end(f"no progress in {now[0]} for {ticks} s")
                return
