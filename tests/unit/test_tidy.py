"""The repository keeps its own rules of tidiness, and every rule is shown to complain where it should."""

from pathlib import Path

import pytest

from tests.names import TWICE, names_twice
from tests.plain_english import plain_english
from tests.tidiness import (
    LINES_A_FILE,
    LINES_A_FUNCTION,
    RATIO_COUNTS_FROM,
    RULES,
    Rule,
    Source,
    bounded_patterns,
    can_fail,
    dead_links,
    file_length,
    folders_without_package,
    function_length,
    index_address,
    kafka_clients,
    line_length,
    machine_path,
    markdown_title,
    module_name,
    package_docstring,
    purity,
    ratio,
    ratio_complaints,
    read_sources,
    says_what_holds,
)

ALL_RULES = (*RULES, plain_english)
HOST = "py" + "pi.org"

# Each line: rule, path, a text it must complain about, and the nearest text it must let pass.
EXAMPLES = [
    (file_length, "stream/a.py", "x = 1\n" * (LINES_A_FILE + 1), "x = 1\n" * LINES_A_FILE),
    (
        function_length,
        "agents/a.py",
        "class A:\n    async def f():\n" + "        x = 1\n" * LINES_A_FUNCTION,
        "class A:\n    async def f():\n" + "        x = 1\n" * (LINES_A_FUNCTION - 1),
    ),
    (line_length, "stream/a.py", "# " + "x" * 119, "# " + "x" * 118),
    (line_length, "Makefile", "x" * 121, "x" * 120),
    (line_length, "data.toml", "x" * 121, "# https://" + "x" * 120),
    (package_docstring, "agents/x/__init__.py", "# Things.\n", '"""Things."""\n'),
    (markdown_title, "docs/a.md", "Text.\n", "# Title\n"),
    (machine_path, "README.md", "see /" + "home/me/x", "see ./home/me"),
    (machine_path, "a.yml", 'path: "/' + 'tmp/k"', "path: /var/lib/kafka"),
    (index_address, "constraints.txt", f"--extra-index-{'url'} x", "rich==15.0.0"),
    (index_address, "README.md", f"https://{HOST}/simple", "https://keepachangelog.com"),
    (purity, "stream/a.py", "import time", "import json"),
    (purity, "state/a.py", "from os.path import join", "from datetime import date"),
    (purity, "state/a.py", "datetime.now(UTC)", "datetime(2025, 8, 12)"),
    (purity, "state/a.py", "day = datetime.date.today()", "day = postings.today"),
    (purity, "state/a.py", "rows = open('rows')", "rows = opened('rows')"),
    (purity, "state/a.py", "path.read_text()", "path.name"),
    (purity, "stream/money.py", "limit = 800.0", "limit = 80_000"),
    (purity, "stream/money.py", "float('12.00')", "int('1200')"),
    (purity, "stream/money.py", "cents = amount / 2", "cents = amount // 2"),
    (bounded_patterns, "stream/a.py", r"re.compile('(a{1,99}b){1,9}')", r"re.compile('(a{1,9}b){1,9}')"),
    (bounded_patterns, "stream/a.py", r"re.compile(rb'\"[^\"]*\"')", r"re.compile(rb'[^\"]+')"),
    (bounded_patterns, "stream/a.py", "re.compile(rf'{word}(?:a+b)+')", "re.compile(rf'{word}(?:ab){{1,9}}')"),
    (bounded_patterns, "agents/gateway/a.py", r"re.search(r'a\d+', text)", r"re.search(r'a\d{1,9}', text)"),
    (bounded_patterns, "agents/gateway/a.py", r"Meta(pattern='^a+b$')", r"Meta(pattern='^[a-z]+$')"),
    (kafka_clients, "agents/ops/a.py", "reader = AIOKafkaConsumer('t')", "def read(reader: AIOKafkaConsumer): pass"),
    (kafka_clients, "agents/cli/a.py", "aiokafka.AIOKafkaProducer()", "AIOKafkaProducer"),
    (kafka_clients, "agents/ops/a.py", "class A(AIOKafkaProducer): pass", "class A(Producer): pass"),
    (
        kafka_clients,
        "agents/ops/a.py",
        "from aiokafka import AIOKafkaClient as C",
        "from aiokafka import AIOKafkaClient",
    ),
    (kafka_clients, "agents/ops/a.py", "await self.client._send_request(x)", "await self._client.send(x)"),
    (kafka_clients, "agents/ops/a.py", "producer._sender.close()", "plain._kwargs"),
    (plain_english, "state/a.py", 'def f():\n    """Give it."""', 'def f():\n    """Return it; give it back."""'),
    (plain_english, "stream/a.py", 'class A:\n    """Gives it."""', 'class A:\n    """Gift."""'),
    (plain_english, "tests/a.py", 'x = 1\n"""Made anew."""', 'x = "made anew"\n"""Made again."""'),
    (plain_english, "stream/a.py", "x = 1  # whoever asks", 'x = "whoever asks"  # the one who asks'),
    (plain_english, "state/a.py", "# Nobody knows his key.", "# No history: this is the key."),
    (
        says_what_holds,
        "tests/unit/test_a.py",
        "def test_a(): assert x",
        'def test_a():\n    """X."""\n    assert x',
    ),
    (
        says_what_holds,
        "tests/unit/test_a.py",
        'def test_a():\n    """One.\n\n    Two.\n    """',
        'async def test_a():\n    """One,\n    wrapped.\n    """',
    ),
    (can_fail, "tests/unit/test_a.py", "def test_a(): run()", "def test_a(): check_totals(run())"),
    (can_fail, "tests/unit/test_a.py", "def test_a():\n    assert True", "def test_a():\n    assert x"),
    (
        can_fail,
        "tests/unit/test_a.py",
        "class TestA:\n    def test_a(self): assert (x, 'x')",
        "class TestA:\n    def test_a(self):\n        with pytest.raises(X): run()",
    ),
]


