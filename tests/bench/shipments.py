"""Both steps through the engine, a worker each: from shipment events to decisions."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from confluent_kafka import Consumer, TopicPartition

from tests.bench.floor import floors
from tests.bench.kafka_bench import KafkaBench, Look, begun, finished, look_away, waited
from tests.bench.loading import Row
from tests.bench.mix import day_rows
from tests.bench.postings import FLOOR_BILLS
from tests.bench.report import Figure
from tests.kafka.harness import KafkaHarness
from tests.waiting import wait_for


class Run(NamedTuple):
    """What both workers did, from the first shipment judged to the last commit of decisions."""

    events: int
    postings: int
    seconds: float
    processor_seconds: float
    """Of both workers."""


NEW_BILLS = frozenset({"bill.manifested", "bill.amended"})


def run(kafka_bench: KafkaBench, rows: Iterator[Row], look: Look = look_away) -> Run:
    """Judge shipments that wait; return what it took to the last commit of decisions."""
    with kafka_bench.harness() as harness:
        loaded = kafka_bench.load(harness, harness.topics.shipments, rows)
        withholding = kafka_bench.worker(harness, "withholding")
        manifest = kafka_bench.worker(harness, "manifest")
        ended = finished(manifest, loaded.records)
        ends = end_offsets(harness, harness.topics.postings)
        last = waited(withholding, lambda line: caught_up(line, ends), "all postings")
        seconds = last["at"] - begun(manifest)["at"]
        used = sum(
            end["processor"] - begun(each)["processor"] for end, each in ((ended, manifest), (last, withholding))
        )
        manifest.stop()
        withholding.stop()
        look(harness)
    return Run(loaded.records, last["records"], seconds, used)


def end_offsets(harness: KafkaHarness, topic: str) -> dict[str, int]:
    """Return where each partition that holds anything ends, by number in text as JSON has it.

    The broker confirms a commit before its markers are written; ends are final once nothing before them is open.
    """
    ends: dict[str, int] = {}

    def closed() -> bool:
        ends.update(_ends(harness, topic, "read_uncommitted"))
        return ends == _ends(harness, topic, "read_committed")

    wait_for(closed, "commit markers")
    return ends


def _ends(harness: KafkaHarness, topic: str, isolation: str) -> dict[str, int]:
    settings = {"bootstrap.servers": harness.broker.address, "group.id": "bench-ends", "isolation.level": isolation}
    consumer = Consumer(settings)
    try:
        found = {
            part: consumer.get_watermark_offsets(TopicPartition(topic, part)) for part in range(harness.partitions)
        }
    finally:
        consumer.close()
    return {str(part): high for part, (_, high) in found.items() if high}


def caught_up(line: dict[str, Any], ends: dict[str, int]) -> bool:
    """Tell whether a worker stands at the end of each partition; the commit marker that is last there is no record."""
    return all(line["positions"].get(part, 0) >= end - 1 for part, end in ends.items())


def measure(kafka_bench: KafkaBench, bills: int, runs: int) -> Iterator[Figure]:
    """Yield what a bill costs: a new one, one event each; and one of a whole day, each posting counted."""
    parts = kafka_bench.partitions
    floor = floors(day_rows(min(FLOOR_BILLS, bills), 1, NEW_BILLS))
    fresh = [run(kafka_bench, day_rows(bills, parts, NEW_BILLS)) for _ in range(runs)]
    words = f"{fresh[0].events:,} bills filed or amended, an event each; two workers, ready to last commit"
    each = floor.manifest + floor.withholding
    yield from _figures("both steps, new bills", [(one, one.events) for one in fresh], words, each)
    whole = [run(kafka_bench, day_rows(bills, parts)) for _ in range(runs)]
    words = f"{whole[0].events:,} events with estimates, arrivals and exits, which post {whole[0].postings:,} times"
    yield from _figures("both steps, whole day", [(one, one.postings) for one in whole], words)


def _figures(name: str, runs: list[tuple[Run, int]], words: str, floor: float | None = None) -> Iterator[Figure]:
    samples = tuple(one.processor_seconds / bills * 1e6 for one, bills in runs)
    yield Figure(f"{name}: processor time", "µs/bill", samples, f"{words}; both workers", floor=floor)
    yield Figure(name, "bills/s", tuple(bills / one.seconds for one, bills in runs), "the same runs, by the clock")
