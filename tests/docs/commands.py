"""Commands in the pages: those in fenced `sh` blocks, and what of them can be checked or run without a broker."""

import ast
import re
import shlex
from collections.abc import Iterator
from importlib import import_module
from inspect import getsource
from pathlib import Path
from types import ModuleType
from typing import Any, Final, NamedTuple

from agents.cli.exits import NO
from agents.cli.main import load
from agents.kafka.errors import EXIT_REFUSED, EXIT_RETRY
from tests.prerequisites import ROOT

PAGES: Final = (ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("**/*.md")))
BLOCK: Final = re.compile(r"^```sh\n(.*?)^```$", re.DOTALL | re.MULTILINE)
OFFLINE: Final = ("tallygate judge", "tallygate rules", "tallygate demo --save", "python docs/")
"""How commands begin that need neither a broker nor a terminal."""

ASSIGNMENT: Final = re.compile(r"[A-Z_]+=\S*$")
USAGE: Final = 2
ANSWERS: Final[dict[str, set[int]]] = {
    "demo": {EXIT_RETRY},
    "gateway": {EXIT_RETRY, EXIT_REFUSED},
    "projection": {EXIT_RETRY, EXIT_REFUSED},
    "rebuild": {EXIT_RETRY, EXIT_REFUSED},
    "sandbox": {NO, EXIT_RETRY},
    "webhooks": {EXIT_RETRY, EXIT_REFUSED},
    "worker": {EXIT_RETRY, EXIT_REFUSED},
}
"""Exit statuses that are not in the command's own module."""


class Block(NamedTuple):
    """A fenced block of a page."""

    page: str
    text: str

    @property
    def commands(self) -> list[str]:
        """Its lines, those that go on joined, without comments and what is set before a command."""
        lines = self.text.replace("\\\n", " ").splitlines()
        return [line for line in (_bare(line) for line in lines) if line]

    @property
    def offline(self) -> bool:
        """Whether all of it can run without a broker."""
        return all(command.startswith(OFFLINE) for command in self.commands)


def _bare(line: str) -> str:
    words = re.split(r"\s+#|^#", line)[0].split()
    while words and ASSIGNMENT.match(words[0]):
        words.pop(0)
    return "" if words[:1] == ["export"] else " ".join(words)


def blocks() -> Iterator[Block]:
    """Yield every block of every page."""
    for page in PAGES:
        for text in BLOCK.findall(page.read_text("utf-8")):
            yield Block(page.relative_to(ROOT).as_posix(), text)


def check_command(command: str) -> None:
    """Have our command line read a command as a user's, and not run it. Raises what it says against it."""
    arguments = shlex.split(re.split(r"\s[|>&]", command)[0])[1:]
    if arguments in (["--help"], ["--version"]):
        return
    name, *rest = arguments
    found = load(name)
    while commands := getattr(found, "commands", None):
        name, *rest = rest
        found = commands[name]
    found.make_context(name, rest)


def exit_statuses(command: str) -> set[int]:
    """Return the exit statuses that the module of a command, and what it asks Kafka by, can end with."""
    module = import_module(f"agents.cli.{command.replace('-', '_')}")
    modules = [module]
    if hasattr(module, "ask"):
        modules.append(import_module("agents.cli.kafka_call"))
    raised = {status for one in modules for status in _raised(one)}
    return {0, USAGE} | raised | ANSWERS.get(command, set())


def _raised(module: ModuleType) -> Iterator[int]:
    for node in ast.walk(ast.parse(getsource(module))):
        match node:
            case ast.Call(func=ast.Attribute(attr="Exit"), args=[ast.Constant(value=int(status))]):
                yield status
            case (
                ast.Call(func=ast.Attribute(attr="Exit"), args=[ast.Name(id=name)])
                | ast.Call(func=ast.Name(id="refuse"), args=[_, ast.Name(id=name)])
            ) if hasattr(module, name):
                yield int(getattr(module, name))


def log_texts() -> set[str]:
    """Return the texts of what the workers and their supervisor log, and of what they refuse."""
    rooms = ("engine", "kafka", "observability", "ops/rebuild", "readmodel", "settings", "webhooks", "worker")
    sources = [source for room in rooms for source in (ROOT / "agents" / room).glob("*.py")]
    sources.append(ROOT / "agents/cli/worker.py")
    return {text for source in sources for text in _texts(source)}


def _texts(source: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(source.read_text("utf-8"))):
        match node:
            case ast.Constant(value=str(text)):
                yield text
            case ast.JoinedStr(values=parts):
                yield "".join(_part(part) for part in parts)


def _part(part: Any) -> str:
    return str(part.value) if isinstance(part, ast.Constant) else "%s"
