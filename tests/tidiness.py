"""The rules of tidiness, each a function from one file to the complaints about it; `unit/test_tidy.py` applies them."""

import ast
import re
import re._parser as _sre  # type: ignore[import-not-found,unused-ignore]  # what a pattern is made of
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from os.path import normpath
from pathlib import Path
from typing import Any

import aiokafka

from tests.syntax import uncollected

ROOMS = ("stream", "state", "agents")
LINES_A_FILE = 400
LINES_A_FUNCTION = 59
CHARACTERS_A_LINE = 120
TESTS_PER_SOURCE_LINE = (1.2, 1.6)
RATIO_COUNTS_FROM = 3_000
"""Lines of source from which the ratio of tests to source says something."""

LOADERS = ("state/rules/loading.py", "stream/days.py", "stream/pub28.py")
"""The only files below `agents` that may read a file: data that ships in a package."""

VAGUE_NAMES = frozenset({"base", "common", "helper", "helpers", "manager", "misc", "util", "utils"})
READING = frozenset({"open", "read_bytes", "read_text", "iterdir", "glob"})
CLOCKS = frozenset({"now", "today", "utcnow"})
OUTSIDE = frozenset({"asyncio", "os", "random", "secrets", "socket", "subprocess", "threading", "time"})

PATHS = re.compile(r"(?<![\w.}~-])/(?:home|Users|root|work|tmp)/\w")
INDEXES = re.compile(r"pypi\.(?:org|python)|python[h]osted|index[-]url|find[-]links|repo1?\.maven|npmjs\.org")
LINKS = re.compile(r"\]\((?![a-z]+:|#)([^)#\s]+)")
STRANGERS = (
    "stream/", "state/", "agents/client/", "agents/ops/dead_letters/", "agents/gateway/", "agents/publish/",
    "agents/tallygate_client/",
)  # fmt: skip
"""Where text is read that strangers sent."""
REACH_MAX = 300
_REPEATED_CLASS = re.compile(r"\^?\[\^?\]?[^]]+\]\+\$?")
KAFKA_ROOMS = ("agents/kafka/", "agents/engine/", "agents/tallygate_client/")
CLIENT = ("AIOKafka", "create_conn")
OURS = frozenset({"self", "cls"})
CHECKING = re.compile(r"(?:assert|check)_|run_state_machine_as_test$|(?:raises|warns|fail)$")


