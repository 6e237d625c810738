"""The guides say what is so: commands, exit statuses, log lines, settings, codes and examples agree with the code."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from agents.cli.main import COMMANDS
from stream.deadletters import EXEMPT_FAULTS, Fault
from stream.topics import DAY_MS, Topics
from tests.docs.commands import PAGES, Block, blocks, check_command, exit_statuses, log_texts
from tests.docs.settings import names
from tests.prerequisites import ROOT

README = (ROOT / "README.md").read_text("utf-8")
OPERATING = (ROOT / "docs" / "operating.md").read_text("utf-8")
BLOCKS = list(blocks())
OURS = [command for block in BLOCKS for command in block.commands if command.startswith("tallygate ")]
VARIABLE = re.compile(r"TALLYGATE_\w*[A-Z]\b")
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
OURS_BY_PATH = re.compile(r"`((?:agents|state|stream|tests|deploy)/[\w./-]*[\w/])`")
ANCHOR = re.compile(r"\]\(([\w./-]*\.md)?#([\w-]+)\)")


def section(title: str) -> str:
    """What stands under a heading of the operating page."""
    return OPERATING.partition(f"\n## {title}\n")[2].partition("\n## ")[0]


def first_cells(text: str) -> list[str]:
    """The first cells of a table, where they are code."""
    return re.findall(r"^\| `([^`]+)` \|", text, re.MULTILINE)


@pytest.mark.parametrize("command", sorted(set(OURS)))
def test_command_is_understood(command: str) -> None:
    """Each command line of the pages is one that the command accepts: names, options, values."""
    check_command(command)


def test_wrong_commands_are_not_understood() -> None:
    """The check above refuses an option, a value and a command that do not exist."""
    for wrong in ("tallygate judge x --no-such", "tallygate judge x --overflow maybe", "tallygate topics mend"):
        with pytest.raises((Exception, SystemExit)):
            check_command(wrong)


def test_make_has_the_targets() -> None:
    """Each `make` of the pages names a target of the Makefile."""
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    named = {command for block in BLOCKS for command in block.commands if command.startswith("make ")}
    assert {command.split()[1] for command in named} <= targets
    assert {"make demo", "make test"} <= named


@pytest.mark.parametrize("block", [block for block in BLOCKS if block.offline], ids=lambda block: block.commands[0])
def test_block_runs(block: Block, tmp_path: Path) -> None:
    """Each block that needs no broker runs through, from a folder that has the documents."""
    done = run(block.text, tmp_path)
    assert done.returncode == 0, done.stderr


def run(script: str, folder: Path) -> "subprocess.CompletedProcess[str]":
    """Run a script as a reader would, with the environment's commands in reach."""
    (folder / "docs").symlink_to(ROOT / "docs")
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return subprocess.run(
        ["sh", "-eu", "-c", script],
        cwd=folder,
        env={**os.environ, "PATH": path, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )


def test_readme_shows_what_judge_says(tmp_path: Path) -> None:
    """The summary under the example of the README is what the command prints."""
    part = README.partition("\n## Judge a file of your own\n")[2]
    command, said = (re.search(rf"```{kind}\n(.*?)```", part, re.DOTALL) for kind in ("sh", "text"))
    assert command is not None
    assert said is not None
    assert run(command[1], tmp_path).stderr == said[1]


def test_variables_exist() -> None:
    """Every setting that a page names is one, or is read by the code or the tests themselves."""
    sources = [*(ROOT / "agents").rglob("*.py"), ROOT / "tests" / "prerequisites.py"]
    read = {name for source in sources for name in re.findall(r"[\"']" + VARIABLE.pattern, source.read_text("utf-8"))}
    known = names() | {name.strip("\"'") for name in read}
    named = {(page.name, name) for page in PAGES for name in VARIABLE.findall(page.read_text("utf-8"))}
    assert [each for each in sorted(named) if each[1] not in known] == []
    assert len(named) > 20


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_anchors_exist(page: Path) -> None:
    """Each link to a place within a page finds a heading there."""
    missing = []
    for target, anchor in ANCHOR.findall(page.read_text("utf-8")):
        there = (page.parent / target).resolve() if target else page
        headings = HEADING.findall(there.read_text("utf-8"))
        if anchor not in {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}:
            missing.append(f"{target}#{anchor}")
    assert missing == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_files_of_ours_are_there(page: Path) -> None:
    """A file or folder that a page names by its path exists."""
    named = OURS_BY_PATH.findall(page.read_text("utf-8"))
    assert [path for path in named if not (ROOT / path).exists()] == []


def test_modules_of_the_map_are_there() -> None:
    """Where the table of places names modules after a folder, they are in that folder."""
    text = (ROOT / "docs" / "how-it-works.md").read_text("utf-8").partition("## Where to find what")[2]
    rows = [re.findall(r"`([\w./-]+(?:/|\.py))`", row) for row in text.partition("\n## ")[0].splitlines()]
    found = [(paths[0].rpartition("/")[0], path) for paths in rows if paths for path in paths[1:] if "/" not in path]
    assert [pair for pair in found if not (ROOT / pair[0] / pair[1]).exists()] == []
    assert len(found) >= 5


def test_every_page_is_in_the_index() -> None:
    """The index leads to each page of the folder, that of programmes to theirs."""
    for folder in (ROOT / "docs", ROOT / "docs" / "programmes"):
        index = (folder / "README.md").read_text("utf-8")
        below = [page.relative_to(folder).as_posix() for page in PAGES if page.is_relative_to(folder)]
        pages = {page for page in below if not page.startswith("programmes/") or page.endswith("/README.md")}
        assert {page for page in pages if f"]({page})" not in index and f"]({page}#" not in index} == {"README.md"}


def test_exit_statuses_are_those_of_the_code() -> None:
    """For each command of the table the statuses are those that it can end with, all of them."""
    page = (ROOT / "docs" / "exit-codes.md").read_text("utf-8")
    rows = re.findall(r"^\| `([\w-]+)` \| (\d+) \|", page, re.MULTILINE)
    told = {command: {int(status) for name, status in rows if name == command} for command, _ in rows}
    assert told == {command: exit_statuses(command) for command in COMMANDS}
    assert {status for statuses in told.values() for status in statuses} == {0, 1, 2, 75, 78, 130}


def test_statuses_of_the_code_are_found() -> None:
    """The check above sees statuses given by number, by name, and by asking Kafka."""
    assert exit_statuses("resume") == {0, 1, 2, 75}
    assert exit_statuses("worker") == {0, 2, 75, 78}


@pytest.mark.parametrize("title", ["The log", "It does not start"])
def test_log_lines_are_those_of_the_code(title: str) -> None:
    """What the page tells to look for occurs in what is logged."""
    logged, theirs = log_texts(), {"applied="}
    told = first_cells(section(title))
    assert [line for line in told if line not in theirs and not any(line in text for text in logged)] == []
    assert len(told) > 8


def test_halting_codes_are_those_of_the_code() -> None:
    """The table of codes has all of them in order, and says which ones count towards a halt."""
    rows = re.findall(r"^\| `([\w-]+)` \| (yes|no) \|", section("Dead letters"), re.MULTILINE)
    assert rows == [(fault.value, "no" if fault in EXEMPT_FAULTS else "yes") for fault in Fault]


def test_topics_are_those_of_the_code() -> None:
    """The table names every topic, with the days that it is kept."""
    text = section("Topics and groups")
    for plan in Topics().plans():
        (row,) = [line for line in text.splitlines() if line.startswith("|") and f"`{plan.name}`" in line]
        days = int(plan.config.get("retention.ms", 0)) // DAY_MS
        assert (f"{days} days" if days else "compacted") in row


def test_variables_of_no_setting_are_found() -> None:
    """The check of settings knows those that exist by name, and no others."""
    assert {"TALLYGATE_KAFKA__BROKERS", "TALLYGATE_RULES"} <= names()
    assert "TALLYGATE_KAFKA__BROKER" not in names()
