"""The import contracts of pyproject.toml hold, and each is shown to break where it should."""

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.tidiness import ROOMS

LAYERS = "agents act on state"
DOWN = "Inside agents every import goes down"
GATEWAY = "Inside the gateway every import goes down"
PURE = "Below agents there is no clock"
CLIENT = "The client knows nothing of the application"
HTTPX = "Only the client's own modules know httpx"
ENGINE = "Only the engine knows Faust"
READ_MODEL = "Only the read model knows Redis"
LIBRDKAFKA = "No process that lives long loads librdkafka"

# Each line: a module, one import in it, and the beginning of the contract that it breaks.
BROKEN = [
    ("stream/a.py", "import state", LAYERS),
    ("stream/a.py", "from agents import cli", LAYERS),
    ("state/a.py", "import agents.cli", LAYERS),
    ("agents/kafka/a.py", "from agents import settings", DOWN),
    ("agents/engine/a.py", "def f():\n    import agents.worker", DOWN),
    ("agents/bills/a.py", "import agents.publish", DOWN),
    ("agents/gateway/http/a.py", "import agents.gateway.live", GATEWAY),
    ("agents/loose.py", "import state", DOWN),
    ("stream/a.py", "import time", PURE),
    ("state/rules/a.py", "from random import Random", PURE),
    ("state/a.py", "def f():\n    import asyncio", PURE),
    ("state/a.py", "import faust", PURE),
    ("agents/tallygate_client/a.py", "import httpx, stream", CLIENT),
    ("agents/tallygate_client/b.py", "def f():\n    import msgspec", CLIENT),
    ("agents/tallygate_client/b.py", "import agents.settings", DOWN),
    ("agents/client/a.py", "import httpx", HTTPX),
    ("agents/cli/a.py", "import faust", ENGINE),
    ("agents/a.py", "from mode.utils import queues", ENGINE),
    ("agents/engine/a.py", "from redis import asyncio", READ_MODEL),
    ("agents/engine/a.py", "from confluent_kafka import Producer", LIBRDKAFKA),
    ("agents/cli/a.py", "def f():\n    import confluent_kafka.admin", LIBRDKAFKA),
    ("agents/demo/a.py", "from agents.ops.access.granting import Granting", LIBRDKAFKA),
]
ALLOWED = {
    "agents/gateway/server.py": "from agents.gateway import assembly",
    "agents/gateway/assembly.py": "from agents.gateway.endpoints import a",
    "agents/gateway/endpoints/a.py": "import agents.gateway.http",
    "agents/engine/a.py": "import faust, mode, aiokafka, time, state, stream",
    "agents/readmodel/a.py": "import redis.asyncio, stream",
    "agents/ops/access/granting.py": "import confluent_kafka.admin",
    "agents/cli/a.py": "import agents.engine, random",
    "agents/cli/access.py": "import agents.ops.access.granting",
    "agents/embedded/broker_host.py": "def host():\n    import confluent_kafka",
    "agents/tallygate_client/a.py": "import httpx, aiokafka, json",
    "agents/client/a.py": "import agents.tallygate_client.a",
    "state/a.py": "import datetime, tomllib, msgspec, stream",
}
INNER = (
    "bills", "card", "cli", "client", "demo", "embedded", "engine", "files", "gateway", "gateway/endpoints",
    "gateway/http", "gateway/live", "gateway/pages", "judge", "kafka", "observability", "ops",
    "ops/access", "publish", "publishing", "readmodel", "sandbox", "settings", "tallygate_client",
    "webhooks", "worker",
)  # fmt: skip
LOADED = """
import importlib, pkgutil, sys
import agents
names = [each.name for each in pkgutil.walk_packages(agents.__path__, "agents.")]
for name in names:
    if name not in sys.argv[1:]:
        importlib.import_module(name)
print(len(names), "confluent_kafka" in sys.modules)
"""


def lint_imports(where: Path) -> subprocess.CompletedProcess[str]:
    """Check the contracts over the packages in `where`."""
    command = [str(Path(sys.executable).with_name("lint-imports")), "--no-cache", "--no-logo"]
    return subprocess.run(command, cwd=where, capture_output=True, text=True, check=False)


@pytest.fixture
def rooms(tmp_path: Path, root: Path) -> Path:
    """Make three nearly empty rooms under the contracts of the repository."""
    (tmp_path / "pyproject.toml").write_text((root / "pyproject.toml").read_text())
    for folder in (*ROOMS, *(f"agents/{name}" for name in INNER), "state/rules"):
        (tmp_path / folder).mkdir(parents=True, exist_ok=True)
        (tmp_path / folder / "__init__.py").touch()
    for module, text in ALLOWED.items():
        (tmp_path / module).write_text(text)
    return tmp_path


def test_allowed_imports_break_nothing(rooms: Path) -> None:
    """What each room needs it may import."""
    answer = lint_imports(rooms)
    assert (answer.returncode, "0 broken" in answer.stdout) == (0, True), answer.stdout


@pytest.mark.parametrize(("module", "text", "contract"), BROKEN)
def test_forbidden_import_breaks_its_contract(rooms: Path, module: str, text: str, contract: str) -> None:
    """One import in the wrong place breaks the contract that forbids it."""
    (rooms / module).write_text(text)
    answer = lint_imports(rooms)
    broken = answer.stdout.partition("Broken contracts")[2]
    assert (answer.returncode, contract in broken) == (1, True), answer.stdout


def test_repository_keeps_its_contracts(root: Path) -> None:
    """The tree itself breaks none."""
    answer = lint_imports(root)
    assert answer.returncode == 0, answer.stdout


@pytest.mark.parametrize(("left_out", "there"), [("agents.ops.access.granting", "False"), ("", "True")])
def test_all_but_granting_runs_without_librdkafka(left_out: str, there: str) -> None:
    """A process that has loaded every module of ours, the granting of access aside, has not loaded librdkafka."""
    done = subprocess.run([sys.executable, "-c", LOADED, left_out], capture_output=True, text=True, check=True)
    count, loaded = done.stdout.split()
    assert (int(count) > 100, loaded) == (True, there)


def test_every_contract_has_a_broken_example(root: Path) -> None:
    """No contract goes without an import that breaks it."""
    contracts = tomllib.loads((root / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    shown = {contract for _, _, contract in BROKEN}
    assert [c["name"] for c in contracts if not c["name"].startswith(tuple(shown))] == []
