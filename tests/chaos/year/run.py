"""A year of a courier on a broker of its own: `python -m tests.chaos --year`."""

import tempfile
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Final

from tests.chaos.client import ClientProcess
from tests.chaos.driver import Driver, Fault, Outcome
from tests.chaos.year import audit
from tests.chaos.year.events import CourierYear
from tests.chaos.year.parcels import Plan
from tests.chaos.year.tables import Kept, Restored, kept, restored
from tests.kafka.broker import Broker
from tests.kafka.harness import KafkaHarness
from tests.prerequisites import kafka_missing

PERSONS: Final = 200_000
FIRST: Final = date(2025, 7, 1)
DAYS: Final = 365
PARTITIONS: Final = 8
KILLS: Final = 20
TOPIC_DAYS: Final = 400
"""A year and the days that it stays open: the retention that the programmes need."""


class YearRun:
    """One year; `scenario` tells what was met."""

    def __init__(self, harness: KafkaHarness, plan: Plan, say: Callable[[str], None]) -> None:
        self.events = sum(1 for _ in CourierYear(plan))
        self.scenario = ClientProcess("year", plan.seed, harness, self.events, plan.text())
        self._harness = harness
        self._say = say
        self._seed = plan.seed

    def go(self, kills: int) -> Outcome:
        """Publish the year while workers are killed, wait until all is judged, and audit it."""
        faults = [Fault("kill", 0, fed=self.events * number // (kills + 1)) for number in range(1, kills + 1)]
        try:
            return Driver(self._harness, self.scenario, self._seed, self._say).run(self.events, faults)
        finally:
            self.scenario.close()

    def periods(self, programme: str) -> int:
        """Return how many periods of a programme decisions were about."""
        return sum(what.startswith(f"period {programme} ") for what in self.scenario.met)

    def tables(self) -> dict[str, tuple[Kept, Restored]]:
        """Measure the tables of both steps; no worker runs."""
        first = {post.step: post for post in reversed(self.scenario.posts)}
        return {step: (kept(self._harness, step), restored(self._harness, post)) for step, post in first.items()}


def report(run: YearRun, outcome: Outcome) -> list[str]:
    """Return what a year came to, in lines; the last one is the verdict."""
    scenario = run.scenario
    met = {what: count for what, count in sorted(scenario.met.items()) if not what.startswith("period ")}
    lines = [f"{count:10,d}  {what}" for what, count in met.items()]
    lines += [f"{run.periods(name):10,d}  periods of {name}" for name in audit.ENABLED]
    lines += [f"{count:10,d}  {fate}" for fate, count in sorted(scenario.accounted.items())]
    lines += [f"{count:10,d}  {what}" for what, count in sorted((outcome.tally + scenario.deaths).items())]
    for step, (there, again) in run.tables().items():
        log = f"changelog {there.records:,} records, {there.record_bytes / 1e6:,.1f} MB"
        lines.append(
            f"{step}: {there.rows:,} rows, {there.row_bytes / 1e6:,.1f} MB; {log}, "
            f"{there.disk_bytes / 1e6:,.1f} MB on the broker's disk"
        )
        lines.append(
            f"{step}: restored from {again.records:,} records in {again.seconds:.1f} s, ready {again.ready_seconds:.1f}"
            f" s after its start, with {again.resident_bytes / 1e6:,.0f} MB of memory"
        )
    lines += [f"FAULT  {fault}" for fault in outcome.faults]
    decisions = f"{run.events:,} events, {sum(met.values()):,} decisions in {outcome.seconds:.0f} s"
    return [*lines, f"{'NOT EXACT' if outcome.faults else 'EXACT'}: {decisions}, audit included"]


def main(persons: int, seed: int) -> int:
    """Run, audit and report; 0 if all is exact."""
    if missing := kafka_missing():
        print(f"no year without a real Kafka: {missing}")
        return 2
    plan, began = Plan(seed, persons, FIRST, DAYS), time.monotonic()
    print(f"{persons:,} persons, {plan.parcels:,} parcels, {FIRST} and {DAYS} days, seed {seed}", flush=True)
    with tempfile.TemporaryDirectory(prefix="tallygate-year-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        broker = Broker(folder / "kafka").format().start()
        try:
            with KafkaHarness(broker, "year", folder) as harness:
                harness.create_topics(PARTITIONS, steps=(), days=TOPIC_DAYS)
                run = YearRun(harness, plan, lambda text: print(text, flush=True))
                outcome = run.go(KILLS)
                for line in report(run, outcome):
                    print(line, flush=True)
        finally:
            broker.stop()
    print(f"{time.monotonic() - began:.0f} s in all")
    return 1 if outcome.faults else 0