@dataclass(frozen=True)
class Source:
    """One file of the repository: its path from the root, with slashes, and its text."""

    path: str
    text: str

    @cached_property
    def tree(self) -> ast.Module:
        """Return the syntax tree of a Python file."""
        with uncollected():
            return ast.parse(self.text)

    @property
    def python(self) -> bool:
        """Tell whether this is Python."""
        return self.path.endswith(".py")

    @property
    def pure(self) -> bool:
        """Tell whether this lies below `agents`, where everything is an argument."""
        return self.python and self.path.startswith(("stream/", "state/"))

    @property
    def functions(self) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
        """Return every function, those inside others too."""
        return (node for node in ast.walk(self.tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


Rule = Callable[[Source], Iterable[str]]


def bounded_patterns(source: Source) -> Iterator[str]:
    """Complain about a pattern that strangers' text could make slow: all it repeats has a small bound.

    A class that repeats may be the whole pattern, or stand between `^` and `$`: neither can begin again.
    """
    if source.python and source.path.startswith(STRANGERS):
        for node in ast.walk(source.tree):
            for pattern, line in _patterns(node):
                if _reach(_sre.parse(pattern)) > REACH_MAX and not _REPEATED_CLASS.fullmatch(pattern):
                    yield f"line {line}: the pattern {pattern!r} repeats without a small bound"


def _patterns(node: ast.AST) -> Iterator[tuple[str, int]]:
    match node:
        case ast.Call(func=ast.Attribute(value=ast.Name(id="re")), args=[ast.Constant(value=pattern), *_]):
            yield pattern.decode("latin-1") if isinstance(pattern, bytes) else str(pattern), node.lineno
        case ast.Call(func=ast.Attribute(value=ast.Name(id="re")), args=[ast.JoinedStr(values=parts), *_]):
            # What is put in is looked at as one letter: where it is a pattern itself, that one is written somewhere.
            yield "".join(str(part.value) if isinstance(part, ast.Constant) else "x" for part in parts), node.lineno
        case ast.Call(keywords=keywords):
            for keyword in keywords:
                if keyword.arg == "pattern" and isinstance(keyword.value, ast.Constant):
                    yield str(keyword.value.value), node.lineno


def _reach(parsed: Any) -> int:
    """Return how often at most something in a parsed pattern may be tried at one place, repeats within repeats."""
    reach = 1
    for item in parsed:
        inner = max((_reach(each) for each in _inside(item)), default=1)
        repeats = item[1][1] if "REPEAT" in str(item[0]) else 1
        reach = max(reach, inner * int(repeats))
    return reach


def _inside(item: Any) -> Iterator[Any]:
    for part in item if isinstance(item, tuple | list) else ():
        if isinstance(part, _sre.SubPattern):
            yield part
        else:
            yield from _inside(part)


def read_sources(root: Path) -> list[Source]:
    """Read every file of the tree at `root`, leaving out what .gitignore does; of those that are no text the name."""
    left_out = {".git", ".venv", ".cache", "__pycache__", "build", "dist", ".hypothesis", ".import_linter_cache"}
    sources = []
    for path in sorted(root.rglob("*")):
        within = path.relative_to(root)
        if left_out.isdisjoint(within.parts) and not within.parts[0].endswith("_cache") and path.is_file():
            try:
                text = path.read_text("utf-8")
            except UnicodeDecodeError:
                text = ""  # an image, a font or a recorded message: pages may link to it, no other rule speaks of it
            sources.append(Source(within.as_posix(), text))
    return sources


def file_length(source: Source) -> Iterator[str]:
    """Complain about a Python file that is too long to be read at once."""
    lines = source.text.count("\n")
    if source.python and lines > LINES_A_FILE:
        yield f"{lines} lines, at most {LINES_A_FILE}"


def function_length(source: Source) -> Iterator[str]:
    """Complain about a function that does not fit on a screen."""
    for function in source.functions if source.python else ():
        lines = (function.end_lineno or function.lineno) - function.lineno + 1
        if lines > LINES_A_FUNCTION:
            yield f"line {function.lineno}: {function.name} has {lines} lines, at most {LINES_A_FUNCTION}"


def line_length(source: Source) -> Iterator[str]:
    """Complain about a line of code or configuration that is too wide; data and generated pages may be."""
    configured = source.path.endswith((".py", ".toml", ".yml", ".yaml", "Makefile", ".ci/run", "Dockerfile"))
    if configured and "/data/" not in source.path and not source.path.startswith("docs/"):
        for number, line in enumerate(source.text.splitlines(), 1):
            # A source of a rule is often an address, and an address cannot be broken.
            if len(line) > CHARACTERS_A_LINE and "https://" not in line:
                yield f"line {number}: {len(line)} characters, at most {CHARACTERS_A_LINE}"


def module_name(source: Source) -> Iterator[str]:
    """Complain about a module or folder whose name says nothing."""
    if source.python:
        for part in source.path.removesuffix(".py").split("/"):
            if not VAGUE_NAMES.isdisjoint(part.split("_")):
                yield f"the name {part} does not say what lives there"


def package_docstring(source: Source) -> Iterator[str]:
    """Complain about a package that does not say what lives there."""
    if source.path.endswith("__init__.py") and not ast.get_docstring(source.tree):
        yield "a package says in its docstring what lives there and what may be touched"


def markdown_title(source: Source) -> Iterator[str]:
    """Complain about a page without a title."""
    if source.path.endswith(".md") and not source.text.lstrip().startswith("# "):
        yield "a page begins with its title"


def machine_path(source: Source) -> Iterator[str]:
    """Complain about a path that exists on one machine only."""
    for number, line in enumerate(source.text.splitlines(), 1):
        if PATHS.search(line):
            yield f"line {number}: a path of one machine"


def index_address(source: Source) -> Iterator[str]:
    """Complain about the address of a package index: where packages come from is the machine's business."""
    for number, line in enumerate(source.text.splitlines(), 1):
        if INDEXES.search(line):
            yield f"line {number}: an address or option of a package index"


def purity(source: Source) -> Iterator[str]:
    """Complain about clocks, chance, files, environment and floats below `agents`."""
    if not source.pure:
        return
    for node in ast.walk(source.tree):
        complaint = _impurity(node, reads=source.path in LOADERS)
        if complaint:
            yield f"line {getattr(node, 'lineno', 0)}: {complaint}"


def _impurity(node: ast.AST, *, reads: bool) -> str | None:
    match node:
        case ast.Import(names=names) if any(name.name.split(".")[0] in OUTSIDE for name in names):
            return "imports from the outside"
        case ast.ImportFrom(module=str(module)) if module.split(".")[0] in OUTSIDE:
            return f"imports from {module}"
        case ast.Attribute(value=ast.Name(id=kind) | ast.Attribute(attr=kind), attr=name) if (
            kind in {"date", "datetime"} and name in CLOCKS
        ):
            return f"{kind}.{name}: time is an argument"
        case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name)) if name in READING and not reads:
            return f"{name}: files are read by {' and '.join(LOADERS)} only"
        case ast.Constant(value=float()) | ast.Name(id="float"):
            return "a float: money is whole cents, instants are whole microseconds"
        case ast.BinOp(op=ast.Div()) if not reads:
            return "true division makes a float"
    return None


