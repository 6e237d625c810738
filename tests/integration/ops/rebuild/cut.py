"""`tallygate`, killed in a rebuild: `python -m tests.integration.ops.rebuild.cut POINT rebuild tables ...`.

Its processes and then itself get kill -9, as from a machine that is switched off.
"""

import os
import signal
import sys
from collections.abc import Awaitable, Callable
from functools import wraps
from pathlib import Path
from typing import Any, Final, NoReturn

from agents.cli.main import main
from agents.ops.rebuild.rebuild import _Work

POINTS: Final = {
    "prepared": "prepare",
    "judging": "_tick",
    "judged": "fill",
    "to publish": "mark",
    "publishing starts": "_tick",
    "decisions are out": "_reach",
    "published": "publish",
    "done": "mark",
    "cleared": "clear",
}
"""Points in their order, and the part of the work at whose end each is looked for."""


def die() -> NoReturn:
    """Kill the processes of this command, and it."""
    own = os.getpid()
    for child in Path(f"/proc/{own}/task/{own}/children").read_text().split():
        os.kill(int(child), signal.SIGKILL)
    os.kill(own, signal.SIGKILL)
    raise SystemExit("not killed")


async def come(point: str, work: Any, arguments: tuple[Any, ...]) -> bool:
    """Return whether the work is at the point."""
    stage, publishing = work._rebuild.stage, work._phase == "publishing"
    match point:
        case "judging":
            aside = await work._lag.ends(work._topics.rebuilt("decisions"))
            return not publishing and any(aside.values())
        case "to publish":
            return bool(stage == "publishing")
        case "publishing starts":
            return bool(publishing)
        case "decisions are out":
            return bool(arguments[0].name == "rebuilt-decisions")
        case "done":
            return bool(stage == "done")
    return True


def killing(point: str, part: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
    """Return the part of the work, at whose end everything is killed if it is the point."""

    @wraps(part)
    async def wrapped(work: Any, *arguments: Any) -> Any:
        done = await part(work, *arguments)
        if await come(point, work, arguments):
            die()
        return done

    return wrapped


if __name__ == "__main__":
    where = sys.argv.pop(1)
    setattr(_Work, POINTS[where], killing(where, getattr(_Work, POINTS[where])))
    main()
