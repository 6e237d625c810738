"""The processes of a rebuild: each is kept running, and a refusal of one ends all."""

import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from typing import Final

from agents.engine.errors import EXIT_REFUSED, RefusedError
from agents.supervisor import STOP_SECONDS, Supervised

NAME: Final = "rebuild"
"""Worker name of the processes: always the same, so that the next try ends what one before left open."""


class Hand(Supervised):
    """One process of a rebuild."""

    def __init__(self, role: str, environment: Mapping[str, str], more: Sequence[str] = ()) -> None:
        """Start it as soon as it is looked at, with these variables and arguments more."""
        super().__init__(role)
        # The bars say how it gets on; in their lines only what goes wrong should be.
        quiet = {"TALLYGATE_LOG__LEVEL": "WARNING"}
        self._environment = {**quiet, **os.environ, "TALLYGATE_WORKER__NAME": NAME, **environment}
        self._command = [sys.executable, "-m", "agents.rebuilding.worker", role, "--parent", str(os.getpid()), *more]

    def _start(self) -> None:
        # In a group of its own: Ctrl-C is for the command, which stops its processes in order.
        self._process = subprocess.Popen(  # noqa: S603 - our own program
            self._command, stdin=subprocess.DEVNULL, env=self._environment, start_new_session=True
        )
        self._started = time.monotonic()


class Crew:
    """All processes of one phase."""

    def __init__(self, hands: Sequence[Hand]) -> None:
        """Start nothing yet."""
        self._hands = hands

    def look(self) -> dict[str, int]:
        """Start what is not running; return the status of each that has just ended.

        Raise RefusedError if one must not run; its log has said why.
        """
        statuses = {hand.step: hand.look() for hand in self._hands}
        if refused := [name for name, status in statuses.items() if status == EXIT_REFUSED]:
            raise RefusedError(f"{refused[0]} must not run like this; the line above says why, and what to do")
        return {name: status for name, status in statuses.items() if status is not None}

    def stop(self) -> None:
        """End all in order, and wait for them."""
        for hand in self._hands:
            hand.ask_to_stop()
        deadline = time.monotonic() + STOP_SECONDS
        for hand in self._hands:
            hand.ended(deadline)
