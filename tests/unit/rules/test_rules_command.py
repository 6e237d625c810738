"""`tallygate rules show` and `check`."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from agents.cli import rules
from agents.cli.main import main
from state.rules import load_rulebook

run = CliRunner().invoke


def test_show_prints_the_rules_of_a_day() -> None:
    """Without a terminal each rule is a line with tabs: section, id, words, period, certainty, source."""
    result = run(main, ["rules", "show", "--on", "2025-08-20"])
    rows = [line.split("\t") for line in result.stdout.splitlines()]
    assert result.exit_code == 0
    assert rows[0] == ["section", "rule", "says", "holds", "certainty", "source"]
    assert ["limit", "limit-800", "$800.00 per person and day", "from 2016-03-10", "A"] in [row[:5] for row in rows]
    assert {len(row) for row in rows} == {6}
    assert "suspension-2025" not in result.stdout


def test_show_without_a_day_shows_today() -> None:
    """Today everything is suspended, and the list says so."""
    assert "suspension-2026-regulation" in run(main, ["rules", "show"]).stdout


def test_show_adds_a_rule_file(tmp_path: Path) -> None:
    """A file given with --rules counts."""
    mine = tmp_path / "mine.toml"
    mine.write_text('remove = ["suspension-2025"]')
    result = run(main, ["rules", "show", "--on", "2026-01-01", "--rules", str(mine)])
    assert (result.exit_code, "suspension-2025" in result.stdout) == (0, False)


def test_check_accepts_the_shipped_rules() -> None:
    """Without a file the shipped rules are checked, and the fingerprint is told."""
    result = run(main, ["rules", "check"])
    assert (result.exit_code, load_rulebook().id in result.stdout) == (0, True)


@pytest.mark.parametrize("command", [["check"], ["show", "--rules"]])
def test_broken_file_exits_with_two(tmp_path: Path, command: list[str]) -> None:
    """A file that cannot be used ends with 2, and one line on stderr says why and what to do."""
    mine = tmp_path / "mine.toml"
    mine.write_text("[[limit]]\n")
    result = run(main, ["rules", *command, str(mine)])
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith("mine.toml: limit number 1: ")
    assert "Remedy: " in result.stderr
    assert result.stderr.count("\n") == 1


@pytest.mark.parametrize("day", ["yesterday", "2025-02-30", ""])
def test_unknown_day_exits_with_two(day: str) -> None:
    """A text that is no date is bad usage."""
    assert run(main, ["rules", "show", "--on", day]).exit_code == 2


def test_table_on_a_terminal(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """On a terminal the same rules come as a table with a title."""
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    rules.show(on="2025-08-20", rules=None)
    shown = capsys.readouterr().out
    assert "Rules of 2025-08-20" in shown
    assert "│" in shown
