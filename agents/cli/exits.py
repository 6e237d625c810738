"""Exit codes: what a command ends with, the same everywhere, and how it ends when its output cannot be written."""

import os
import signal
import sys
from typing import Final, NoReturn

DONE: Final = 0
NO: Final = 1
"""The answer is no: something is wrong with what was looked at, or there is no such thing."""
BAD_USAGE: Final = 2
"""Bad usage, an unreadable file, or not allowed: another try ends the same way."""
AWAY: Final = 75
"""Kafka, Redis or the gateway does not answer: try again."""
REFUSES: Final = 78
"""It must not run like this until somebody acts."""
INTERRUPTED: Final = 130


def make_printable() -> None:
    """Let a terminal that has no such character see an escape instead of ending the command."""
    for stream in (sys.stdout, sys.stderr):
        # A test's stream may have no encoding of its own.
        if reconfigure := getattr(stream, "reconfigure", None):
            reconfigure(errors="backslashreplace")


def output_of() -> tuple[object, int, int]:
    """Return what standard output is now; both libraries that write to it put something else there when it breaks."""
    try:
        there = os.fstat(sys.stdout.fileno())
    except (OSError, ValueError):
        return sys.stdout, 0, 0
    return sys.stdout, there.st_dev, there.st_ino


def end_by_broken_pipe() -> NoReturn:
    """End as every filter does when nobody reads on (`| head`): by the signal, without a word."""
    # What is still buffered would be tried again, and complained about, when the interpreter ends.
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    os.kill(os.getpid(), signal.SIGPIPE)
    raise SystemExit(128 + signal.SIGPIPE)  # where the signal is blocked
