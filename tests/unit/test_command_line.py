"""The `tallygate` command finds, lists and runs its commands, and imports only the one it runs."""

import subprocess
import sys
from importlib.metadata import version
from types import ModuleType

import pytest
import typer
from typer.testing import CliRunner

from agents.cli.exits import AWAY, refuse
from agents.cli.main import COMMANDS, load, main

run = CliRunner().invoke


@pytest.fixture(autouse=True)
def _two_more_commands(monkeypatch: pytest.MonkeyPatch) -> None:
    """Add a plain command and one with commands of its own."""
    plain, grouped = ModuleType("agents.cli.weigh_in"), ModuleType("agents.cli.scales")
    plain.command = lambda kilos: print(f"{kilos} kg")  # type: ignore[attr-defined]
    plain.command.__annotations__ = {"kilos": int}
    grouped.command = typer.Typer()  # type: ignore[attr-defined]
    grouped.command.command("list")(lambda: print("one scale"))
    grouped.command.command("add")(lambda: print("added"))
    for name, module in (("weigh-in", plain), ("scales", grouped)):
        monkeypatch.setitem(sys.modules, module.__name__, module)
        monkeypatch.setitem(COMMANDS, name, f"The command {name}.")


def test_version_is_that_of_the_distribution() -> None:
    """`--version` prints the version that is installed and which build of it runs, and nothing else."""
    result = run(main, ["--version"])
    assert (result.exit_code, result.output) == (0, f"tallygate {version('tallygate')}, plain Python\n")


@pytest.mark.parametrize("arguments", [["--help"], []])
def test_help_lists_every_command_without_loading_it(arguments: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """The list shows each command of the table with its line, even one that could not be imported."""
    monkeypatch.setitem(COMMANDS, "not-there", "The command not-there.")
    output = run(main, arguments).output
    assert [name for name in COMMANDS if name not in output or COMMANDS[name] not in output] == []


def test_plain_command_runs() -> None:
    """A module's function is the command, its parameters are the arguments."""
    result = run(main, ["weigh-in", "12"])
    assert (result.exit_code, result.output) == (0, "12 kg\n")


def test_command_with_commands_runs() -> None:
    """A module may offer a group of commands."""
    result = run(main, ["scales", "list"])
    assert (result.exit_code, result.output) == (0, "one scale\n")


def test_refusal_names_the_command_and_ends_with_its_code() -> None:
    """`refuse` prints one line with the command's name, and the command ends with the code; 2 if none is given."""
    scales = sys.modules["agents.cli.scales"].command
    scales.command("weigh")(lambda: refuse("the scale is away", AWAY))
    scales.command("tare")(lambda: refuse("no scale is named"))
    away, bad = run(main, ["scales", "weigh"]), run(main, ["scales", "tare"])
    assert (away.exit_code, away.stderr) == (75, "tallygate scales: the scale is away\n")
    assert (bad.exit_code, bad.stderr) == (2, "tallygate scales: no scale is named\n")


@pytest.mark.parametrize("arguments", [["no-such"], ["scales", "no-such"], ["weigh-in"], ["weigh-in", "much"]])
def test_bad_usage_exits_with_two(arguments: list[str]) -> None:
    """An unknown command or a wrong argument is bad usage."""
    assert run(main, arguments).exit_code == 2


def test_every_command_of_the_table_loads() -> None:
    """Each line of the table names a module that offers a command of that name."""
    assert [load(name).name for name in COMMANDS] == list(COMMANDS)


def test_crash_shows_no_local_variables() -> None:
    """A command that breaks prints where, never what it held: that may be a consignee's name."""
    breaks = (
        "import sys, types; from agents.cli.main import COMMANDS, main\n"
        "def command():\n    held = 'Jane ' + 'Roe'\n    raise RuntimeError('broken')\n"
        "sys.modules['agents.cli.breaks'] = types.SimpleNamespace(command=command); COMMANDS['breaks'] = ''\n"
        "main(['breaks'])"
    )
    answer = subprocess.run([sys.executable, "-c", breaks], capture_output=True, text=True, check=False)
    assert (answer.returncode, "RuntimeError: broken" in answer.stderr) == (1, True)
    assert "Jane Roe" not in answer.stderr + answer.stdout


def test_list_of_commands_loads_no_broker_client() -> None:
    """The table itself pulls in neither Faust nor any client of Kafka or Redis."""
    probe = "import sys, agents.cli.main; print({'faust', 'mode', 'aiokafka', 'redis', 'aiohttp'} & set(sys.modules))"
    answer = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True)
    assert answer.stdout == "set()\n"
