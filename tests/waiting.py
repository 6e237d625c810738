"""Waiting in tests: until something holds, or until it has become impossible, and then why."""

import time
from collections.abc import Callable, Sequence
from subprocess import Popen
from typing import Final, Protocol

HANG_SECONDS: Final = 600.0
"""A wait that takes longer hangs; no loaded machine is so slow. pytest ends a test that hangs elsewhere."""
ASK_SECONDS: Final = 0.05
IN_VAIN_SECONDS: Final = 1.0
"""So often at most it is asked whether a wait is in vain: some read a topic to know."""
REST: Final = 4
"""After a question that cost the processor some time a wait rests so many times as long: others need it to get on."""
REST_SECONDS_MAX: Final = 0.5

InVain = Callable[[], str]
"""Says why a wait can no longer end well; empty: it still can."""


class Started(Protocol):
    """A process of a test, with what it has said."""

    process: Popen[bytes]

    def log(self) -> str:
        """Return all that it has said."""


def never() -> str:
    """Say nothing: only the clock ends this wait."""
    return ""


def ended(*needed: Started) -> InVain:
    """Return what says which of the needed processes has ended, with its last words."""

    def why() -> str:
        for each in needed:
            if each.process.poll() is not None:
                return f"{each.process.args!r} ended with {each.process.returncode}:\n{each.log()[-3000:]}"
        return ""

    return why


def none_lives(started: Sequence[Started]) -> InVain:
    """Return what says how the last of these processes ended, once all have; it looks again at each call."""
    return lambda: "" if any(each.process.poll() is None for each in started) else ended(*started[-1:])()


def wait_for(
    condition: Callable[[], object],
    what: str,
    seconds: float = HANG_SECONDS,
    in_vain: InVain = never,
    every: float = ASK_SECONDS,
) -> None:
    """Wait until the condition holds. Raise TimeoutError if it never does, at once where `in_vain` says why."""
    began = time.monotonic()
    asked, why = began, ""
    while True:
        now, used = time.monotonic(), time.process_time()
        if now - asked >= IN_VAIN_SECONDS:
            asked, why = now, in_vain()  # before the condition: what was done before a process ended still counts
        if condition():
            return
        if why:
            raise TimeoutError(f"waited in vain for {what}: {why}")
        if now - began > seconds:
            raise TimeoutError(f"waited {seconds} s for {what}")
        cost = time.process_time() - used
        time.sleep(max(every, min(REST * cost, REST_SECONDS_MAX)))
