"""Shells complete commands and options, and what is mistyped is answered with what was meant."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from agents.cli.completion import Shell
from agents.cli.main import main

run = CliRunner().invoke
PROGRAM = f"""#!/bin/sh
exec "{sys.executable}" -c "from agents.cli.main import main; main(prog_name='tallygate')" "$@"
"""


@pytest.fixture
def environment(tmp_path: Path, root: Path) -> dict[str, str]:
    """Return an environment in which `tallygate` is found."""
    program = tmp_path / "tallygate"
    program.write_text(PROGRAM)
    program.chmod(0o755)
    return {**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}", "PYTHONPATH": str(root)}


@pytest.mark.parametrize(
    ("line", "found"),
    [
        (["pu"], "publish"),
        (["topics", ""], "check create"),
        (["publish", "--skip"], "--skip-bad"),
        (["worker", "w"], "withholding"),
    ],
)
def test_bash_completes(line: list[str], found: str, environment: dict[str, str]) -> None:
    """What the page tells to load into a real bash completes commands, theirs, options and values."""
    words = " ".join(f'"{word}"' for word in ("tallygate", *line))
    script = f"""
        eval "$(tallygate completion bash)"
        COMP_WORDS=({words}); COMP_CWORD={len(line)}
        $(complete -p tallygate | sed 's/.* -F \\([^ ]*\\) .*/\\1/') tallygate
        printf '%s\\n' "${{COMPREPLY[@]}}" | sort
    """
    answer = subprocess.run(["bash", "-c", script], env=environment, capture_output=True, text=True, check=True)
    assert answer.stdout.split() == found.split()


@pytest.mark.parametrize(
    ("shell", "question", "answer"),
    [
        ("zsh", {"_TYPER_COMPLETE_ARGS": "tallygate pu"}, r"_arguments .*\"publish\":"),
        ("fish", {"_TYPER_COMPLETE_ARGS": "tallygate pu", "_TYPER_COMPLETE_FISH_ACTION": "get-args"}, "publish\t"),
    ],
)
def test_other_shells_are_answered(
    shell: str, question: dict[str, str], answer: str, environment: dict[str, str]
) -> None:
    """The script for the shell asks `tallygate`, which answers in the shell's own way."""
    script = run(main, ["completion", shell]).output
    assert "_TALLYGATE_COMPLETE=complete_" + shell in script
    asked = {**environment, **question, "_TALLYGATE_COMPLETE": f"complete_{shell}"}
    answered = subprocess.run(["tallygate"], env=asked, capture_output=True, text=True, check=True)
    assert re.search(answer, answered.stdout)


def test_completing_a_command_loads_none(environment: dict[str, str]) -> None:
    """The table alone answers: a key press does not wait for clients of Kafka."""
    probe = (
        "import atexit, sys; from agents.cli.main import main\n"
        "atexit.register(lambda: print('loaded', {'faust', 'aiokafka', 'aiohttp', 'redis'} & set(sys.modules)))\n"
        "main(prog_name='tallygate')"
    )
    asked = {**environment, "COMP_WORDS": "tallygate work", "COMP_CWORD": "1", "_TALLYGATE_COMPLETE": "complete_bash"}
    answer = subprocess.run([sys.executable, "-c", probe], env=asked, capture_output=True, text=True, check=True)
    assert answer.stdout.split("\n")[:2] == ["worker", "loaded set()"]


@pytest.mark.parametrize("shell", Shell)
def test_page_shows_the_line_of_each_shell(root: Path, shell: Shell) -> None:
    """The page and the command's help say what to load, in the same words."""
    page = (root / "docs" / "operating.md").read_text("utf-8").replace("\\|", "|")
    (line,) = re.findall(rf"^\| {shell} \|.*\| `(.*tallygate completion {shell}.*)` \|$", page, re.MULTILINE)
    assert line in " ".join(run(main, ["completion", "--help"]).output.replace("│", " ").split())


@pytest.mark.parametrize(
    ("mistyped", "meant"),
    [
        (["docto"], "Did you mean 'doctor'?"),
        (["topics", "crate"], "Did you mean 'create'?"),
        (["publish", "--skip-bda"], "--skip-bad"),
    ],
)
def test_mistyped_words_are_answered(mistyped: list[str], meant: str) -> None:
    """A command, a command of a command and an option: the nearest one is named, and it is bad usage."""
    result = run(main, mistyped, env={"TERM": "dumb", "COLUMNS": "200"})
    assert (result.exit_code, meant in result.stderr) == (2, True), result.stderr


def test_a_word_like_no_other_is_only_refused() -> None:
    """Without a near command none is suggested."""
    result = run(main, ["frobnicate"])
    assert (result.exit_code, "Did you mean" in result.stderr) == (2, False)
