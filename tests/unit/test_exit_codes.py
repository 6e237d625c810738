"""How commands end when a server is away, the reader of the output has gone, or the terminal cannot print."""

import os
import signal
import subprocess
from pathlib import Path

import pytest
from typer.testing import CliRunner

from agents.cli import exits
from agents.cli.main import COMMANDS, main
from tests.integration.publish.installation import TALLYGATE
from tests.prerequisites import ROOT

THREE = "docs/examples/three-parcels.jsonl"
NOWHERE = {"TALLYGATE_KAFKA__BROKERS": "127.0.0.1:9", "TALLYGATE_REDIS__URL": "redis://127.0.0.1:9"}
PERSON = '{"name": "Ann Example", "address": {"lines": ["1 Oak"], "country": "US"}}'
GATEWAY = ("--gateway", "http://127.0.0.1:9", "--token-file", "token")


def run(folder: Path, *arguments: str, given: str = "", **environment: str) -> "subprocess.CompletedProcess[str]":
    """Run a command in a folder with a token, a person and an empty tokens file."""
    (folder / "token").write_text("tg_x_y")
    (folder / "person.json").write_text(PERSON)
    return subprocess.run(
        [*TALLYGATE, *arguments], input=given, capture_output=True, text=True, check=False, cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), **NOWHERE, **environment},
    )  # fmt: skip


ENDS = (
    ("topics check", exits.AWAY),
    ("resume", exits.AWAY),
    ("dead-letters list", exits.AWAY),
    ("explain ACME00001", exits.AWAY),
    (f"publish {ROOT / THREE}", exits.AWAY),
    (f"plan person.json --value 1.00 --day 2025-08-20 {' '.join(GATEWAY)}", exits.AWAY),
    (f"scan {' '.join(GATEWAY)}", exits.AWAY),
    ("demo --bills 50 --broker 127.0.0.1:9 --plain", exits.AWAY),
    ("sandbox --folder token", exits.BAD_USAGE),
    ("rebuild read-model", exits.AWAY),
    ("rebuild tables --epoch 2", exits.AWAY),
    ("offsets set --to-tables", exits.AWAY),
    ("offsets set", exits.BAD_USAGE),
    ("dead-letters retry --all --yes", exits.AWAY),
    ("projection", exits.AWAY),
    ("doctor", exits.NO),
    ("webhooks list --file new.json", exits.AWAY),
    ("webhooks add https://example.com/ --file new.json", exits.AWAY),
    ("webhooks add http://example.com/ --file new.json", exits.BAD_USAGE),
    ("webhooks add https://10.0.0.1/ --file new.json", exits.BAD_USAGE),
    ("webhooks add https://example.com/ --outcome no-such --file new.json", exits.BAD_USAGE),
    ("webhooks list --file token", exits.BAD_USAGE),
    ("webhooks list", exits.BAD_USAGE),
    ("webhooks remove no-such --file new.json", exits.NO),
    ("webhooks run", exits.REFUSES),
    ("token revoke no-such --file tokens.json", exits.NO),
    ("token list --file token", exits.BAD_USAGE),
    ("token list", exits.BAD_USAGE),
    ("rules check no-such.toml", exits.BAD_USAGE),
    ("access acls no-such", exits.BAD_USAGE),
    ("plan no-such.json --value 1.00 --day 2025-08-20 --gateway http://x --token-file token", exits.BAD_USAGE),
    ("judge no-such.jsonl", exits.BAD_USAGE),
    ("what-if no-such.jsonl --overflow latch", exits.BAD_USAGE),
    ("rules show --on 2025-08-20", exits.DONE),
    ("access show", exits.DONE),
    ("completion fish", exits.DONE),
)
"""Commands with servers that are away, a token `x` and the files of `run`, and how they end."""

SERVING = ("gateway", "projection", "worker")
"""They run until a signal."""


@pytest.mark.parametrize(("arguments", "status"), ENDS)
def test_code_says_what_to_do(arguments: str, status: int, tmp_path: Path) -> None:
    """Every command ends with 75 for away, 1 for no, 2 for what no repetition mends, and never with a traceback."""
    if "tokens.json" in arguments:
        run(tmp_path, "token", "create", "--scope", "scan", "--name", "x", "--file", "tokens.json")
    done = run(tmp_path, *arguments.split(), given="ACME00001\n")
    assert (done.returncode, "Traceback" in done.stderr) == (status, False), done.stderr
    assert done.stderr or done.stdout


def test_every_command_is_among_them() -> None:
    """No command is left out of the contract of exit codes."""
    assert {arguments.split()[0] for arguments, _ in ENDS} | set(SERVING) == set(COMMANDS)


