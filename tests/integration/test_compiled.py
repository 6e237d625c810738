"""The wheel with compiled modules judges as the source does, byte for byte."""

import os
import subprocess
import sys
import tomllib
from pathlib import Path
from random import Random
from zipfile import ZipFile

import pytest

from agents.demo.simulated_day import SimulatedDay

pytestmark = [pytest.mark.compiler, pytest.mark.slow]

JUDGE = (sys.executable, "-c", "from agents.cli.main import main; main()", "judge")
BILLS = 400


@pytest.fixture(scope="module")
def unpacked(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the wheel with compiled modules, quickly rather than well, and unpack it."""
    target = tmp_path_factory.mktemp("compiled")
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(target), str(root)]
    environment = {**os.environ, "HATCH_BUILD_HOOK_ENABLE_CUSTOM": "1", "MYPYC_OPT_LEVEL": "0"}
    subprocess.run(command, check=True, capture_output=True, env=environment)
    ZipFile(next(target.glob("*.whl"))).extractall(target / "unpacked")
    return target / "unpacked"


@pytest.fixture(scope="module")
def modules(root: Path) -> list[str]:
    """List the modules that are to be compiled, by their files."""
    hatch = tomllib.loads((root / "pyproject.toml").read_text())["tool"]["hatch"]
    hook = hatch["build"]["targets"]["wheel"]["hooks"]["custom"]
    chosen, left_out = ({file for glob in hook[name] for file in root.glob(glob)} for name in ("modules", "left-out"))
    return sorted(str(file.relative_to(root)) for file in chosen - left_out)


def run(folder: Path, command: list[str]) -> subprocess.CompletedProcess[bytes]:
    """Run Python with the modules of a folder, elsewhere than in the tree."""
    environment = {**os.environ, "PYTHONPATH": str(folder)}
    return subprocess.run(command, cwd=folder.parent, env=environment, capture_output=True, check=False)


def test_compiled_modules_are_those_loaded(unpacked: Path, modules: list[str]) -> None:
    """Each module of the list in pyproject.toml is loaded from C, and the list is no shorter than the hot path."""
    assert {"state/table.py", "state/withholding/judging.py", "state/manifest/step.py"} <= {*modules}
    names = [module.removesuffix(".py").replace("/", ".") for module in modules]
    probe = f"import importlib as i; print(*(i.import_module(name).__file__ for name in {names}), sep='\\n')"
    loaded = run(unpacked, [sys.executable, "-c", probe]).stdout.decode().split()
    assert [path.partition(".")[0] for path in loaded] == [str(unpacked / name.removesuffix(".py")) for name in modules]
    assert {Path(path).suffix for path in loaded} == {".so"}


def test_source_tree_holds_nothing_compiled(unpacked: Path, root: Path) -> None:
    """The build leaves nothing in the tree that could hide a later change."""
    assert unpacked.is_dir()
    assert [file for room in ("stream", "state", "agents") for file in (root / room).rglob("*.so")] == []


def test_build_is_told(unpacked: Path) -> None:
    """`--version` says that the hot modules are compiled."""
    probe = "from agents.cli.main import main; main(['--version'])"
    assert run(unpacked, [sys.executable, "-c", probe]).stdout.decode().endswith(", compiled\n")


def test_conformance_cases(unpacked: Path, root: Path) -> None:
    """Every conformance case ends as it should."""
    command = [sys.executable, str(root / "docs/conformance/run.py"), "--", *JUDGE]
    answer = run(unpacked, command)
    assert (answer.returncode, answer.stdout.decode().splitlines()[-1].endswith("cases conform")) == (0, True)


@pytest.mark.parametrize("overflow", ["skip", "latch", "all_or_none"])
def test_day_is_judged_as_by_the_source(unpacked: Path, root: Path, tmp_path: Path, overflow: str) -> None:
    """Decisions, alerts, dead letters and summary of a simulated day are the same bytes."""
    day = tmp_path / "day.jsonl"
    day.write_bytes(b"".join(planned.value.replace(b"\n", b" ") + b"\n" for planned in SimulatedDay(Random(7), BILLS)))
    said = []
    for folder in (unpacked, root):
        alerts, letters = tmp_path / "alerts", tmp_path / "letters"
        files = [f"--alerts={alerts}", f"--dead-letters={letters}", str(day)]
        answer = run(folder, [*JUDGE, f"--overflow={overflow}", *files])
        said.append((answer.returncode, answer.stdout, answer.stderr, alerts.read_bytes(), letters.read_bytes()))
    assert said[0] == said[1]
    assert (said[0][0], said[0][1].count(b"\n") > BILLS) == (0, True)
