"""The processes of a rebuild: each is kept running, and a refusal of one ends all."""

import os
from collections.abc import Mapping
from typing import Final

from agents.worker.supervisor import Child

NAME: Final = "rebuild"
"""Worker name of the processes: always the same, so that the next try ends what one before left open."""


def make_hand(role: str, environment: Mapping[str, str]) -> Child:
    """Return one process of a rebuild, with these variables more."""
    # The bars say how it gets on; in their lines only what goes wrong should be.
    quiet = {"TALLYGATE_LOG__LEVEL": "WARNING"}
    command = ["agents.ops.rebuild.rebuild_worker", role, "--parent", str(os.getpid())]
    return Child(role, command, {**quiet, **os.environ, "TALLYGATE_WORKER__NAME": NAME, **environment}, apart=True)