@pytest.mark.parametrize("command", COMMANDS)
def test_bad_usage_is_two(command: str) -> None:
    """An option that a command does not have is bad usage, and the command says so on standard error."""
    result = CliRunner().invoke(main, [command, "--no-such-option"])
    assert (result.exit_code, result.stdout) == (exits.BAD_USAGE, "")
    assert "--no-such-option" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        ("worker manifest", exits.REFUSES),
        ("projection", exits.REFUSES),
        ("gateway", exits.REFUSES),
        ("rebuild read-model", exits.REFUSES),
        ("rebuild tables --epoch 2", exits.REFUSES),
        ("doctor", exits.NO),
        ("topics check", exits.BAD_USAGE),
        ("resume", exits.BAD_USAGE),
        ("dead-letters list", exits.BAD_USAGE),
        ("explain ACME00001", exits.BAD_USAGE),
        ("offsets set --to-tables", exits.BAD_USAGE),
        ("access grant --passwords passwords", exits.BAD_USAGE),
        (f"publish {ROOT / THREE}", exits.BAD_USAGE),
    ],
)
def test_wrong_setting_is_refused(arguments: str, status: int, tmp_path: Path) -> None:
    """Commands by hand end with 2, what a supervisor starts and `rebuild` with 78; each names the setting."""
    done = run(tmp_path, *arguments.split(), TALLYGATE_KAFKA__EPOCH="first")
    assert (done.returncode, "Traceback" in done.stderr) == (status, False), done.stderr
    assert "TALLYGATE_KAFKA__EPOCH" in done.stderr + done.stdout


PRINTING = [
    ["rules", "show", "--on", "2025-08-20"],
    ["access", "show"],
    ["publish", "--template"],
    ["judge", str(ROOT / THREE)],
    ["what-if", str(ROOT / THREE), "--overflow", "latch"],
    ["what-if", str(ROOT / THREE), "--overflow", "latch", "--json"],
    ["--help"],
    ["judge", "--help"],
]


@pytest.mark.parametrize("arguments", PRINTING, ids=" ".join)
def test_closed_pipe_ends_a_command_without_a_message(arguments: list[str], tmp_path: Path) -> None:
    """When the reader has gone the command ends by SIGPIPE, as filters do, and prints nothing about it."""
    ours, theirs = os.pipe()
    os.close(ours)
    with subprocess.Popen(
        [*TALLYGATE, *arguments], stdout=theirs, stderr=subprocess.PIPE, cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT), **NOWHERE},
    ) as process:  # fmt: skip
        os.close(theirs)
        said = process.communicate()[1].decode()
    assert process.returncode == -signal.SIGPIPE
    assert "Traceback" not in said
    assert "Exception" not in said
    assert "Broken" not in said


@pytest.mark.parametrize("encoding", [{"PYTHONIOENCODING": "ascii"}, {"LC_ALL": "C", "PYTHONUTF8": "0",
                                       "PYTHONCOERCECLOCALE": "0"}], ids=["ascii", "C"])  # fmt: skip
@pytest.mark.parametrize(
    "arguments",
    [["what-if", "café.jsonl", "--overflow", "latch"], ["publish", "--check", "café.csv"], ["rules", "show"]],
)
def test_terminal_that_cannot_print_a_character_gets_an_escape(
    arguments: list[str], encoding: dict[str, str], tmp_path: Path
) -> None:
    """A character that the terminal lacks is printed as an escape, on standard output and standard error."""
    (tmp_path / "café.jsonl").write_bytes((ROOT / THREE).read_bytes())
    (tmp_path / "café.csv").write_text("conveyance\n")
    done = run(tmp_path, *arguments, **encoding)
    assert done.returncode == (exits.BAD_USAGE if "publish" in arguments else exits.DONE)
    assert "Error" not in done.stderr
    assert done.stdout.isascii()
    # In the C locale the name comes as the bytes that it is.
    assert (".csv:1: header" in done.stderr) == ("publish" in arguments)


def test_character_on_standard_output_is_escaped(tmp_path: Path) -> None:
    """A token name with letters that ASCII lacks is listed with escapes."""
    run(tmp_path, "token", "create", "--scope", "scan", "--name", "Łódź dock", "--file", "tokens.json")
    done = run(tmp_path, "token", "list", "--file", "tokens.json", PYTHONIOENCODING="ascii")
    assert (done.returncode, done.stderr) == (0, "")
    assert "\\u0141\\xf3d\\u017a dock" in done.stdout
