"""Postings, shipments, restore, latency and stalls, measured small: every record accounted, every decision exact."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from state.rules.loading import load_rulebook
from state.table import Table
from state.withholding import WithholdingStep
from stream.decisions import Policy
from stream.records import Sink
from tests.bench import days, latency, postings, restore, restore_large, shipments
from tests.bench.kafka_bench import KafkaBench, Loaded
from tests.bench.loading import Row
from tests.bench.mix import bills_in, day_rows, posting_rows, records_of, shop_rows
from tests.kafka.broker import Broker
from tests.kafka.harness import KafkaHarness

pytestmark = pytest.mark.kafka
RECORDS = 1_500

Look = Callable[[KafkaHarness], None]


@pytest.fixture
def kafka_bench(broker: Broker, tmp_path: Path) -> KafkaBench:
    """Return a kafka bench on the tests' broker."""
    return KafkaBench(broker, tmp_path)


def lone(kafka_bench: KafkaBench) -> Loaded:
    """Load a few posting records of one bill each."""
    return kafka_bench.kept("lone-bills", lambda: postings.lone_bills(kafka_bench.partitions, RECORDS))


def decisions_of(rows: list[Row], shipments_topic: str) -> list[bytes]:
    """Return what the withholding step decides in memory."""
    step, overlay = WithholdingStep(load_rulebook(), Policy(), 1, shipments_topic), Table().overlay()
    return [
        output.value or b""
        for record in records_of(rows, "postings")
        for output in step(record, overlay).outputs
        if output is not None and output.sink is Sink.DECISIONS
    ]


def posted(postings_read: list[bytes]) -> set[tuple[str, str, int]]:
    """Return what was posted and is to be decided (bill, conveyance, number); no bill is decided where it left."""
    found = set()
    for posting in map(msgspec.json.decode, postings_read):
        for bill in posting["bills"]:
            if bill["stand"] != "moved":
                found.add((bill["bill"], posting["conveyance"], bill["posting"]))
    return found


def decided(decisions: list[bytes]) -> set[tuple[str, str, int]]:
    """Return what was decided, in the same words."""
    data: list[dict[str, Any]] = [msgspec.json.decode(decision)["data"] for decision in decisions]
    return {(each["bill"], each["conveyance"], each["posting"]) for each in data}


def test_measured_postings_are_decided_exactly(kafka_bench: KafkaBench) -> None:
    """The decisions in the topic are those of the step in memory, byte for byte, and the figures are there."""
    seen: list[list[bytes]] = []

    def look(harness: KafkaHarness) -> None:
        rows = list(postings.lone_bills(kafka_bench.partitions, RECORDS))
        seen.extend([harness.decisions(), decisions_of(rows, harness.topics.shipments)])

    took = postings.run(kafka_bench, lone(kafka_bench), look)
    # Bills of several consignees share a partition, in whatever order these were judged.
    assert sorted(seen[0]) == sorted(seen[1]) != []
    assert took.seconds > 0
    assert took.processor_seconds > 0


def test_a_profile_of_the_worker_names_the_step(kafka_bench: KafkaBench) -> None:
    """The profile of a worker shows the step that it runs."""
    assert "step.py" in postings.profile(kafka_bench, RECORDS)


def test_shops_bring_several_bills_a_record(kafka_bench: KafkaBench) -> None:
    """An arrival posts the ten bills of a shop in one record, after each was posted by itself."""
    rows = list(posting_rows(shop_rows(2, kafka_bench.partitions), kafka_bench.partitions))
    assert [bills_in(value) for _, _, value in rows] == [1] * 600 + [10] * 60


def test_measured_shipments_are_all_accounted_and_decided(kafka_bench: KafkaBench) -> None:
    """Every event of a day is counted by its fate, and every posting of a bill is decided."""
    postings_read, decisions = [], []

    def look(harness: KafkaHarness) -> None:
        postings_read.extend(harness.values(harness.topics.postings))
        decisions.extend(harness.decisions())

    rows = list(day_rows(300, kafka_bench.partitions))
    took = shipments.run(kafka_bench, iter(rows), look)
    assert took.events == len(rows)
    assert took.postings == len(postings_read) > 0
    assert took.seconds > 0
    assert took.processor_seconds > 0
    assert posted(postings_read) == decided(decisions)


def test_the_restore_reads_the_whole_changelog(kafka_bench: KafkaBench) -> None:
    """Each start restores as many rows as the changelog has."""
    rows: list[int] = []
    took = restore.run(
        kafka_bench,
        lone(kafka_bench),
        2,
        lambda harness: rows.append(len(harness.values(harness.topics.changelog("withholding")))),
    )
    # Where a worker stops it may write its watch, and with it where it stands.
    assert took[0].rows == rows[0] > RECORDS // 2
    assert all(each.seconds > 0 for each in took)


def test_a_large_restore_has_whole_copies_of_the_changelog(kafka_bench: KafkaBench) -> None:
    """The worker restores at least as many rows as were asked for, and accepts their totals each time."""
    took = restore_large.run(kafka_bench, lone(kafka_bench), 8 * RECORDS, 2)
    assert [each.rows >= 8 * RECORDS for each in took] == [True, True]
    assert all(each.seconds > 0 for each in took)


def test_latency_is_taken_of_every_decision(kafka_bench: KafkaBench) -> None:
    """Every decision in the topic was read and matched with the moment at which its event was sent."""
    decisions: list[int] = []
    played = latency.run(kafka_bench, 100, 2.0, lambda harness: decisions.append(len(harness.decisions())), warm=0)
    assert [len(played.taken_ms)] == decisions
    assert 0 < latency.percentile(played.taken_ms, 50) <= latency.percentile(played.taken_ms, 99)
    assert set(played.shares) == {"manifest", "withholding", "broker"}


def test_an_arrival_of_a_full_conveyance_is_decided_whole(kafka_bench: KafkaBench) -> None:
    """Every bill is decided when it is filed and again when all arrive, and both workers' stalls are measured."""
    bills, seen = 2_500, []

    def look(harness: KafkaHarness) -> None:
        seen.extend([posted(harness.values(harness.topics.postings)), decided(harness.decisions())])

    late = days.stall(kafka_bench, bills, look)
    assert set(late) == {"manifest", "withholding"}
    assert len(seen[0]) == 2 * bills
    assert seen[0] == seen[1]
