"""Which build of Tallygate runs: its hot modules compiled to C, or all of it as plain Python."""

from importlib.util import find_spec
from typing import Final

HOT_MODULE: Final = "state.table"
"""One of the modules that `deploy/compiling` compiles; it does all of them or none."""


def is_compiled() -> bool:
    """Whether the hot modules are compiled."""
    found = find_spec(HOT_MODULE)
    return found is not None and not str(found.origin).endswith(".py")


def build_words() -> str:
    """Return what runs in words."""
    return "compiled" if is_compiled() else "plain Python"
