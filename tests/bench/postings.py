"""The withholding step alone through the engine: one worker over a topic of posting records."""

import tempfile
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from tests.bench.ground import Ground, Loaded, Look, begun, finished, look_away
from tests.bench.loading import Row
from tests.bench.mix import LOAD_BILLS, bills_in, day_rows, posting_rows, shop_rows
from tests.bench.report import Figure

GOAL = 120_000


class Run(NamedTuple):
    """What one run took, from the moment when judging began to the last commit."""

    seconds: float
    processor_seconds: float


def lone_bills(partitions: int, records: int) -> Iterator[Row]:
    """Give posting records of one bill each, in the order and mix of a simulated day: expected, changed, arrived."""
    # A day makes nearly two such records a bill.
    rows = posting_rows(day_rows(records * 11 // 20 + 100, partitions), partitions)
    return islice((row for row in rows if bills_in(row[2]) == 1), records)


def run(ground: Ground, loaded: Loaded, look: Look = look_away, **settings: str) -> Run:
    """Judge a loaded topic with a fresh worker and fresh tables."""
    with ground.field() as field:
        worker = ground.worker(field, "withholding", source=loaded.topic, **settings)
        end, begin = finished(worker, loaded.records), begun(worker)
        worker.stop()
        look(field)
    return Run(end["at"] - begin["at"], end["processor"] - begin["processor"])


def measure(ground: Ground, records: int, runs: int) -> Iterator[Figure]:
    """Give postings a second of one bill each, and bills a second where arrivals bring several a record."""
    lone = ground.kept("lone-bills", lambda: lone_bills(ground.partitions, records))
    took = [run(ground, lone) for _ in range(runs)]
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
    shops = ground.kept("shops", lambda: posting_rows(shop_rows(loads, ground.partitions), ground.partitions))
    yield Figure(
        "the same, shops",
        "bills/s",
        tuple(shops.bills / run(ground, shops).seconds for _ in range(runs)),
        f"{shops.records:,} records of {shops.bills:,} bills: ten of a shop one by one, then all ten by one arrival",
        GOAL,
    )


def profile(ground: Ground, records: int) -> str:
    """Give the functions in which the worker spends its time."""
    lone = ground.kept("lone-bills", lambda: lone_bills(ground.partitions, records))
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "profile.txt"
        run(ground, lone, observer="tests.bench.observing:Profiled", bench_profile=str(file))
        return file.read_text()
