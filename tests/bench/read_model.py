"""The read model: decisions carried from a real Kafka into a real Redis, counted in processor time and by the clock."""

import tempfile
from collections.abc import Iterator
from pathlib import Path
from time import monotonic, sleep
from typing import Final, NamedTuple

import msgspec

from stream.partition import partition_of
from tests.bench.kafka_bench import KafkaBench
from tests.bench.loading import Row
from tests.bench.processor import processor_seconds
from tests.bench.report import Figure
from tests.integration.readmodel.projections import ProjectionProcess, ReadModelHarness, read_model_on
from tests.redis.events import decision
from tests.redis.server import RedisServer

BILLS: Final = 21
CONSIGNEE_DAYS: Final = 20
"""So many bills are on so many consignee days, as on a peak day of the whole country: 8.4 million on 8 million."""
GOAL: Final = 30_000
LOOK_SECONDS: Final = 0.01
WAIT_SECONDS: Final = 240.0


class _Run(NamedTuple):
    projection: float
    both: float
    clock: float


def rows(count: int, partitions: int) -> Iterator[Row]:
    """Yield decisions: each bill is expected and clear, later arrives and is released."""
    bills = count // 2
    for number in range(2 * bills):
        bill, arrived = number % bills, number >= bills
        name = f"ACME{bill:08d}"
        made = decision(
            name, f"air:AF{bill // 250:05d}:2025-08-20", minutes=600 * arrived, rank=(1, 1, 1 + arrived, 1),
            outcome="release" if arrived else "clear", basis="actual" if arrived else "estimated", counts=arrived,
            consignee=f"na2:{bill * CONSIGNEE_DAYS // BILLS:026d}", order=f"order-{bill}",
        )  # fmt: skip
        yield partition_of(name.encode(), partitions), name.encode(), msgspec.json.encode(made)


def measure(kafka_bench: KafkaBench, count: int, runs: int) -> Iterator[Figure]:
    """Fill an empty Redis from a full topic, as after a loss or a rebuild, and count."""
    done = [_run(kafka_bench, count) for _ in range(runs)]
    words = f"{count:,} decisions, {BILLS} bills on {CONSIGNEE_DAYS} consignee days, Redis empty at first; "
    for name, samples, goal, how in (
        ("read model, projection", [run.projection for run in done], GOAL, "by the projection's processor time"),
        ("read model, with Redis", [run.both for run in done], GOAL, "by processor time of projection and Redis"),
        ("read model, clock", [run.clock for run in done], None, "by the clock; broker, projection, Redis share it"),
    ):
        yield Figure(name, "decisions/s", tuple(samples), words + how, goal)


def _run(kafka_bench: KafkaBench, count: int) -> _Run:
    with tempfile.TemporaryDirectory() as folder, kafka_bench.harness() as field:
        redis = RedisServer(Path(folder)).start()
        try:
            loaded = kafka_bench.load(field, field.topics.decisions, rows(count, field.partitions)).records
            with read_model_on(field, redis) as read_model:
                return _watch(read_model, read_model.project(), loaded)
        finally:
            redis.kill()


def _watch(read_model: ReadModelHarness, projection: ProjectionProcess, count: int) -> _Run:
    """Count from the first decision in Redis to the last."""
    first = _wait(read_model, projection, 1)
    begun, used, used_redis = monotonic(), processor_seconds(projection.pid), processor_seconds(read_model.redis.pid)
    _wait(read_model, projection, count)
    elapsed = monotonic() - begun
    projecting = processor_seconds(projection.pid) - used
    applying = processor_seconds(read_model.redis.pid) - used_redis
    left = count - first
    return _Run(left / projecting, left / (projecting + applying), left / elapsed)


def _wait(read_model: ReadModelHarness, projection: ProjectionProcess, least: int) -> int:
    deadline = monotonic() + WAIT_SECONDS
    while (applied := read_model.applied()) < least:
        if monotonic() > deadline or projection.process.poll() is not None:
            raise RuntimeError(f"only {applied} of {least} decisions are in Redis:\n{projection.log()[-3000:]}")
        sleep(LOOK_SECONDS)
    return applied
