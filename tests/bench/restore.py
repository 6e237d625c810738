"""Restoring tables: a worker that starts again reads its changelog before it judges."""

from collections.abc import Iterator
from typing import NamedTuple

from tests.bench.floor import floors
from tests.bench.kafka_bench import KafkaBench, Loaded, Look, begun, finished, look_away
from tests.bench.mix import day_rows
from tests.bench.postings import FLOOR_BILLS, lone_bills
from tests.bench.report import Figure

GOAL = 350_000
SMALL_PORTION = "500"
"""Small transactions, as in a quiet hour: a changelog repeats its keys more often then, and is longer."""


class Restored(NamedTuple):
    """What one restore took."""

    rows: int
    """Changelog records read."""
    seconds: float
    """From the first read to the joined tables."""
    processor_seconds: float
    """Of the worker's whole start, without what the start of one with empty tables took."""


def run(kafka_bench: KafkaBench, loaded: Loaded, runs: int, look: Look = look_away) -> list[Restored]:
    """Judge a loaded topic, then start again and again; return what each restore took."""
    took = []
    with kafka_bench.harness() as field:
        worker = kafka_bench.worker(field, "withholding", source=loaded.topic, worker__portion_records=SMALL_PORTION)
        empty = begun(worker)["processor"]
        finished(worker, loaded.records)
        worker.stop()
        look(field)
        for _ in range(runs):
            worker = kafka_bench.worker(field, "withholding", source=loaded.topic)
            line = begun(worker)
            worker.stop()
            took.append(Restored(line["restored"], line["restore_seconds"], line["processor"] - empty))
    return took


def measure(kafka_bench: KafkaBench, records: int, runs: int) -> Iterator[Figure]:
    """Yield the processor time of a row of the withholding step's changelog, and rows restored a second."""
    lone = kafka_bench.kept("lone-bills", lambda: lone_bills(kafka_bench.partitions, records))
    took = run(kafka_bench, lone, runs)
    floor = floors(day_rows(min(FLOOR_BILLS, records + 100), 1)).restore
    words = f"{took[0].rows:,} changelog rows of {lone.records:,} postings, from the first read to the joined tables"
    samples = tuple(each.processor_seconds / each.rows * 1e6 for each in took)
    yield Figure("restore: processor time", "µs/row", samples, words, floor=floor)
    yield Figure("restore", "rows/s", tuple(each.rows / each.seconds for each in took), "by the clock", GOAL)
