"""The worker's own observer: one line in the log when it is ready, and one every ten seconds while it commits."""

import logging
from time import monotonic
from typing import Final

from agents.engine.engine_progress import EngineProgress, Observer, SilentObserver
from stream.records import Fate

log = logging.getLogger(__name__)

LINE_SECONDS: Final = 10.0


def progress_line(progress: EngineProgress) -> str:
    """Return the counts of a worker in one line."""
    partitions = progress.partitions.values()
    fates = " ".join(f"{fate.value}={sum(each.count(fate) for each in partitions)}" for fate in Fate)
    lag = sum(each.offset_lag for each in partitions)
    late = max((each.event_lag_ms for each in partitions), default=0)
    halted = [number for number, each in progress.partitions.items() if each.halted]
    return (
        f"partitions={len(partitions)} {fates} transactions={progress.transactions} aborted={progress.aborted} "
        f"lag={lag} event_lag_ms={late}" + (f" halted={halted}" if halted else "")
    )


class Both:
    """Two observers, told one after the other."""

    def __init__(self, first: Observer, second: Observer) -> None:
        self._first = first
        self._second = second

    def sent(self) -> None:
        """Tell both."""
        self._first.sent()
        self._second.sent()

    def committed(self, progress: EngineProgress, seconds: float) -> None:
        """Tell both."""
        self._first.committed(progress, seconds)
        self._second.committed(progress, seconds)

    def aborted(self) -> None:
        """Tell both."""
        self._first.aborted()
        self._second.aborted()

    def fetched(self, records: int, size: int) -> None:
        """Tell both."""
        self._first.fetched(records, size)
        self._second.fetched(records, size)

    def ready(self, progress: EngineProgress) -> None:
        """Tell both."""
        self._first.ready(progress)
        self._second.ready(progress)


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
