"""The short form of the table of faults: after each, decisions come again, and every record is judged once."""

from pathlib import Path

import pytest

from tests.chaos.recovery import FAULTS, measure
from tests.prerequisites import require

SHORT = ["worker killed in its restore", "worker killed between sending and commit", "broker killed, back after 2 s"]


@pytest.mark.kafka
@pytest.mark.slow
@pytest.mark.timeout(900)
def test_every_partition_is_judged_again_after_a_fault(tmp_path: Path) -> None:
    """A torn restore, a transaction never committed, a dead broker; `make chaos ARGS=--recovery` has all faults."""
    require("kafka")
    assert set(SHORT) <= FAULTS.keys()
    rows, faults = measure(SHORT, 1, tmp_path, print, worker__session_timeout_ms="6000")
    assert faults == []
    assert [(row.fault, len(row.measured)) for row in rows] == [(name, 1) for name in SHORT]
