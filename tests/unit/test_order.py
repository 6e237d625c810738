"""The order of test files: slow ones first, and the list of them is as it should be."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.order import SLOW_FILES, amiss, known_seconds, lines, measured, slowest_first

SAID = """
 65.02s call     tests/a/test_x.py::test_one[a b]
1.50s setup    tests/a/test_x.py::test_two
9.00s call     tests/test_y.py::test_one
12.01s teardown tests/test_z.py::test_one
3 passed in 88.0s
""".replace("\n ", "\n")


def test_list_names_files_that_are_there(root: Path) -> None:
    """Each slow file is in the tree, once, and the list is written as `lines` writes it."""
    known = known_seconds()
    assert [path for path in known if not (root / path).is_file()] == []
    assert SLOW_FILES.read_text() == lines(known)


def test_makefile_keeps_the_order(root: Path) -> None:
    """Without this option xdist puts the files with the most tests first."""
    assert "--no-loadscope-reorder" in (root / "Makefile").read_text()


def test_slow_files_come_first() -> None:
    """Tests of slow files come first, those of one file in the order they had, and the rest stays as it was."""
    names = ["tests/b.py::two", "tests/c.py::one", "tests/a.py::b", "tests/d.py::one", "tests/a.py::a"]
    items: list[Any] = [SimpleNamespace(nodeid=name) for name in names]
    slowest_first(items, {"tests/a.py": 30, "tests/d.py": 40})
    found = [item.nodeid for item in items]
    assert found == ["tests/d.py::one", "tests/a.py::b", "tests/a.py::a", "tests/b.py::two", "tests/c.py::one"]


def test_durations_make_the_list() -> None:
    """Setup, call and teardown of a file add up; a quick file is left out."""
    took = measured([SAID])
    assert took == pytest.approx({"tests/a/test_x.py": 66.52, "tests/test_y.py": 9.0, "tests/test_z.py": 12.01})
    assert lines(took) == "67 tests/a/test_x.py\n12 tests/test_z.py\n"


def test_a_file_that_became_slow_is_told() -> None:
    """A file that takes a minute longer than the list says is named, with both; any other is not."""
    told = amiss({"tests/a.py": 100.4, "tests/b.py": 59.0, "tests/c.py": 150.0}, {"tests/a.py": 20, "tests/c.py": 100})
    assert told == ["tests/a.py took 100 s, tests/slow_files.txt says 20: see tests/order.py"]
