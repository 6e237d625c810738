"""Exit codes and refusals: each command ends with one of these codes, and says why in one way (docs/exit-codes.md)."""

import os
import signal
import sys
from typing import Final, NoReturn

from agents.kafka.errors import EXIT_REFUSED, EXIT_RETRY

DONE: Final = 0
NO: Final = 1
"""The answer is no: something is wrong with what was checked, or there is no such thing."""
BAD_USAGE: Final = 2
"""Bad usage, an unreadable file, or not allowed: another try ends the same way."""
AWAY: Final = EXIT_RETRY
"""Kafka, Redis or the gateway does not answer: try again."""
REFUSES: Final = EXIT_REFUSED
"""The command refuses to run like this until you change something."""
INTERRUPTED: Final = 130


class CommandError(Exception):
    """A command cannot go on: the text says why and what to do, `code` is the exit code.

    `placed`: the text begins with the file or the entry that it speaks of, so the command's name is left out.
    """

    def __init__(self, why: object, code: int, *, placed: bool = False) -> None:
        super().__init__(str(why))
        self.code = code
        self.placed = placed


def refuse(why: object, code: int = BAD_USAGE, *, placed: bool = False) -> NoReturn:
    """End the command: `main` prints `tallygate NAME: why` on standard error and exits with the code."""
    raise CommandError(why, code, placed=placed) from None


def make_printable() -> None:
    """Print an escape where a terminal has no such character, instead of ending the command."""
    for stream in (sys.stdout, sys.stderr):
        # A test's stream may have no encoding of its own.
        if reconfigure := getattr(stream, "reconfigure", None):
            reconfigure(errors="backslashreplace")


def output_of() -> tuple[object, int, int]:
    """Return what standard output is now; rich and typer both replace it when it breaks."""
    try:
        there = os.fstat(sys.stdout.fileno())
    except (OSError, ValueError):
        return sys.stdout, 0, 0
    return sys.stdout, there.st_dev, there.st_ino


def end_by_broken_pipe() -> NoReturn:
    """End by SIGPIPE and without a message, as every filter does when its reader has gone (`| head`)."""
    # The interpreter would write what is still buffered, fail, and print that.
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    os.kill(os.getpid(), signal.SIGPIPE)
    raise SystemExit(128 + signal.SIGPIPE)  # where the signal is blocked
