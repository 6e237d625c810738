"""The withholding step alone through the engine: one worker over a topic of posting records."""

import tempfile
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from tests.bench.kafka_bench import KafkaBench, Loaded, Look, begun, finished, look_away
from tests.bench.loading import Row
from tests.bench.mix import LOAD_BILLS, bills_in, day_rows, posting_rows, shop_rows
from tests.bench.report import Figure

GOAL = 120_000


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
    """Yield postings a second of one bill each, and bills a second where arrivals bring several a record."""
    lone = kafka_bench.kept("lone-bills", lambda: lone_bills(kafka_bench.partitions, records))
    took = [run(kafka_bench, lone) for _ in range(runs)]
    yield Figure(
        "withholding step alone",
        "postings/s",
        tuple(lone.records / each.seconds for each in took),
        f"{lone.records:,} posting records of one bill each, a simulated day's mix; ready to last commit, one worker",
        GOAL,
    )
    yield Figure(
        "its worker's processor time",
        "µs/posting",
        tuple(each.processor_seconds / lone.records * 1e6 for each in took),
        "the same runs, all threads of the worker",
    )
    loads = max(1, records // 2 // LOAD_BILLS)
    shops = kafka_bench.kept(
        "shops", lambda: posting_rows(shop_rows(loads, kafka_bench.partitions), kafka_bench.partitions)
    )
    yield Figure(
        "the same, shops",
        "bills/s",
        tuple(shops.bills / run(kafka_bench, shops).seconds for _ in range(runs)),
        f"{shops.records:,} records of {shops.bills:,} bills: ten of a shop one by one, then all ten by one arrival",
        GOAL,
    )


def profile(kafka_bench: KafkaBench, records: int) -> str:
    """Return the functions in which the worker spends its time."""
    lone = kafka_bench.kept("lone-bills", lambda: lone_bills(kafka_bench.partitions, records))
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "profile.txt"
        run(kafka_bench, lone, observer="tests.bench.observing:Profiled", bench_profile=str(file))
        return file.read_text()
