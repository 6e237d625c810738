"""Restoring tables: a worker that starts again reads its changelog before it judges."""

from collections.abc import Iterator

from tests.bench.kafka_bench import KafkaBench, Loaded, Look, begun, finished, look_away
from tests.bench.postings import lone_bills
from tests.bench.report import Figure

GOAL = 300_000
SMALL_PORTION = "500"
"""Small transactions, as in a quiet hour: a changelog repeats its keys more often then, and is longer."""


def run(kafka_bench: KafkaBench, loaded: Loaded, runs: int, look: Look = look_away) -> list[tuple[int, float]]:
    """Judge a loaded topic, then start again and again; give rows restored and seconds, each time."""
    took = []
    with kafka_bench.harness() as field:
        worker = kafka_bench.worker(field, "withholding", source=loaded.topic, worker__portion_records=SMALL_PORTION)
        finished(worker, loaded.records)
        worker.stop()
        look(field)
        for _ in range(runs):
            worker = kafka_bench.worker(field, "withholding", source=loaded.topic)
            line = begun(worker)
            worker.stop()
            took.append((line["restored"], line["restore_seconds"]))
    return took


def measure(kafka_bench: KafkaBench, records: int, runs: int) -> Iterator[Figure]:
    """Yield rows of the withholding step's changelog restored a second."""
    lone = kafka_bench.kept("lone-bills", lambda: lone_bills(kafka_bench.partitions, records))
    took = run(kafka_bench, lone, runs)
    yield Figure(
        "restore",
        "rows/s",
        tuple(rows / seconds for rows, seconds in took),
        f"{took[0][0]:,} changelog rows of {lone.records:,} postings, from the first read to the joined tables",
        GOAL,
    )
