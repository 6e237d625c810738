"""Supervises worker processes, one for each step: starts a dead one again with back-off, and passes a stop on to all.

No event loop here, and no thread but that which shows metrics: children are started by `subprocess`.
"""

import contextlib
import logging
import os
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from typing import Final

from agents.engine.errors import EXIT_REFUSED
from agents.metrics.supervisor import ended, started

log = logging.getLogger(__name__)

FIRST_BACKOFF_SECONDS: Final = 1.0
LONGEST_BACKOFF_SECONDS: Final = 30.0
STEADY_SECONDS: Final = 60.0
"""A worker that lived for so long is started again without having to wait longer than the first time."""
STOP_SECONDS: Final = 45.0
"""Time for the workers to finish their transactions and leave; then they are killed."""


class Supervised:
    """One step's worker: its process, or when to start it again."""

    def __init__(self, step: str) -> None:
        """Start it as soon as it is looked at."""
        self.step = step
        self._process: subprocess.Popen[bytes] | None = None
        self._started = 0.0
        self._backoff = FIRST_BACKOFF_SECONDS
        self._due = 0.0

    def look(self) -> int | None:
        """Start it if it is due; give its exit status if it has just ended."""
        if self._process is None:
            if time.monotonic() >= self._due:
                self._start()
            return None
        status = self._process.poll()
        if status is not None:
            self._process = None
            ended(self.step, status)
            self._wait(status)
        return status

    def _start(self) -> None:
        command = [sys.executable, "-m", "agents.worker", self.step, "--parent", str(os.getpid())]
        self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL)  # noqa: S603 - our own program
        self._started = time.monotonic()
        started(self.step)
        log.info("started %s as process %d", self.step, self._process.pid, extra={"step": self.step})

    def _wait(self, status: int) -> None:
        now = time.monotonic()
        steady = now - self._started > STEADY_SECONDS
        self._backoff = FIRST_BACKOFF_SECONDS if steady else self._backoff
        self._due = now + self._backoff
        more = {"incident": "restart", "step": self.step, "status": status, "seconds": self._backoff}
        log.warning(
            "%s ended with status %d; it is started again in %.0f s", self.step, status, self._backoff, extra=more
        )
        self._backoff = min(2 * self._backoff, LONGEST_BACKOFF_SECONDS)

    @property
    def waits(self) -> float:
        """Seconds until it is due."""
        return max(0.0, self._due - time.monotonic()) if self._process is None else LONGEST_BACKOFF_SECONDS

    def ask_to_stop(self) -> None:
        """Send SIGTERM."""
        if self._process is not None:
            self._process.terminate()

    def ended(self, deadline: float) -> None:
        """Wait for its end until the deadline, then kill it."""
        if self._process is not None:
            try:
                self._process.wait(max(0.0, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                log.error("%s does not stop; killing it", self.step)  # noqa: TRY400 - nothing to trace
                self._process.kill()
                self._process.wait()


@contextlib.contextmanager
def _signals() -> Iterator[tuple[socket.socket, list[int]]]:
    """Give a socket that becomes readable when a signal comes, and the stop signals that came."""
    asked: list[int] = []
    reader, writer = socket.socketpair()
    reader.setblocking(False)
    writer.setblocking(False)
    before = signal.set_wakeup_fd(writer.fileno(), warn_on_full_buffer=False)
    handlers = {number: signal.signal(number, lambda got, _frame: asked.append(got)) for number in _STOPS}
    handlers[signal.SIGCHLD] = signal.signal(signal.SIGCHLD, lambda _got, _frame: None)
    try:
        yield reader, asked
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
        signal.set_wakeup_fd(before)
        reader.close()
        writer.close()


_STOPS: Final = (signal.SIGTERM, signal.SIGINT)


def supervise(steps: Sequence[str]) -> int:
    """Run a worker for each step until SIGTERM or SIGINT; give 0, or 78 if one must not run as configured."""
    workers = [Supervised(step) for step in steps]
    status = 0
    with _signals() as (woken, asked):
        while not asked and not status:
            for worker in workers:
                if worker.look() == EXIT_REFUSED:
                    log.critical(
                        "%s must not run as configured: stopping the others", worker.step, extra={"step": worker.step}
                    )
                    status = EXIT_REFUSED
            if not asked and not status:
                select.select([woken], [], [], max(0.01, min(worker.waits for worker in workers)))
                with contextlib.suppress(BlockingIOError):
                    woken.recv(4096)
        for worker in workers:
            worker.ask_to_stop()
        deadline = time.monotonic() + STOP_SECONDS
        for worker in workers:
            worker.ended(deadline)
    return status
