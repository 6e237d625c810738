"""What is built is what is in the tree, and what is declared is what is used."""

import ast
import os
import re
import subprocess
import sys
import tomllib
from importlib.metadata import packages_distributions, requires, version
from pathlib import Path
from zipfile import ZipFile

import pytest

from agents.gateway.endpoints.openapi import LICENSE
from tests.tidiness import ROOMS, read_sources

# Declared, but never imported by name: what each one is there for.
UNIMPORTED = {
    "cramjam": "lz4 for aiokafka's batches, where `compression` is set",
    "hiredis": "makes redis fast where it is installed",
    "mode-streaming": "Faust's own base, pinned since the engine leans on private parts of it",
    "orjson": "a fixed choice of the product's owner; Faust encodes with it where it is installed",
    "tzdata": "`stream/days.py` reads the zones out of the files of this wheel",
}

SCRIPT = f"tallygate-{version('tallygate')}.data/scripts/tallygate"


@pytest.fixture(scope="module")
def wheel(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the wheel of the tree as it stands."""
    target = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(target), str(root)]
    subprocess.run(command, check=True, capture_output=True)
    return next(target.glob("*.whl"))


def test_wheel_holds_the_rooms_whole(wheel: Path, root: Path) -> None:
    """Every file of the three rooms is in the wheel, data files too, and nothing besides."""
    found = {path for room in ROOMS for path in (root / room).rglob("*") if path.is_file()}
    in_tree = {path.relative_to(root).as_posix() for path in found if "__pycache__" not in path.parts}
    in_wheel = {name for name in ZipFile(wheel).namelist() if ".dist-info/" not in name}
    assert in_wheel == in_tree | {SCRIPT}


def test_wheel_runs_without_the_tree(wheel: Path, tmp_path: Path) -> None:
    """Unpacked elsewhere, the wheel's own files answer `--help`."""
    ZipFile(wheel).extractall(tmp_path)
    probe = "import agents; print(agents.__file__); from agents.cli.main import main; main(['--help'])"
    command = [sys.executable, "-c", probe]
    answer = subprocess.run(
        command, cwd=tmp_path, env={"PYTHONPATH": str(tmp_path)}, capture_output=True, text=True, check=True
    )
    assert answer.stdout.startswith(str(tmp_path))
    assert "Usage" in answer.stdout


@pytest.mark.parametrize("name", ["agents", "state", "stream"])
@pytest.mark.parametrize("place", ["other", "unpacked"])
def test_command_says_which_package_hides_ours(name: str, place: str, wheel: Path, tmp_path: Path) -> None:
    """One sentence and code 78, if a package of that name comes first, or was installed into the same folder."""
    ZipFile(wheel).extractall(tmp_path / "unpacked")
    other = tmp_path / place / name / "__init__.py"
    other.parent.mkdir(parents=True, exist_ok=True)
    other.write_text('"""Another product."""\nraise RuntimeError("this is imported")\n')
    answer = run_script(tmp_path)
    assert (answer.returncode, answer.stdout) == (78, "")
    found = f"tallygate: the package `{name}` that Python finds ({other})"
    assert re.fullmatch(rf"{re.escape(found)} is not Tallygate's: install Tallygate into .*\n", answer.stderr)


def test_command_runs_where_nothing_hides_it(wheel: Path, tmp_path: Path) -> None:
    """The script of the wheel, as pip installs it, runs the command."""
    ZipFile(wheel).extractall(tmp_path / "unpacked")
    assert (tmp_path / "unpacked" / SCRIPT).read_text().startswith("#!python\n")
    answer = run_script(tmp_path)
    assert (answer.returncode, answer.stdout, answer.stderr) == (
        0,
        f"tallygate {version('tallygate')}, plain Python\n",
        "",
    )


def run_script(folder: Path) -> "subprocess.CompletedProcess[str]":
    """Run the script of an unpacked wheel, where another folder comes first on the path."""
    path = os.pathsep.join([str(folder / "other"), str(folder / "unpacked")])
    command = [sys.executable, str(folder / "unpacked" / SCRIPT), "--version"]
    return subprocess.run(command, cwd=folder, env={"PYTHONPATH": path}, capture_output=True, text=True, check=False)


def test_licence_is_said_as_it_is(wheel: Path) -> None:
    """The metadata grants nothing but the licence of the fonts, whose text is there, and says what the gateway says."""
    with ZipFile(wheel) as opened:
        (metadata,) = [name for name in opened.namelist() if name.endswith(".dist-info/METADATA")]
        text = opened.read(metadata).decode()
        licences = [name for name in opened.namelist() if "/licenses/" in name]
    assert f"License-Expression: {LICENSE['identifier']} AND OFL-1.1\n" in text
    assert [name.rpartition("/")[2] for name in licences] == ["OFL.txt"]


def test_dependencies_are_those_imported(root: Path) -> None:
    """Each distribution the rooms import is declared, and each declared one is imported or has a reason."""
    declared = {requirement.partition("==")[0] for requirement in requires("tallygate") or ()}
    imported = set()
    for source in read_sources(root):
        # The client is a wheel of its own too; what that one needs is declared in deploy/client.
        if source.python and source.path.startswith(ROOMS) and not source.path.startswith("agents/tallygate_client/"):
            for node in ast.walk(source.tree):
                if isinstance(node, ast.Import):
                    imported |= {name.name.partition(".")[0] for name in node.names}
                elif isinstance(node, ast.ImportFrom) and node.module:
                    imported.add(node.module.partition(".")[0])
    foreign = imported - sys.stdlib_module_names - {*ROOMS}
    distributions = {packages_distributions()[module][0].lower().replace("_", "-") for module in foreign}
    assert distributions - declared == set()
    assert declared - distributions == UNIMPORTED.keys()


def test_every_direct_pin_is_a_constraint(root: Path) -> None:
    """The pins of pyproject.toml and of constraints.txt agree, and every constraint is an exact version."""
    pyproject = tomllib.loads((root / "pyproject.toml").read_text())
    groups = pyproject["dependency-groups"]
    grouped = (pin for name in groups for pin in groups[name] if isinstance(pin, str))
    direct = {*pyproject["project"]["dependencies"], *grouped}
    lines = (root / "constraints.txt").read_text().splitlines()
    pins = {line.lower().replace("_", "-") for line in lines if not line.startswith("#")}
    assert {pin.lower() for pin in direct} - pins == set()
    assert [pin for pin in pins if pin.count("==") != 1] == []
