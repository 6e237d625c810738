"""The client's wheel: what is in it, and that it installs beside a package `agents`, on every Python that is here."""

import subprocess
import sys
import tomllib
from pathlib import Path
from zipfile import ZipFile

import pytest

import agents.tallygate_client as module
from agents.gateway.endpoints.openapi import LICENSE
from tests.integration.tallygate_client.environment import Environment, build, build_other, fenced
from tests.prerequisites import ROOT
from tests.wheels.pythons import PROJECT, lowest, needed, pythons

ENVIRONMENTS = [*(f"newest-{version}" for version in sorted(pythons())), "lowest"]
PROBE = """
import agents, stream, state, tallygate_client, tallygate_client.kafka
assert agents.WHOSE == stream.WHOSE == state.WHOSE == "other"
for name in tallygate_client.__all__:
    assert getattr(tallygate_client, name).__module__.startswith("tallygate_client.")
print(tallygate_client.__file__)
"""


@pytest.fixture(scope="module")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Build the client's wheel and the other product's."""
    folder = tmp_path_factory.mktemp("wheels")
    return build(PROJECT.parent, folder), build_other(folder)


def test_wheel_is_the_folder_under_its_own_name(wheels: tuple[Path, Path]) -> None:
    """Every file of the client is in its wheel and nothing besides, with the application's version and no licence."""
    client, _ = wheels
    with ZipFile(client) as opened:
        names = {name for name in opened.namelist() if ".dist-info/" not in name}
        metadata = next(opened.read(name).decode() for name in opened.namelist() if name.endswith("/METADATA"))
    folder = Path(module.__file__).parent
    assert names == {f"tallygate_client/{path.name}" for path in folder.iterdir() if path.is_file()}
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    assert f"\nVersion: {version}\n" in metadata
    assert f"\nLicense-Expression: {LICENSE['identifier']}\n" in metadata
    assert f"dist/{client.name}[kafka]" in fenced("Install it", "sh")[1]


def test_requirements_have_lower_bounds_and_no_pins() -> None:
    """A library of others' environments demands no exact version."""
    assert [each for each in needed() if ">=" not in each or "==" in each] == []
    assert len(needed()) == 2


@pytest.fixture(scope="module", params=ENVIRONMENTS)
def environment(
    request: pytest.FixtureRequest, wheels: tuple[Path, Path], tmp_path_factory: pytest.TempPathFactory
) -> Environment:
    """Make an environment with client and other product, for each Python that is here; one with the lowest bounds."""
    client, other = wheels
    python = pythons().get(request.param.rpartition("-")[2], sys.executable)
    bounds = lowest() if request.param == "lowest" else []
    return Environment(tmp_path_factory.mktemp("environment"), python, f"{client}[kafka]", str(other), *bounds)


@pytest.mark.wheels
def test_installs_beside_a_package_of_our_rooms_names(environment: Environment) -> None:
    """Client and other product are both whole, and nothing of the application has come with them."""
    status, said, complained = environment.run("-c", PROBE)
    assert (status, complained, said.startswith(str(environment.folder))) == (0, "", True)
    assert {"httpx", "aiokafka", "other_agents"} <= environment.installed.keys()
    assert not environment.installed.keys() & {"aiohttp", "faust_streaming", "msgspec", "tallygate"}


@pytest.mark.wheels
@pytest.mark.parametrize("environment", ENVIRONMENTS[-1:], indirect=True)
def test_programs_of_the_page_are_typed(environment: Environment) -> None:
    """The type checker of another project passes the page's programs, and finds a wrong word in one of them."""
    titles = ("Publish", "Ask for a bill", "Follow decisions", "With an event loop", "Straight to Kafka")
    (publishes,), *others = (fenced(title, "python") for title in titles)
    programs = [publishes, *(program for (program,) in others), publishes.replace('"mode": "air"', '"mode": "rocket"')]
    names = [environment.save(f"program_{number}.py", program) for number, program in enumerate(programs)]
    command = [
        sys.executable,
        "-m",
        "mypy",
        "--strict",
        "--config-file=",
        "--python-executable",
        str(environment.python),
    ]
    done = subprocess.run([*command, *names], cwd=environment.folder, capture_output=True, text=True, check=False)
    complaints = [line for line in done.stdout.splitlines() if ": error: " in line]
    assert [line.partition(":")[0] for line in complaints] == [names[-1]], done.stdout
