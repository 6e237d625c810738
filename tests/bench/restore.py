"""Restoring tables: a worker that starts again reads its changelog before it judges."""

from collections.abc import Iterator

from tests.bench.ground import Ground, Look, begun, finished, look_away
from tests.bench.postings import lone_bills
from tests.bench.report import Figure

GOAL = 300_000


def measure(ground: Ground, records: int, runs: int, look: Look = look_away) -> Iterator[Figure]:
    """Give rows of the withholding step's changelog restored a second."""
    lone = ground.kept("lone-bills", lambda: lone_bills(ground.partitions, records))
    samples, rows = [], 0
    with ground.field() as field:
        worker = ground.worker(field, "withholding", source=lone.topic)
        finished(worker, lone.records)
        worker.stop()
        look(field)
        for _ in range(runs):
            worker = ground.worker(field, "withholding", source=lone.topic)
            line = begun(worker)
            worker.stop()
            rows = line["restored"]
            samples.append(rows / line["restore_seconds"])
    yield Figure(
        "restore",
        "rows/s",
        tuple(samples),
        f"{rows:,} changelog rows of {lone.records:,} postings, from the first read to the joined tables",
        GOAL,
    )
