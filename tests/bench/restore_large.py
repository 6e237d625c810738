"""Restoring a national day: a changelog of millions of rows, copied from the real one of a smaller day.

Each copy has the rows of the real changelog under roots of its own, so that no group grows, and the row of the position
has the sum of the totals. The worker checks that sum, so a copy that is not whole fails the measurement.
"""

import asyncio
from collections.abc import Iterator
from itertools import count
from typing import Final

from agents.engine.lane import Position
from agents.engine.step_runner import POSITION_KEY
from state.table import PARTITION_ROOT, Table, changelog_key, split_changelog_key
from tests.bench.kafka_bench import KafkaBench, Loaded, begun, finished
from tests.bench.loading import Row, load
from tests.bench.postings import lone_bills
from tests.bench.report import Figure
from tests.bench.restore import SMALL_PORTION, Restored
from tests.kafka.harness import KafkaHarness

GOAL_SECONDS: Final = 30

Rows = dict[bytes, bytes | None]


def run(kafka_bench: KafkaBench, loaded: Loaded, rows: int, runs: int) -> list[Restored]:
    """Judge a loaded topic, copy its changelog until it has so many rows, and start again and again."""
    took = []
    with kafka_bench.harness() as field:
        worker = kafka_bench.worker(field, "withholding", source=loaded.topic, worker__portion_records=SMALL_PORTION)
        empty = begun(worker)["processor"]
        finished(worker, loaded.records)
        worker.stop()
        changelog = field.topics.changelog("withholding")
        asyncio.run(load(field.connection, changelog, copied(field, changelog, rows)))
        for _ in range(runs):
            worker = kafka_bench.worker(field, "withholding", source=loaded.topic)
            line = begun(worker)
            worker.stop()
            took.append(Restored(line["restored"], line["restore_seconds"], line["processor"] - empty))
    return took


def copied(field: KafkaHarness, changelog: str, rows: int) -> Iterator[Row]:
    """Yield copies of each partition's rows, as many as bring the changelog to so many records, and the positions."""
    found = field.read(changelog)
    share = rows // len(found)
    for partition, records in found.items():
        held: Rows = {key: value for _offset, key, value in records if key is not None}
        position = Position.decode(held[POSITION_KEY] or b"")
        bills = {key: value for key, value in held.items() if value is not None and not _is_own(key)}
        written, totals = len(records), position.totals
        for number in count(1):
            if written >= share:
                break
            copy: Rows = {_moved(key, number): value for key, value in bills.items()}
            totals = totals.plus(*_totals(copy))
            written += len(copy)
            yield from ((partition, key, value or b"") for key, value in copy.items())
        yield partition, POSITION_KEY, position._replace(totals=totals).encode()


def _is_own(key: bytes) -> bool:
    """Tell whether a row is the partition's own: its fingerprint, its stream time, its position."""
    return split_changelog_key(key)[0] == PARTITION_ROOT


def _moved(key: bytes, number: int) -> bytes:
    root, suffix = split_changelog_key(key)
    return changelog_key(b"%d:%b" % (number, root), suffix)


def _totals(rows: Rows) -> tuple[int, int]:
    table = Table()
    for _slice in table.restore(rows):
        pass
    return table.totals


def measure(kafka_bench: KafkaBench, records: int, rows: int, runs: int) -> Iterator[Figure]:
    """Yield the seconds until a table of millions of rows is ready, and the processor time of a row."""
    lone = kafka_bench.kept("lone-bills", lambda: lone_bills(kafka_bench.partitions, records))
    took = run(kafka_bench, lone, rows, runs)
    words = f"{took[0].rows:,} changelog rows, from the first read to the joined tables"
    samples = tuple(each.processor_seconds / each.rows * 1e6 for each in took)
    yield Figure("restore of a national day: processor time", "µs/row", samples, words)
    seconds = tuple(each.seconds for each in took)
    yield Figure("restore of a national day", "s", seconds, "the same, by the clock", GOAL_SECONDS, at_most=True)
