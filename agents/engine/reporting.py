"""The worker's own observer: one line in the log when it is ready, and one every ten seconds while it commits."""

import logging
from time import monotonic
from typing import Final

from agents.engine.progress import EngineProgress, SilentObserver
from stream.records import Fate

log = logging.getLogger(__name__)

LINE_SECONDS: Final = 10.0


def progress_line(progress: EngineProgress) -> str:
    """Give the counts of a worker in one line."""
    partitions = progress.partitions.values()
    fates = " ".join(f"{fate.value}={sum(each.count(fate) for each in partitions)}" for fate in Fate)
    lag = sum(each.offset_lag for each in partitions)
    late = max((each.event_lag_ms for each in partitions), default=0)
    halted = [number for number, each in progress.partitions.items() if each.halted]
    return (
        f"partitions={len(partitions)} {fates} transactions={progress.transactions} aborted={progress.aborted} "
        f"lag={lag} event_lag_ms={late}" + (f" halted={halted}" if halted else "")
    )


class ProgressLog(SilentObserver):
    """Writes the counts into the log."""

    def __init__(self, name: str) -> None:
        """Write under the step's name."""
        self._name = name
        self._written = 0.0

    def ready(self, progress: EngineProgress) -> None:
        """Say that judging begins."""
        restored = f"restored {progress.restored_rows} rows in {progress.restore_seconds:.1f} s"
        log.info("%s judges partitions %s, %s", self._name, sorted(progress.partitions), restored)

    def committed(self, progress: EngineProgress, seconds: float) -> None:
        """Write a line, if it is time."""
        if monotonic() - self._written > LINE_SECONDS:
            self._written = monotonic()
            log.info("%s %s last_transaction_ms=%.0f", self._name, progress_line(progress), seconds * 1000)
