"""The gate of CI insists on Kafka, runs tests and checks, fails if either does, and ends with the line of pytest."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

MAKEFILE = """
test:
\t@echo "required: $$TALLYGATE_REQUIRE"
\t@echo "===== 1 failed, 6 passed in 0.01s ====="
\t@echo "===== {tests} in 2.00s ====="
\t@{test}
lint:
\t@echo "lint ran"
\t@{lint}
"""


def run_gate(where: Path, root: Path, path: str) -> subprocess.CompletedProcess[str]:
    """Run a copy of the gate in `where` with nothing but `path` to find programs in."""
    (where / ".ci").mkdir(parents=True, exist_ok=True)
    shutil.copy(root / ".ci/run", where / ".ci/run")
    environment = {"PATH": path, "TMPDIR": str(where)}
    return subprocess.run([where / ".ci/run"], env=environment, capture_output=True, text=True, check=False)


@pytest.fixture
def programs(tmp_path: Path) -> Path:
    """Make a folder with just the programs that the gate itself needs, and no Java."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for name in ["bash", "dirname", "env", "false", "grep", "id", "make", "mktemp", "rm", "sh", "tail", "tee", "true"]:
        (folder / name).symlink_to(shutil.which(name) or name)
    # Not what PATH gives: that may be a script which needs PATH itself.
    (folder / "python3").symlink_to(Path(sys.base_prefix) / "bin" / "python3")
    return folder


@pytest.fixture
def java(programs: Path) -> Path:
    """Add programs that go by the names of Java, Maven and all else that the tests want."""
    for name in (
        "java",
        "mvn",
        "cc",
        "chromium",
        "chromedriver",
        "npm",
        "prometheus",
        "promtool",
        "amtool",
        "systemd-analyze",
    ):
        (programs / name).symlink_to(programs / "true")
    return programs


@pytest.mark.parametrize(("test", "lint", "status"), [("true", "true", 0), ("false", "true", 2), ("true", "false", 2)])
def test_gate_fails_if_tests_or_checks_do(java: Path, root: Path, test: str, lint: str, status: int) -> None:
    """Tests and checks both run whatever becomes of the other; one that fails is enough."""
    where = java.parent
    (where / "Makefile").write_text(MAKEFILE.format(tests="7 passed", test=test, lint=lint))
    answer = run_gate(where, root, str(java))
    lines = answer.stdout.splitlines()
    (required,) = [line for line in lines if line.startswith("required: ")]
    assert {"chromium", "clients", "kafka", "redis"} <= set(required.removeprefix("required: ").split(","))
    assert "lint ran" in lines
    assert answer.returncode == status, answer.stderr
    assert lines[-1] == "pytest: ===== 7 passed in 2.00s ====="


def test_gate_fails_without_java(tmp_path: Path, root: Path, programs: Path) -> None:
    """Where there is neither Java nor a way to install it, nothing runs and the gate says what it needs."""
    answer = run_gate(tmp_path, root, str(programs))
    assert (answer.returncode, answer.stdout) == (1, "")
    assert "CI needs default-jre-headless maven" in answer.stderr


def test_gate_installs_what_is_missing(tmp_path: Path, root: Path, programs: Path) -> None:
    """Where there is apt-get, the missing packages are asked for without questions."""
    for name in ("apt-get", "sudo"):
        (programs / name).write_text(f'#!/bin/sh\necho "{name} $*" >> "{tmp_path}/asked"\n')
        (programs / name).chmod(0o755)
    (tmp_path / "Makefile").write_text(MAKEFILE.format(tests="7 passed", test="true", lint="true"))
    assert run_gate(tmp_path, root, str(programs)).returncode == 0
    asked = (tmp_path / "asked").read_text()
    assert "--yes" in asked
    assert "default-jre-headless maven" in asked
    assert "chromium chromium-driver" in asked
    assert "nodejs npm" in asked


@pytest.mark.parametrize(("given", "said"), [("HAVE_JAVA=", "will be skipped"), ("HAVE_JAVA=yes", "copy-dependencies")])
def test_kafka_is_fetched_where_java_is_there(root: Path, tmp_path: Path, given: str, said: str) -> None:
    """Without Java one line says that tests will be skipped; with it the jars are fetched."""
    command = ["make", "--dry-run", "--file", str(root / "Makefile"), "kafka", given]
    answer = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert ("copy-dependencies" in answer.stdout, said in answer.stdout) == (given == "HAVE_JAVA=yes", True)


@pytest.mark.parametrize(("given", "said"), [("HAVE_NODE=", "will be skipped"), ("HAVE_NODE=yes", "npm ci")])
def test_generators_are_fetched_where_node_is_there(root: Path, tmp_path: Path, given: str, said: str) -> None:
    """Without Node.js one line says that tests will be skipped; with it the generators are fetched."""
    command = ["make", "--dry-run", "--file", str(root / "Makefile"), "clients", given]
    answer = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert ("npm ci" in answer.stdout, said in answer.stdout) == (given == "HAVE_NODE=yes", True)


def test_help_names_every_target(root: Path) -> None:
    """`make` alone lists each target that is meant for people."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    answer = subprocess.run(["make"], cwd=root, env=environment, capture_output=True, text=True, check=True)
    phony = next(line for line in (root / "Makefile").read_text().splitlines() if line.startswith(".PHONY:"))
    assert [line.split()[1] for line in answer.stdout.splitlines()] == phony.split()[1:]
