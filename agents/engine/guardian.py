"""The guardian: a small process beside a worker that ends it when no thread of the worker gets a turn any more.

A C call that holds the interpreter, such as a regular expression without end, stops the watchdog as well. So with each
of its ticks the watchdog lets the guardian hear a byte. The guardian counts its own ticks of silence, but not those in
which the worker is stopped: a process that was stopped and goes on has not stalled.
"""

import contextlib
import logging
import os
import select
import signal
import subprocess
import sys
from pathlib import Path
from typing import Final

log = logging.getLogger(__name__)

TICK_SECONDS: Final = 1.0
LAST_SECONDS: Final = 5.0
"""For writing the stacks down; then it is killed."""


class Guardian:
    """The guardian as its worker sees it."""

    def __init__(self, step: str, limit: int) -> None:
        """Start nothing yet; `limit` are the seconds of silence after which it ends this process."""
        self._command = [sys.executable, "-m", __name__, str(os.getpid()), str(limit), step]
        self._process: subprocess.Popen[bytes] | None = None

    def beat(self) -> None:
        """Let it hear that threads get their turns; one that is gone is started again."""
        if self._process is None or self._process.poll() is not None:
            self.leave()
            # In a session of its own: it ends with its worker, not with Ctrl-C.
            self._process = subprocess.Popen(  # noqa: S603 - our own program
                self._command, bufsize=0, stdin=subprocess.PIPE, start_new_session=True
            )
            os.set_blocking(self._pipe, False)
        with contextlib.suppress(BlockingIOError, BrokenPipeError):
            os.write(self._pipe, b".")

    def leave(self) -> None:
        """Let it go."""
        if self._process is not None and self._process.stdin is not None:
            self._process.stdin.close()
            self._process.wait()

    @property
    def _pipe(self) -> int:
        assert self._process is not None and self._process.stdin is not None  # noqa: S101, PT018 - just started
        return self._process.stdin.fileno()


def guard(worker: int, limit: int, step: str, pipe: int) -> None:
    """Return when the worker has ended, by itself or by us: its end of the pipe is closed then."""
    silent = 0
    while silent < limit:
        if _hears(pipe, TICK_SECONDS):
            if not os.read(pipe, 4096):
                return
            silent = 0
        elif not _stopped(worker):
            silent += 1
    # Python answers this signal with the stacks of all threads, also where none gets a turn.
    with contextlib.suppress(ProcessLookupError):
        os.kill(worker, signal.SIGABRT)
        if not _hears(pipe, LAST_SECONDS) or os.read(pipe, 4096):
            os.kill(worker, signal.SIGKILL)
    _say(step, limit)


def _hears(pipe: int, seconds: float) -> bool:
    return bool(select.select([pipe], [], [], seconds)[0])


def _stopped(process: int) -> bool:
    """Whether a signal has stopped it; where the system does not say so, it is not."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] in "Tt"
    except OSError:
        return False


def _say(step: str, seconds: int) -> None:
    """Write down why it was ended, as the worker would have."""
    from agents.engine.errors import EngineError  # noqa: PLC0415 - a guardian that has nothing to say stays small
    from agents.logs.configuring import configure  # noqa: PLC0415 - as above
    from agents.settings import read_settings  # noqa: PLC0415 - as above

    configure("worker", step=step)
    with contextlib.suppress(EngineError):
        settings = read_settings()
        configure("worker", settings.log, worker=settings.worker.name, step=step)
    words = "%s was ended: for %d s one call has blocked every other thread; the stacks above show which"
    log.critical(words, step, seconds, extra={"incident": "stall", "seconds": seconds})


if __name__ == "__main__":
    guard(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3], sys.stdin.fileno())
