"""Observers for tests: one prints what the worker does, others stop or kill it at a chosen stage."""

import json
import os
import signal
import time
from pathlib import Path
from typing import Any

from aiokafka.consumer.group_coordinator import GroupCoordinator
from aiokafka.errors import KafkaError

from agents.engine.engine_progress import EngineProgress, SilentObserver
from agents.engine.restoring import Restorer


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


class DiesAt(Printer):
    """Kills its own process at a stage: `before` anything is sent, `sent` and not committed, `after`, or in `restore`.

    It does so once it has met the stage so many times, and only if it can take the order away: once for a file.
    """

    def __init__(self) -> None:
        """Take stage, number and order from the environment."""
        super().__init__()
        self._order = Path(os.environ["TALLYGATE_TEST_DIE_ORDER"])
        self._stage = os.environ["TALLYGATE_TEST_DIE_AT"]
        self._left = int(os.environ.get("TALLYGATE_TEST_DIE_AFTER", "1"))
        if self._stage == "restore":
            join = Restorer._join

            async def torn(restorer: Restorer, *rest: Any) -> None:
                self._met("restore")
                await join(restorer, *rest)

            Restorer._join = torn  # type: ignore[method-assign, assignment]

    def _met(self, stage: str) -> None:
        if stage != self._stage:
            return
        self._left -= 1
        if self._left <= 0 and self._order.exists():
            self._order.unlink()
            os.kill(os.getpid(), signal.SIGKILL)

    def fetched(self, records: int, size: int) -> None:  # noqa: ARG002
        """Die before anything of it is judged."""
        self._met("before")

    def sent(self) -> None:
        """Die before the commit."""
        self._met("sent")

    def committed(self, progress: EngineProgress, seconds: float) -> None:
        """Die right after it."""
        self._met("after")
        super().committed(progress, seconds)


class ErrsInGroup(Printer):
    """Has the first answers to "what is committed?" be an error that aiokafka takes for final, as a broker may give."""

    def __init__(self) -> None:
        """Change what the coordinator is told, once for each task that asks."""
        super().__init__()
        fetch, left = GroupCoordinator._do_fetch_commit_offsets, [1]

        async def once(coordinator: GroupCoordinator, partitions: Any) -> Any:
            if left[0]:
                left[0] -= 1
                raise KafkaError("GroupCoordinatorNotAvailableError()")
            return await fetch(coordinator, partitions)

        GroupCoordinator._do_fetch_commit_offsets = once
