"""The README's way from nothing to a decision on a real Kafka, typed as it stands there."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.kafka.broker import Broker
from tests.prerequisites import ROOT

pytestmark = [pytest.mark.kafka, pytest.mark.slow]

PART = (
    (ROOT / "README.md")
    .read_text("utf-8")
    .partition("\n## Produce with a plain Kafka client\n")[2]
    .partition("\n## ")[0]
)
WORK, CLIENT = re.findall(r"```sh\n(.*?)```", PART, re.DOTALL)
PROGRAM, SEEN = (re.findall(rf"```{kind}\n(.*?)```", PART, re.DOTALL)[0] for kind in ("python", "text"))


@contextmanager
def typed(script: str, folder: Path, broker: Broker) -> Iterator["subprocess.Popen[str]"]:
    """Run a script of the README on this broker; its last command gets SIGTERM when the block ends."""
    *first, last = script.replace("localhost:9092", broker.address).strip().splitlines()
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    process = subprocess.Popen(
        ["sh", "-eu", "-c", "\n".join([*first, f"exec {last}"])],
        cwd=folder,
        env={**os.environ, "PATH": path, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.terminate()
        process.communicate()


def bill_of(line: str) -> str:
    """Return the bill that a line is about."""
    return line.partition(" ")[0]


def test_readme_leads_to_decisions(broker: Broker, tmp_path: Path) -> None:
    """Topics, workers and client as the README has them print the decisions that it shows, though all is sent twice."""
    (tmp_path / "docs").symlink_to(ROOT / "docs")
    (tmp_path / "plain_client.py").write_text(PROGRAM)
    publishes, watches = CLIENT.strip().splitlines()
    with typed(WORK, tmp_path, broker) as workers:
        assert workers.stdout is not None
        while "all as they must be" not in workers.stdout.readline():
            assert workers.poll() is None
        for _ in range(2):
            with typed(publishes, tmp_path, broker) as client:
                assert client.wait() == 0
        with typed(watches, tmp_path, broker) as client:
            assert client.stdout is not None
            lines = [client.stdout.readline() for _ in SEEN.splitlines()]
        workers.send_signal(signal.SIGTERM)
        assert workers.wait() == 0
    # Bills lie in partitions of their own, so only the lines of one bill have an order.
    assert sorted(lines, key=bill_of) == sorted(SEEN.splitlines(keepends=True), key=bill_of)
