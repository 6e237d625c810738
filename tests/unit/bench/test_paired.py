"""Paired runs, measured small: a tree costs what it costs, and sends what it sends, whatever process it runs in."""

import sys
from pathlib import Path
from shutil import copytree, ignore_patterns

import pytest

from tests.bench.lives import LIVES, PHASES
from tests.bench.paired import THIS_TREE, compare, main

BILLS = 1
"""Bills of a life; each life has those of one person at least."""


@pytest.fixture
def other_tree(tmp_path: Path) -> Path:
    """Return a copy of this tree whose decisions name another source, and which takes longer to convert an instant."""
    for room in ("state", "stream"):
        copytree(THIS_TREE / room, tmp_path / room, ignore=ignore_patterns("__pycache__"))
    replace(tmp_path / "stream/decisions.py", 'SOURCE: Final = "/tallygate"', 'SOURCE: Final = "/another"')
    replace(
        tmp_path / "stream/instants.py",
        "    try:\n        since =",
        "    for _ in range(50):\n        pass\n    try:\n        since =",
    )
    return tmp_path


def replace(file: Path, before: str, after: str) -> None:
    """Change one place of a file."""
    text = file.read_text()
    assert text.count(before) == 1
    file.write_text(text.replace(before, after))


def test_a_tree_is_equal_to_itself() -> None:
    """Each step, life and phase takes as many bytecodes in both processes, and sends the same bytes."""
    pairs = compare(THIS_TREE, THIS_TREE, rounds=1, bills=BILLS)
    names = {
        f"{step}: {life.name}: {phase}"
        for step in ("manifest", "withholding")
        for life in LIVES
        for phase in (*PHASES, "restore")
    }
    assert {pair.name for pair in pairs} == names
    assert [pair for pair in pairs if pair.bytecode_ratio != 1 or not pair.same] == []
    assert all(pair.bytecodes[0] > 100 and pair.least_ratio == pair.median_ratio > 0 for pair in pairs)


def test_a_tree_that_sends_other_bytes_is_named(
    other_tree: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its rows of the step that sends them end with OTHER BYTES, no other row does, and what costs more shows."""
    monkeypatch.setattr(sys, "argv", ["paired", str(other_tree), "--rounds", "0", "--bills", str(BILLS)])
    main()
    _, *rows = capsys.readouterr().out.splitlines()
    assert len(rows) == 2 * len(LIVES) * (len(PHASES) + 1)
    for row in rows:
        judges = row.startswith("withholding: ") and ": restore " not in row
        ratio = float(row.removesuffix("OTHER BYTES").split()[-1])
        assert row.endswith("OTHER BYTES") is judges
        # Not every event has the manifest step convert an instant; each posting has the withholding step do so.
        assert 0.5 < ratio < 1 if judges else 0.5 < ratio <= 1
