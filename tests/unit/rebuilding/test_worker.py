"""A process of a rebuild starts as a worker does."""

import os
import subprocess
import sys

from tests.kafka.broker import free_ports
from tests.pieces import ROOT


def test_a_role_that_finds_no_kafka_waits_for_it() -> None:
    """It says so, and does not end: a rebuild would count that as a failure at its place."""
    (port,) = free_ports(1)
    role = subprocess.Popen(
        [sys.executable, "-m", "agents.rebuilding.worker", "manifest"],
        cwd=ROOT,
        env={**os.environ, "TALLYGATE_KAFKA__BROKERS": f"127.0.0.1:{port}", "TALLYGATE_LOG__LEVEL": "WARNING"},
        stderr=subprocess.PIPE,
        text=True,
    )
    assert role.stderr is not None
    try:
        first = next(line for line in role.stderr if "does not start" in line or "waits for Kafka" in line)
        assert "waits for Kafka" in first
        assert role.poll() is None
    finally:
        role.kill()
        role.communicate()
