"""Supervises child processes, those of `tallygate worker`, of a rebuild and of the demo.

One that dies is started again with back-off, one that refuses to run ends all, and a stop is passed on to each. No
event loop here, and no thread but that which shows metrics: children are started by `subprocess`.
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
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from agents.kafka.backoff import Backoff
from agents.kafka.errors import EXIT_REFUSED, RefusedError
from agents.worker.supervisor_metrics import ended, started

log = logging.getLogger(__name__)

FIRST_BACKOFF_SECONDS: Final = 1.0
LONGEST_BACKOFF_SECONDS: Final = 30.0
STEADY_SECONDS: Final = 60.0
"""A child that lived for so long is started again without having to wait longer than the first time."""
STOP_SECONDS: Final = 45.0
"""Time for the children to finish their transactions and leave; then they are killed."""
_STOPS: Final = (signal.SIGTERM, signal.SIGINT)


class Child:
    """One child: its process, or when to start it again.

    `apart`: in a session of its own, since Ctrl-C is for the command, which stops its children in order. `piped`: its
    input, output and errors are pipes.
    """

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        environment: Mapping[str, str] | None = None,
        *,
        apart: bool = False,
        piped: bool = False,
    ) -> None:
        """Start it as soon as it is looked at; `command` is what Python is to run, after `-m`."""
        self.name = name
        self.process: subprocess.Popen[bytes] | None = None
        self._command = [sys.executable, "-m", *command]
        self._environment = environment
        self._apart = apart
        self._piped = subprocess.PIPE if piped else None
        self._began = 0.0
        self._backoff = Backoff(FIRST_BACKOFF_SECONDS, LONGEST_BACKOFF_SECONDS)
        self._due = 0.0

    def start(self) -> None:
        """Start it."""
        self.process = subprocess.Popen(  # noqa: S603 - our own program
            self._command, stdin=self._piped or subprocess.DEVNULL, stdout=self._piped, stderr=self._piped,
            env=self._environment, start_new_session=self._apart,
        )  # fmt: skip
        self._began = time.monotonic()
        started(self.name)
        log.info("started %s as process %d", self.name, self.process.pid, extra={"step": self.name})

    def look(self) -> int | None:
        """Start it if it is due; return its exit status if it has just ended."""
        if self.process is None:
            if time.monotonic() >= self._due:
                self.start()
            return None
        status = self.process.poll()
        if status is not None:
            self.process = None
            ended(self.name, status)
            self._wait(status)
        return status

    def _wait(self, status: int) -> None:
        now = time.monotonic()
        if now - self._began > STEADY_SECONDS:
            self._backoff.reset()
        seconds = self._backoff.next()
        self._due = now + seconds
        more = {"incident": "restart", "step": self.name, "status": status, "seconds": seconds}
        words = "%s ended with status %d; it is started again in %.0f s"
        log.warning(words, self.name, status, seconds, extra=more)

    @property
    def running(self) -> subprocess.Popen[bytes]:
        """Its process; it was started."""
        assert self.process is not None  # noqa: S101 - as it says
        return self.process

    def kill(self) -> None:
        """End it at once."""
        if self.process is not None:
            self.process.kill()

    @property
    def waits(self) -> float:
        """Seconds until it is due."""
        return max(0.0, self._due - time.monotonic()) if self.process is None else LONGEST_BACKOFF_SECONDS

    def end(self, deadline: float) -> None:
        """Wait for its end until the deadline, then kill it."""
        try:
            self.running.wait(max(0.0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            log.error("%s does not stop; killing it", self.name)  # noqa: TRY400 - nothing to trace
            self.kill()
            self.running.wait()


class ChildProcesses:
    """Children that run together."""

    def __init__(self, children: Sequence[Child]) -> None:
        """Start nothing yet."""
        self.children = children
        self.refused = ""
        """The one that must not run."""

    def look(self) -> dict[str, int]:
        """Start what is not running; return the status of each that has just ended.

        Raise RefusedError if one must not run; its log has said why.
        """
        statuses = {child.name: child.look() for child in self.children}
        if refused := [name for name, status in statuses.items() if status == EXIT_REFUSED]:
            self.refused = refused[0]
            raise RefusedError(f"{self.refused} must not run like this; the line above says why, and what to do")
        return {name: status for name, status in statuses.items() if status is not None}

    def stop(self) -> None:
        """End all in order, and wait for them."""
        alive = [child for child in self.children if child.process is not None]
        for child in alive:
            child.running.terminate()
        deadline = time.monotonic() + STOP_SECONDS
        for child in alive:
            child.end(deadline)

    def reap(self) -> None:
        """Take note of the end of processes that were left to us, as they are to the first process of a container."""
        own = {child.process.pid for child in self.children if child.process is not None}
        with contextlib.suppress(ChildProcessError):
            while (found := os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)) and found.si_pid not in own:
                os.waitpid(found.si_pid, 0)


@contextlib.contextmanager
def _signals() -> Iterator[tuple[socket.socket, list[int]]]:
    """Make a socket that becomes readable when a signal comes, and list the stop signals that came."""
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


def supervise(steps: Sequence[str]) -> int:
    """Run a worker for each step until SIGTERM or SIGINT; return 0, or 78 if one must not run as configured."""
    parent = str(os.getpid())
    children = ChildProcesses([Child(step, ["agents.worker.worker", step, "--parent", parent]) for step in steps])
    status = 0
    with _signals() as (woken, asked):
        try:
            while not asked:
                children.look()
                children.reap()
                select.select([woken], [], [], max(0.01, min(child.waits for child in children.children)))
                with contextlib.suppress(BlockingIOError):
                    woken.recv(4096)
        except RefusedError as error:
            status = error.status
            words = "%s must not run as configured: stopping the others"
            log.critical(words, children.refused, extra={"step": children.refused})
        children.stop()
    return status