@pytest.fixture(scope="module")
def sources(root: Path) -> list[Source]:
    """Read the repository once."""
    return read_sources(root)


@pytest.mark.parametrize("rule", ALL_RULES, ids=lambda rule: rule.__name__)
def test_repository_keeps_the_rule(rule: Rule, sources: list[Source]) -> None:
    """No file of the repository breaks the rule."""
    complaints = [f"{source.path}: {complaint}" for source in sources for complaint in rule(source)]
    assert not complaints, "\n".join(complaints)


@pytest.mark.parametrize(("rule", "path", "bad", "good"), EXAMPLES)
def test_rule_complains_where_it_should(rule: Rule, path: str, bad: str, good: str) -> None:
    """A broken example is complained about, its nearest sound neighbour is not."""
    assert (bool(list(rule(Source(path, bad)))), list(rule(Source(path, good)))) == (True, [])


@pytest.mark.parametrize("path", ["stream/utils.py", "agents/common/a.py", "state/row_manager.py"])
def test_vague_module_names_are_refused(path: str) -> None:
    """A module name that says nothing is complained about, in any part of the path."""
    assert list(module_name(Source(path, ""))) != []


def test_every_rule_has_a_broken_example() -> None:
    """No rule goes without an example that it complains about."""
    assert {rule for rule, *_ in EXAMPLES} | {module_name} == set(ALL_RULES)


def test_agents_may_use_clocks_and_files() -> None:
    """Purity is asked of the rooms below agents only."""
    assert list(purity(Source("agents/a.py", "import time\nopen('x')\nx = 1.0"))) == []


def test_sources_are_those_of_the_repository(sources: list[Source]) -> None:
    """The reader finds product, tests and the unnamed files, and leaves out what tools made."""
    paths = {source.path for source in sources}
    assert {"stream/__init__.py", "tests/tidiness.py", ".ci/run", "Makefile"} <= paths
    assert not any(path.startswith((".venv/", ".git/", ".cache/", ".mypy_cache/")) for path in paths)


def test_every_folder_of_python_is_a_package(sources: list[Source]) -> None:
    """Each folder with Python in it has an `__init__.py`."""
    assert folders_without_package(sources) == []


def test_folder_without_package_is_found() -> None:
    """A folder of Python without `__init__.py` is complained about, others are not."""
    paths = ["stream/__init__.py", "stream/money.py", "tests/odd/test_a.py", "docs/a.md"]
    assert folders_without_package(Source(path, "") for path in paths) == ["tests/odd"]


def test_no_name_of_the_product_means_two_things(sources: list[Source]) -> None:
    """Each module and class has a name of its own; exceptions have a reason, and none is left that is not needed."""
    assert names_twice(sources).keys() == TWICE.keys(), names_twice(sources)


def test_name_that_occurs_twice_is_found() -> None:
    """Two modules, or two classes, of one name are found; a command's module and tests may be named like a room."""
    texts = {
        "stream/a.py": "class A: pass", "state/a.py": "", "agents/cli/b.py": "", "agents/b/b.py": "class B: pass",
        "agents/c.py": "class A: pass", "tests/b.py": "class B: pass",
        "state/__init__.py": "", "agents/__init__.py": "",
    }  # fmt: skip
    found = names_twice(Source(path, text) for path, text in texts.items())
    assert found == {"A": ["stream/a.py", "agents/c.py"], "a": ["stream/a.py", "state/a.py"]}


def test_links_lead_somewhere(sources: list[Source]) -> None:
    """Each link of a page to a file of the repository finds it."""
    assert dead_links(sources) == []


def test_dead_link_is_found() -> None:
    """A link is followed from its page; addresses and places within a page are left alone."""
    text = "[a](b.md#there) [up](../README.md) [docs](..) [x](https://example.org) [y](#here) [gone](README.md)"
    pages = [Source("docs/a.md", text), Source("docs/b.md", ""), Source("README.md", "")]
    assert dead_links(pages) == ["docs/a.md: no README.md"]


def test_tests_and_source_are_in_proportion(sources: list[Source]) -> None:
    """There are enough lines of tests for the source, and not too many."""
    assert ratio_complaints(*ratio(sources)) == []


def test_proportion_is_counted_and_judged() -> None:
    """Lines are counted by room; too many tests are complained about once there is enough source."""
    sources = [Source("stream/a.py", "a\nb\n"), Source("tests/unit/test_a.py", "a\nb\nc\n"), Source("README.md", "a\n")]
    assert ratio(sources) == (2, 3)
    assert ratio_complaints(RATIO_COUNTS_FROM, 2 * RATIO_COUNTS_FROM) != []
    assert ratio_complaints(RATIO_COUNTS_FROM - 1, 2 * RATIO_COUNTS_FROM) == []
