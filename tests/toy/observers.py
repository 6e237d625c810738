"""Observers for tests: one prints what the worker does, others stop or kill it in the middle of a transaction."""

import json
import os
import signal
import time

from agents.engine.progress import EngineProgress, SilentObserver


class Printer(SilentObserver):
    """Prints a JSON line when the worker is ready and about every second while it commits."""

    def __init__(self) -> None:
        """Begin with nothing printed."""
        self._printed = 0.0
        self._lags: list[int] = []

    def ready(self, progress: EngineProgress) -> None:
        """Print the partitions taken over."""
        restored = {"restored": progress.restored_rows, "seconds": round(progress.restore_seconds, 3)}
        self._print({"ready": sorted(progress.partitions), **restored})

    def committed(self, progress: EngineProgress, seconds: float) -> None:  # noqa: ARG002
        """Print the counts, at most once a second."""
        self._lags += [each.event_lag_ms for each in progress.partitions.values()]
        if time.monotonic() - self._printed > 1:
            self._printed = time.monotonic()
            lags = sorted(self._lags)
            self._lags = []
            self._print(
                {
                    "records": progress.records,
                    "transactions": progress.transactions,
                    "aborted": progress.aborted,
                    "stall_ms": round(progress.stall_ms),
                    "p50": lags[len(lags) // 2],
                    "p99": lags[len(lags) * 99 // 100],
                    "cpu": round(time.process_time(), 2),
                    "at": round(time.time(), 2),
                }
            )

    def _print(self, line: dict[str, object]) -> None:
        print(json.dumps(line), flush=True)


class StopsInTransaction(Printer):
    """Stops its own process (SIGSTOP) once, when a transaction is sent and not committed, after so many of them."""

    def __init__(self) -> None:
        """Take the number from the environment."""
        super().__init__()
        self._left = int(os.environ.get("TALLYGATE_TEST_STOP_AFTER", "0"))

    def sent(self) -> None:
        """Stop, if it is time; another process sends SIGCONT."""
        self._left -= 1
        if self._left == 0:
            os.kill(os.getpid(), signal.SIGSTOP)


class DiesInTransaction(Printer):
    """Kills its own process once, when a transaction is sent and not committed, after so many of them."""

    def __init__(self) -> None:
        """Take the number from the environment."""
        super().__init__()
        self._left = int(os.environ.get("TALLYGATE_TEST_DIE_AFTER", "0"))

    def sent(self) -> None:
        """Die, if it is time."""
        self._left -= 1
        if self._left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
