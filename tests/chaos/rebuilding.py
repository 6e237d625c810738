"""The end of a round: the tables are rebuilt from the postings, and the same decisions hold as before."""

import os
import subprocess
import sys

import msgspec

from stream.decisions import DecisionData
from tests.integration.ops.rebuild.rebuild_system import Decided, at_rest
from tests.kafka.harness import KafkaHarness
from tests.prerequisites import ROOT

COMMAND = (sys.executable, "-c", "from agents.cli.main import main; main()", "rebuild", "tables", "--from", "postings")
FORMER, LATER = 1, 2
"""Epochs."""
SHOWN = 5
"""So many differences are told in full."""


class _Sent(msgspec.Struct):
    data: DecisionData


def rebuild_faults(harness: KafkaHarness, settings: dict[str, str]) -> list[str]:
    """Rebuild under the settings of the workers, which are stopped; give a line for what is not as before."""
    told = {"kafka__brokers": harness.broker.address, "kafka__prefix": harness.topics.prefix, **settings}
    environment = {**os.environ, **{f"TALLYGATE_{name.upper()}": value for name, value in told.items()}}
    done = subprocess.run(
        [*COMMAND, "--epoch", str(LATER)], env=environment, cwd=ROOT, capture_output=True, text=True, check=False
    )
    if done.returncode:
        return [f"the rebuild ended with {done.returncode}: {done.stderr[-2000:]}"]
    found = [msgspec.json.decode(value, type=_Sent).data for value in harness.decisions()]
    before, after = (at_rest(data for data in found if data.epoch == epoch) for epoch in (FORMER, LATER))
    return differences(before, after)


def differences(before: Decided, after: Decided) -> list[str]:
    """Return a line for each of the first few decisions that differ, and one with their number."""
    other = [place for place in sorted({*before, *after}) if before.get(place) != after.get(place)]
    shown = [f"after the rebuild {place}: {after.get(place)}, before: {before.get(place)}" for place in other[:SHOWN]]
    return [*shown, f"the rebuild changed {len(other)} of {len(before)} decisions"] if other else []