def kafka_clients(source: Source) -> Iterator[str]:
    """Complain about a client of Kafka that is built, or looked into, outside the two rooms that may."""
    if source.python and source.path.startswith("agents/") and not source.path.startswith(KAFKA_ROOMS):
        for node in ast.walk(source.tree):
            match node:
                case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name)) if name.startswith(CLIENT):
                    yield f"line {node.lineno}: {name} is built by {' and '.join(KAFKA_ROOMS)} only"
                case ast.ClassDef(bases=bases) if any(_last_name(base).startswith(CLIENT) for base in bases):
                    yield f"line {node.lineno}: {node.name} extends a client of Kafka"
                case ast.alias(name=name, asname=str()) if name.startswith(CLIENT):
                    yield f"line {node.lineno}: {name} goes by its own name, so that this rule sees it"
                case ast.Attribute(value=owner, attr=name) if _last_name(owner) not in OURS and name in inner_names():
                    yield f"line {node.lineno}: {name} is a private part of aiokafka"


def _last_name(node: ast.AST) -> str:
    return node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""


@cache
def inner_names() -> frozenset[str]:
    """Return the private attributes and methods of all of aiokafka's classes."""
    (folder,) = aiokafka.__path__
    text = "\n".join(path.read_text("utf-8") for path in Path(folder).rglob("*.py"))
    return frozenset(re.findall(r"(?:\bself\.|\bdef )(_[a-z]\w*)", text))


def functions_of_tests(source: Source) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """Yield the test functions of a test file."""
    if source.path.startswith("tests/") and source.path.rpartition("/")[2].startswith("test_"):
        yield from (function for function in source.functions if function.name.startswith("test_"))


def says_what_holds(source: Source) -> Iterator[str]:
    """Complain about a test without its one sentence."""
    for function in functions_of_tests(source):
        docstring = ast.get_docstring(function)
        if not docstring or "\n\n" in docstring:
            yield f"line {function.lineno}: {function.name} says in one sentence what must hold"


def can_fail(source: Source) -> Iterator[str]:
    """Complain about a test that asserts nothing, or something that is always true."""
    for function in functions_of_tests(source):
        nodes = list(ast.walk(function))
        if not any(_checks(node) for node in nodes):
            yield f"line {function.lineno}: {function.name} asserts nothing"
        for node in nodes:
            if isinstance(node, ast.Assert) and isinstance(node.test, ast.Constant | ast.Tuple):
                yield f"line {node.lineno}: this assertion never looks at anything"


def _checks(node: ast.AST) -> bool:
    match node:
        case ast.Assert():
            return True
        case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name)):
            return CHECKING.match(name) is not None
    return False


def folders_without_package(sources: Iterable[Source]) -> list[str]:
    """Complain about folders of Python that have no `__init__.py`, and so no word on what lives there.

    Below `docs` a script stands for itself.
    """
    paths = {source.path for source in sources if source.python}
    folders = {path.rpartition("/")[0] for path in paths if not path.startswith("docs/")} - {""}
    return sorted(folder for folder in folders if f"{folder}/__init__.py" not in paths)


def dead_links(sources: Iterable[Source]) -> list[str]:
    """Complain about links in pages to files that are not in the tree."""
    pages = list(sources)
    paths = {page.path for page in pages} | {parent.as_posix() for page in pages for parent in Path(page.path).parents}
    return [
        f"{page.path}: no {target}"
        for page in pages
        if page.path.endswith(".md")
        for target in LINKS.findall(page.text)
        if normpath(Path(page.path).parent / target) not in paths
    ]


def ratio(sources: Iterable[Source]) -> tuple[int, int]:
    """Count the lines of Python in the three rooms and in the tests."""
    lines = {"source": 0, "tests": 0}
    for source in sources:
        if source.python:
            kind = "tests" if source.path.startswith("tests/") else "source"
            lines[kind] += source.text.count("\n")
    return lines["source"], lines["tests"]


def ratio_complaints(source_lines: int, test_lines: int) -> list[str]:
    """Complain about too few or too many tests once there is enough source to compare with."""
    low, high = TESTS_PER_SOURCE_LINE
    if source_lines < RATIO_COUNTS_FROM or low <= test_lines / source_lines <= high:
        return []
    return [
        f"{test_lines} lines of tests to {source_lines} of source: {test_lines / source_lines:.2f}, not {low}–{high}"
    ]


RULES: tuple[Rule, ...] = (
    file_length,
    function_length,
    line_length,
    module_name,
    package_docstring,
    markdown_title,
    machine_path,
    index_address,
    purity,
    bounded_patterns,
    kafka_clients,
    says_what_holds,
    can_fail,
)
