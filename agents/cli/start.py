#!python
"""The command `tallygate` as it is installed: a script, which runs although another package hides ours.

So it imports nothing of ours before it has looked which `agents`, `state` and `stream` Python finds.
"""

import sys
from importlib.util import find_spec
from pathlib import Path

HIDDEN = 78
"""The command refuses to run until you change something (`agents.cli.exits.REFUSES`)."""
ROOMS = {"agents": '"""Who acts:', "state": '"""The state:', "stream": '"""The data that flows:'}
"""Package of ours -> how its `__init__.py` begins; another package in the same folder may have replaced it."""


def hidden() -> str | None:
    """Return in one sentence which package hides ours; None: none does."""
    for name, beginning in ROOMS.items():
        found = find_spec(name)
        place = found.origin if found and found.origin else None
        if place is None or not Path(place).read_text("utf-8", "replace").startswith(beginning):
            return (
                f"tallygate: the package `{name}` that Python finds ({place or 'none'}) is not Tallygate's: "
                "install Tallygate into an environment of its own, and leave PYTHONPATH empty"
            )
    return None


def start() -> None:
    """Run the command, or say what hides it."""
    if told := hidden():
        print(told, file=sys.stderr)
        raise SystemExit(HIDDEN)
    from agents.cli.main import main

    main()


if __name__ == "__main__":
    start()
