"""One round of the long run, in a process of its own: a fresh broker, workers, faults, an audit.

It tells what happens in lines of JSON, and ends itself and all its children when the one who listens is gone.
"""

import json
import logging
import os
import random
import signal
import sys
import threading
import time
from pathlib import Path
from typing import Any

from tests.chaos.client import ClientProcess
from tests.chaos.driver import Driver, drawn
from tests.chaos.report import Plan
from tests.kafka.broker import Broker
from tests.kafka.harness import KafkaHarness

SPACING_SECONDS = 6.0
PARTITIONS = 8


def tell(what: str, **facts: Any) -> None:
    """Print a line of the report."""
    print(json.dumps({"what": what, **facts}), flush=True)


def run_round(plan: Plan, number: int, folder: Path) -> None:
    """Run one round, and tell its result."""
    seed, began = plan.seed_of(number), time.monotonic()
    broker = Broker(folder / "kafka").format().start()
    try:
        with KafkaHarness(broker, "chaos", folder) as harness:
            harness.create_topics(partitions=PARTITIONS)
            faults = list(drawn(random.Random(seed), plan.faults, SPACING_SECONDS))
            scenario = ClientProcess("toy" if plan.toy else "customs", seed, harness, plan.events)
            driver = Driver(harness, scenario, seed, lambda text: tell("said", text=text, fed=driver.fed))
            try:
                outcome = driver.run(plan.events, faults)
                if plan.rebuild and not outcome.faults:
                    tell("said", text="the tables are rebuilt from the postings", fed=driver.fed)
                    outcome.faults.extend(scenario.rebuild(harness))
            finally:
                scenario.close()
    finally:
        broker.stop()
    tell(
        "result", round=number, events=plan.events, faults=outcome.faults, accounted=dict(scenario.accounted),
        tally=dict(outcome.tally + scenario.deaths), seconds=round(time.monotonic() - began, 1),
    )  # fmt: skip


def _end_with_the_listener() -> None:
    while os.read(0, 1):
        pass
    os.killpg(0, signal.SIGKILL)


if __name__ == "__main__":
    # Members that have not left yet refuse the offsets that `stale` commits; it tries again.
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    threading.Thread(target=_end_with_the_listener, daemon=True).start()
    run_round(Plan(**json.loads(sys.argv[1])), int(sys.argv[2]), Path(sys.argv[3]))
