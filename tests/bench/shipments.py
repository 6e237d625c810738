"""Both steps through the engine, a worker each: from shipment events to decisions."""

from collections.abc import Iterator
from typing import Any

from confluent_kafka import Consumer, TopicPartition

from tests.bench.kafka_bench import KafkaBench, Look, begun, finished, look_away, waited
from tests.bench.loading import Row
from tests.bench.mix import day_rows
from tests.bench.report import Figure
from tests.kafka.harness import KafkaHarness
from tests.waiting import wait_for

GOAL = 40_000
NEW_BILLS = frozenset({"bill.manifested", "bill.amended"})


def run(kafka_bench: KafkaBench, rows: Iterator[Row], look: Look = look_away) -> tuple[int, int, float]:
    """Judge shipments that wait; give the events, the posting records, and seconds to the last commit of decisions."""
    with kafka_bench.harness() as harness:
        loaded = kafka_bench.load(harness, harness.topics.shipments, rows)
        withholding = kafka_bench.worker(harness, "withholding")
        manifest = kafka_bench.worker(harness, "manifest")
        finished(manifest, loaded.records)
        ends = end_offsets(harness, harness.topics.postings)
        last = waited(withholding, lambda line: caught_up(line, ends), "all postings")
        seconds = last["at"] - begun(manifest)["at"]
        manifest.stop()
        withholding.stop()
        look(harness)
    return loaded.records, last["records"], seconds


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
    """Yield bills a second: new ones, one event each; and those of a whole day, each posting counted."""
    fresh = [run(kafka_bench, day_rows(bills, kafka_bench.partitions, NEW_BILLS)) for _ in range(runs)]
    yield Figure(
        "both steps, new bills",
        "bills/s",
        tuple(events / seconds for events, _, seconds in fresh),
        f"{fresh[0][0]:,} bills filed or amended on a simulated day, an event each; two workers, ready to last commit",
        GOAL,
    )
    whole = [run(kafka_bench, day_rows(bills, kafka_bench.partitions)) for _ in range(runs)]
    events, postings, _ = whole[0]
    yield Figure(
        "both steps, whole day",
        "bills/s",
        tuple(postings / seconds for _, postings, seconds in whole),
        f"{events:,} events with estimates, arrivals and exits, which post {postings:,} times; postings a second",
        GOAL,
    )
