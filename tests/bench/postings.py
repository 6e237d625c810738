"""The withholding step alone through the engine: one worker over a topic of posting records."""

import tempfile
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from tests.bench.floor import floors
from tests.bench.kafka_bench import KafkaBench, Loaded, Look, begun, finished, look_away
from tests.bench.loading import Row
from tests.bench.mix import LOAD_BILLS, bills_in, day_rows, posting_rows, shop_rows
from tests.bench.paths import path_figures
from tests.bench.report import Figure

GOAL = 40_000
FLOOR_BILLS = 20_000
"""Bills of the day whose calls into C are measured."""


class Run(NamedTuple):
    """What one run took, from the moment when judging began to the last commit."""

    seconds: float
    processor_seconds: float


def lone_bills(partitions: int, records: int) -> Iterator[Row]:
    """Return posting records of one bill each, in the order and mix of a simulated day: expected, changed, arrived."""
    # A day makes nearly two such records a bill.
    rows = posting_rows(day_rows(records * 11 // 20 + 100, partitions), partitions)
    return islice((row for row in rows if bills_in(row[2]) == 1), records)


def run(kafka_bench: KafkaBench, loaded: Loaded, look: Look = look_away, **settings: str) -> Run:
    """Judge a loaded topic with a fresh worker and fresh tables."""
    with kafka_bench.harness() as field:
        worker = kafka_bench.worker(field, "withholding", source=loaded.topic, **settings)
        end, begin = finished(worker, loaded.records), begun(worker)
        worker.stop()
        look(field)
    return Run(end["at"] - begin["at"], end["processor"] - begin["processor"])


def measure(kafka_bench: KafkaBench, records: int, runs: int) -> Iterator[Figure]:
    """Yield what a posting of one bill costs, then a bill of a shop, whose arrivals bring several a record."""
    lone = kafka_bench.kept("lone-bills", lambda: lone_bills(kafka_bench.partitions, records))
    floor = floors(day_rows(min(FLOOR_BILLS, records + 100), 1)).withholding
    took = [run(kafka_bench, lone) for _ in range(runs)]
    words = f"{lone.records:,} posting records of one bill each, a day's mix; ready to last commit, one worker"
    yield from figures("withholding step alone", "posting", lone.records, took, words, GOAL, floor)
    yield from path_figures("  a day", posting_rows(day_rows(min(FLOOR_BILLS, records + 100), 1), 1))
    loads = max(1, records // 2 // LOAD_BILLS)
    shops = kafka_bench.kept(
        "shops", lambda: posting_rows(shop_rows(loads, kafka_bench.partitions), kafka_bench.partitions)
    )
    took = [run(kafka_bench, shops) for _ in range(runs)]
    words = f"{shops.records:,} records of {shops.bills:,} bills: ten of a shop one by one, then all ten by one arrival"
    yield from figures("the same, shops", "bill", shops.bills, took, words)
    yield from path_figures("  shops", posting_rows(shop_rows(max(1, min(loads, 50)), 1), 1))


def figures(
    name: str, unit: str, count: int, took: list[Run], words: str, goal: float | None = None, floor: float | None = None
) -> Iterator[Figure]:
    """Yield the processor time of one, which is the main figure, and how many the clock saw a second."""
    samples = tuple(each.processor_seconds / count * 1e6 for each in took)
    yield Figure(f"{name}: processor time", f"µs/{unit}", samples, f"{words}; all threads", floor=floor)
    yield Figure(name, f"{unit}s/s", tuple(count / each.seconds for each in took), "the same runs, by the clock", goal)


def profile(kafka_bench: KafkaBench, records: int) -> str:
    """Return the functions in which the worker spends its time."""
    lone = kafka_bench.kept("lone-bills", lambda: lone_bills(kafka_bench.partitions, records))
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "profile.txt"
        run(kafka_bench, lone, observer="tests.bench.observing:Profiled", bench_profile=str(file))
        return file.read_text()
