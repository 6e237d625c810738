"""Observers that a measured worker loads: one prints its counts as it commits, another profiles what it does too."""

import asyncio
import atexit
import cProfile
import io
import json
import os
import pstats
import time
from pathlib import Path
from typing import Final

from agents.engine.engine_progress import EngineProgress, SilentObserver
from stream.records import Fate

PRINT_SECONDS: Final = 0.1
BEAT_SECONDS: Final = 0.005
PROFILE_LINES: Final = 25


class Ticker(SilentObserver):
    """Prints a JSON line when the worker is ready, and soon after each commit one that says when it was and its counts.

    If the environment asks for it, a heartbeat notes the longest time for which the event loop did not turn.
    """

    def __init__(self) -> None:
        """Begin with nothing printed."""
        self._printing: asyncio.TimerHandle | None = None
        self._at = self._processor = 0.0
        self._late_ms = 0.0
        self._beating: asyncio.Task[None] | None = None

    def ready(self, progress: EngineProgress) -> None:
        """Print that judging begins, and what the restore took."""
        if os.environ.get("TALLYGATE_BENCH_HEARTBEAT") and self._beating is None:
            self._beating = asyncio.get_running_loop().create_task(self._beat())
        self._print(
            {
                "ready": sorted(progress.partitions),
                "restored": progress.restored_rows,
                "restore_seconds": progress.restore_seconds,
                "at": time.time(),
                "processor": time.process_time(),
            }
        )

    def committed(self, progress: EngineProgress, _seconds: float) -> None:
        """Note the moment; it is printed a little later, once for all commits until then."""
        self._at, self._processor = time.time(), time.process_time()
        if self._printing is None:
            loop = asyncio.get_running_loop()
            self._printing = loop.call_later(PRINT_SECONDS, self._print_counts, progress)

    def _print_counts(self, progress: EngineProgress) -> None:
        self._printing = None
        fates = {fate.value: sum(each.count(fate) for each in progress.partitions.values()) for fate in Fate}
        self._print(
            {
                "records": progress.records,
                **fates,
                "positions": {number: each.position for number, each in progress.partitions.items()},
                "transactions": progress.transactions,
                "stall_ms": progress.stall_ms,
                "late_ms": self._late_ms,
                "at": self._at,
                "processor": self._processor,
            }
        )

    async def _beat(self) -> None:
        while True:
            before = time.perf_counter()
            await asyncio.sleep(BEAT_SECONDS)
            self._late_ms = max(self._late_ms, (time.perf_counter() - before - BEAT_SECONDS) * 1000)

    def _print(self, line: dict[str, object]) -> None:
        print(json.dumps(line), flush=True)


class Profiled(Ticker):
    """Profiles the event loop's thread from when judging begins; the report goes to a file when the process ends."""

    def __init__(self) -> None:
        """Write where the environment says."""
        super().__init__()
        self._profile = cProfile.Profile()
        self._file = Path(os.environ["TALLYGATE_BENCH_PROFILE"])

    def ready(self, progress: EngineProgress) -> None:
        """Begin to profile."""
        super().ready(progress)
        atexit.register(self._write)
        self._profile.enable()

    def _write(self) -> None:
        self._profile.disable()
        self._file.write_text(profile_text(self._profile))


def profile_text(profile: cProfile.Profile) -> str:
    """Return the functions in which most time is spent, those they call left out."""
    text = io.StringIO()
    pstats.Stats(profile, stream=text).strip_dirs().sort_stats("tottime").print_stats(PROFILE_LINES)
    return text.getvalue()
