"""Names of the product: one module and one class for each, so that a name says which one is meant."""

import ast
from collections import defaultdict
from collections.abc import Iterable
from typing import Final

from tests.tidiness import ROOMS, Source

TWICE: Final[dict[str, str]] = {
    "step": "the interface of a step, and one module for each of the two steps",
    "rows": "each of the two steps has rows of its own",
    "AwayError": "the client is a wheel of its own, and programs see its plain names only",
    "GoneError": "as AwayError",
    "RefusedError": "as AwayError",
    "keys": "of rows, and of Redis: each room names its keys in one module",
}
"""Names that occur more than once, each with its reason."""

MIRRORED: Final = "agents/tallygate_client/messages.py"
"""The same messages as a program sees them: written from the gateway's description, with its names."""

COMMANDS: Final = "agents/cli/"
"""A command's module is named like the room that it calls."""


def names(source: Source) -> set[str]:
    """Return the names that a file of the product takes: that of its module, and those of its classes."""
    if not source.python or source.path == MIRRORED or not source.path.startswith(tuple(f"{room}/" for room in ROOMS)):
        return set()
    module = source.path.rpartition("/")[2].removesuffix(".py")
    taken = {node.name for node in ast.walk(source.tree) if isinstance(node, ast.ClassDef)}
    return taken | ({module} if module[0] != "_" and not source.path.startswith(COMMANDS) else set())


def names_twice(sources: Iterable[Source]) -> dict[str, list[str]]:
    """Return the names that more than one file takes, with the files."""
    found = defaultdict(list)
    for source in sources:
        for name in names(source):
            found[name].append(source.path)
    return {name: paths for name, paths in sorted(found.items()) if len(paths) > 1}
