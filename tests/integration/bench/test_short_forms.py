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
from tests.bench import days, latency, postings, restore, shipments
from tests.bench.ground import Ground, Loaded
from tests.bench.loading import Row
from tests.bench.mix import bills_in, day_rows, posting_rows, records_of, shop_rows
from tests.kafka.broker import Broker
from tests.kafka.field import Field

pytestmark = pytest.mark.kafka
RECORDS = 1_500

Look = Callable[[Field], None]


@pytest.fixture
def ground(broker: Broker, tmp_path: Path) -> Ground:
    """Give a ground on the tests' broker."""
    return Ground(broker, tmp_path)


def lone(ground: Ground) -> Loaded:
    """Load a few posting records of one bill each."""
    return ground.kept("lone-bills", lambda: postings.lone_bills(ground.partitions, RECORDS))


def decisions_of(rows: list[Row], shipments_topic: str) -> list[bytes]:
    """Give what the withholding step decides in memory."""
    step, overlay = WithholdingStep(load_rulebook(), Policy(), 1, shipments_topic), Table().overlay()
    return [
        output.value or b""
        for record in records_of(rows, "postings")
        for output in step(record, overlay).outputs
        if output is not None and output.sink is Sink.DECISIONS
    ]


def posted(postings_read: list[bytes]) -> set[tuple[str, str, int]]:
    """Give what was posted and is to be decided: bill, conveyance, posting number; no bill is decided where it left."""
    found = set()
    for posting in map(msgspec.json.decode, postings_read):
        for bill in posting["bills"]:
            if bill["stand"] != "moved":
                found.add((bill["bill"], posting["conveyance"], bill["posting"]))
    return found


def decided(decisions: list[bytes]) -> set[tuple[str, str, int]]:
    """Give what was decided, in the same words."""
    data: list[dict[str, Any]] = [msgspec.json.decode(decision)["data"] for decision in decisions]
    return {(each["bill"], each["conveyance"], each["posting"]) for each in data}


def test_measured_postings_are_decided_exactly(ground: Ground) -> None:
    """The decisions in the topic are those of the step in memory, byte for byte, and the figures are there."""
    seen: list[list[bytes]] = []

    def look(field: Field) -> None:
        rows = list(postings.lone_bills(ground.partitions, RECORDS))
        seen.extend([field.decisions(), decisions_of(rows, field.topics.shipments)])

    took = postings.run(ground, lone(ground), look)
    # Bills of several consignees share a partition, in whatever order these were judged.
    assert sorted(seen[0]) == sorted(seen[1]) != []
    assert took.seconds > 0
    assert took.processor_seconds > 0


def test_a_profile_of_the_worker_names_the_step(ground: Ground) -> None:
    """The profile of a worker shows the step that it runs."""
    assert "step.py" in postings.profile(ground, RECORDS)


def test_shops_bring_several_bills_a_record(ground: Ground) -> None:
    """An arrival posts the ten bills of a shop in one record, after each was posted by itself."""
    rows = list(posting_rows(shop_rows(2, ground.partitions), ground.partitions))
    assert [bills_in(value) for _, _, value in rows] == [1] * 600 + [10] * 60


def test_measured_shipments_are_all_accounted_and_decided(ground: Ground) -> None:
    """Every event of a day is counted by its fate, and every posting of a bill is decided."""
    postings_read, decisions = [], []

    def look(field: Field) -> None:
        postings_read.extend(field.values(field.topics.postings))
        decisions.extend(field.decisions())

    rows = list(day_rows(300, ground.partitions))
    events, records, seconds = shipments.run(ground, iter(rows), look)
    assert events == len(rows)
    assert records == len(postings_read) > 0
    assert seconds > 0
    assert posted(postings_read) == decided(decisions)


def test_the_restore_reads_the_whole_changelog(ground: Ground) -> None:
    """Each start restores as many rows as the changelog has."""
    rows: list[int] = []
    took = restore.run(
        ground, lone(ground), 2, lambda field: rows.append(len(field.values(field.topics.changelog("withholding"))))
    )
    # Where a worker stops it may write its watch, and with it where it stands.
    assert took[0][0] == rows[0] > RECORDS // 2
    assert all(seconds > 0 for _, seconds in took)


def test_latency_is_taken_of_every_decision(ground: Ground) -> None:
    """Every decision in the topic was read and matched with the moment at which its event was sent."""
    decisions: list[int] = []
    played = latency.run(ground, 100, 2.0, lambda field: decisions.append(len(field.decisions())), warm=0)
    assert [len(played.taken_ms)] == decisions
    assert 0 < latency.percentile(played.taken_ms, 50) <= latency.percentile(played.taken_ms, 99)
    assert set(played.shares) == {"manifest", "withholding", "broker"}


def test_an_arrival_of_a_full_conveyance_is_decided_whole(ground: Ground) -> None:
    """Every bill is decided when it is filed and again when all arrive, and both workers' stalls are measured."""
    bills, seen = 2_500, []

    def look(field: Field) -> None:
        seen.extend([posted(field.values(field.topics.postings)), decided(field.decisions())])

    late = days.stall(ground, bills, look)
    assert set(late) == {"manifest", "withholding"}
    assert len(seen[0]) == 2 * bills
    assert seen[0] == seen[1]
