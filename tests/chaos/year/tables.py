"""How large the tables of a step are in the end, and how long a worker takes to restore all of them."""

import resource
import time
from pathlib import Path
from typing import NamedTuple

from tests.chaos.scenario import Post
from tests.chaos.topic_records import records_of
from tests.kafka.harness import KafkaHarness


class Kept(NamedTuple):
    """What a step keeps."""

    rows: int
    row_bytes: int
    """Keys and values."""
    records: int
    """In the changelog, as far as the broker has not compacted it away."""
    record_bytes: int
    disk_bytes: int
    """The changelog's files on the broker."""


class Restored(NamedTuple):
    """What a lone worker did before it could judge."""

    records: int
    seconds: float
    """From the first read to the joined tables."""
    ready_seconds: float
    """From the start of its process."""
    resident_bytes: int
    """Memory of the process then."""


def kept(harness: KafkaHarness, step: str) -> Kept:
    """Read a step's changelog, partition by partition."""
    topic = harness.topics.changelog(step)
    rows = row_bytes = records = record_bytes = 0
    for number in range(harness.partitions):
        latest: dict[bytes, int] = {}
        for record in records_of(harness, topic, number):
            key, value = record.key or b"", record.value
            records += 1
            record_bytes += len(key) + len(value or b"")
            if value is None:
                latest.pop(key, None)
            else:
                latest[key] = len(key) + len(value)
        rows += len(latest)
        row_bytes += sum(latest.values())
    folders = (harness.broker.folder / "logs").glob(f"{topic}-*")
    disk = sum(file.stat().st_size for folder in folders for file in folder.glob("*.log"))
    return Kept(rows, row_bytes, records, record_bytes, disk)


def restored(harness: KafkaHarness, post: Post) -> Restored:
    """Start one worker for all partitions, and end it once it could judge."""
    began = time.monotonic()
    worker = harness.worker(f"restored-{post.step}", post.step, **dict(post.settings))
    partitions = worker.ready()
    while len(partitions) < harness.partitions:  # members that were killed still hold some
        partitions = worker.ready(sum("ready" in line for line in worker.lines()) + 1)
    seconds = time.monotonic() - began
    line = next(line for line in reversed(worker.lines()) if "ready" in line)
    pages = int(Path(f"/proc/{worker.process.pid}/statm").read_text().split()[1])
    worker.stop()
    return Restored(line["restored"], line["seconds"], seconds, pages * resource.getpagesize())
