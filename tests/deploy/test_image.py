"""The steps of the Dockerfile, done in a folder instead of a container, give a Tallygate that runs."""

import re
import shutil
import subprocess
import sysconfig
from pathlib import Path

import pytest

from agents.observability.metrics_server import Shown, show
from agents.observability.registry import Area
from agents.settings.metrics_group import MetricsSettings
from agents.worker.probe import main as probe
from tests.kafka.broker import free_ports
from tests.prerequisites import ROOT

LINES = (ROOT / "deploy/Dockerfile").read_text().replace("\\\n", " ").splitlines()
STAGES = "\n".join(LINES).split("\nFROM ")[1:]
BUILDER = "/opt/building/bin/python"
COMPILES = "HATCH_BUILD_HOOK_ENABLE_CUSTOM=1 "


def steps(stage: str, kind: str) -> list[str]:
    """What follows an instruction in a stage, in order."""
    return [line.removeprefix(f"{kind} ") for line in stage.splitlines() if line.startswith(f"{kind} ")]


@pytest.fixture(scope="module")
def opt(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Do what the stage that builds does, its folders below one of ours; packages are those of this environment."""
    folder = tmp_path_factory.mktemp("image")
    source = folder / "source"
    for step in steps(STAGES[0], "COPY"):
        *paths, target = step.split()
        for path in paths:
            to = source / target / (path if target == "./" else "")
            to.parent.mkdir(parents=True, exist_ok=True)
            if (ROOT / path).is_dir():
                shutil.copytree(ROOT / path, to, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy(ROOT / path, to)
    *_tools, build, venv, install = steps(STAGES[0], "RUN")
    environment = {"PATH": "/usr/bin:/bin", "PIP_NO_DEPS": "1", "PIP_NO_INDEX": "1"}
    python = str(Path(sysconfig.get_path("scripts")) / "python")
    # tests/integration/test_compiled.py compiles.
    build = build.replace(COMPILES, "").replace(BUILDER, python)
    for command in (venv.replace("python", python, 1), build, install):
        there = command.replace("/opt/", f"{folder}/opt/")
        subprocess.run(["sh", "-euc", there], cwd=source, env=environment, check=True, capture_output=True)
        (own,) = folder.glob("opt/tallygate/lib/python3*/site-packages")
        (own / "of-this-environment.pth").write_text(sysconfig.get_path("purelib"))
    shutil.rmtree(source)
    return folder / "opt"


def test_command_runs_from_the_image(opt: Path, tmp_path: Path) -> None:
    """The entry point works without the source, from a folder that holds nothing, with all files that it reads."""
    (entry,) = re.findall(r'ENTRYPOINT \["(\w+)"\]', STAGES[1])
    for command, said in (
        ("--version", "tallygate "),
        ("rules show --on 2025-08-20", "2025"),
        ("access show", "gateway"),
    ):
        done = subprocess.run(
            [str(opt / "tallygate/bin" / entry), *command.split()],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=True,
        )
        assert said in done.stdout
    where = "import agents.gateway as one; print(one.__file__)"
    run = [str(opt / "tallygate/bin/python"), "-c", where]
    done = subprocess.run(run, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout.startswith(str(opt))


def test_health_check_is_there_and_finds_nobody(opt: Path, tmp_path: Path) -> None:
    """The command of the health check runs in the image, and is not content when nothing listens."""
    (words,) = re.findall(r"HEALTHCHECK .*CMD \[(.*)\]", STAGES[1])
    command = [word.strip(' "') for word in words.split(",")]
    first, second = free_ports(2)
    environment = {"TALLYGATE_METRICS__PORT": str(min(first, 60000)), "TALLYGATE_GATEWAY__PORT": str(second)}
    run = [str(opt / "tallygate/bin" / command[0]), *command[1:]]
    done = subprocess.run(run, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, "nothing listens" in done.stdout) == (1, True), done.stderr


def test_image_is_compiled_as_make_does_it() -> None:
    """The stage that builds has a C compiler and the group `compile`, and runs the command of the Makefile."""
    compiler, *_, tools, build, _venv, install = steps(STAGES[0], "RUN")
    assert {"gcc", "libc6-dev"} <= {*compiler.split()}
    assert tools.startswith(f"{BUILDER} -m pip install")
    assert tools.endswith("--constraint constraints.txt --editable . --group compile")
    assert build.startswith(COMPILES)
    makes = (
        (ROOT / "Makefile").read_text().replace("$(BIN)/python", BUILDER).replace(".cache/compiled .", "/opt/wheel .")
    )
    assert f"\t@{build}\n" in makes
    assert install.split()[-1] == "/opt/wheel/*.whl"


def test_image_runs_as_nobody_special() -> None:
    """The last stage has neither source nor pip's cache, sets no secret, and ends as a user by number."""
    assert steps(STAGES[1], "USER") == ["10001:10001"]
    assert steps(STAGES[1], "COPY") == ["--from=build /opt/tallygate /opt/tallygate"]
    assert not re.search(r"SECRET|PASSWORD|TOKEN", STAGES[1])
    images = [line.split()[1] for line in LINES if line.startswith("FROM ")]
    assert [image for image in images if ":" not in image or image.endswith(":latest")] == []


def test_probe_asks_who_listens(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """A process that is not ready makes the container unhealthy, and says why."""
    port, gateway = free_ports(2)
    port = min(port, 65000)
    monkeypatch.setenv("TALLYGATE_METRICS__PORT", str(port))
    monkeypatch.setenv("TALLYGATE_GATEWAY__PORT", str(gateway))
    wrong = ["it restores"]
    assert show(MetricsSettings(port=port), "supervisor", Shown(Area("a", "A"), ready=lambda: wrong[0])) == port
    assert (probe(), capsys.readouterr().out) == (1, f"port {port}: it restores\n")
    wrong[0] = ""
    assert (probe(), capsys.readouterr().out) == (0, "")
