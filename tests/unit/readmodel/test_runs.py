"""Runs, freshness and back-off, each by itself."""

import logging

import msgspec
import pytest
from aiokafka import TopicPartition

from agents.kafka.backoff import Backoff
from agents.readmodel.position import ReadModelPosition
from agents.readmodel.projection_progress import ProjectionProgress
from agents.readmodel.refilling import Ends
from agents.readmodel.runs import RECORDS_A_RUN, Runs
from stream.records import PlainRecord
from stream.topics import Topics
from tests.redis.events import decision

WHERE = TopicPartition("tallygate.decisions.v1", 2)


def records(count: int, step: int = 2) -> list[PlainRecord]:
    """Return decisions with holes between their offsets, as transactions leave them."""
    value = msgspec.json.encode(decision())
    return [PlainRecord(WHERE.topic, WHERE.partition, number * step, 0, b"ACME0001", value) for number in range(count)]


@pytest.fixture
def runs() -> Runs:
    """Return what makes runs for topics of four partitions."""
    return Runs(Topics(), 4, ProjectionProgress())


def test_runs_follow_each_other(runs: Runs) -> None:
    """Each begins where the one before ended, the first where Redis stands, the last ends where the consumer does."""
    count = 2 * RECORDS_A_RUN + 1
    made = list(runs.of(WHERE, 0, records(count), 2 * count + 1, 5))
    assert [(run.start, run.stop) for run in made] == [
        (0, 2 * RECORDS_A_RUN - 1),
        (2 * RECORDS_A_RUN - 1, 4 * RECORDS_A_RUN - 1),
        (4 * RECORDS_A_RUN - 1, 2 * count + 1),
    ]
    assert [run.fresh_ms for run in made] == [None, None, 5]
    assert [len(run.items) // 5 for run in made] == [RECORDS_A_RUN, RECORDS_A_RUN, 1]


def test_no_records_make_one_run(runs: Runs) -> None:
    """Where nothing came the position and the freshness are told all the same."""
    (run,) = runs.of(WHERE, 7, [], 9, 5)
    assert (run.topic, run.partition, run.partitions) == ("decisions", 2, 4)
    assert (run.start, run.stop, list(run.items), run.fresh_ms) == (7, 9, [], 5)


@pytest.mark.parametrize("value", [None, b"", b"{}", b'{"time":"Mary Canary","data":{}}', b"\xff"])
def test_foreign_record_is_named_and_not_quoted(
    runs: Runs, value: bytes | None, caplog: pytest.LogCaptureFixture
) -> None:
    """What is no decision is passed over with its place in the log, and nothing of what is in it."""
    record = PlainRecord(WHERE.topic, WHERE.partition, 7, 0, b"k", value)
    with caplog.at_level(logging.WARNING):
        (run,) = runs.of(WHERE, 0, [record], 8, None)
    assert (list(run.items), run.stop) == ([], 8)
    assert "partition 2, offset 7: no decision of ours" in caplog.text
    assert "Canary" not in caplog.text


def test_freshness_is_the_time_of_an_end_that_was_reached() -> None:
    """Under a steady load the end moves on, but what was the end a while ago is reached."""
    standing = ReadModelPosition(0)
    steps = [((10, 20, 1_000), None), ((15, 30, 2_000), None), ((20, 40, 3_000), 1_000), ((39, 50, 4_000), 1_000)]
    steps += [((50, 60, 5_000), 4_000), ((60, 60, 6_000), 6_000)]
    seen = []
    for arguments, _expected in steps:
        standing.reach(*arguments)
        seen.append(standing.fresh_ms)
    assert seen == [expected for _arguments, expected in steps]


def test_freshness_is_unknown_before_the_broker_answered() -> None:
    """Without a word from the broker nothing is fresh."""
    standing = ReadModelPosition(3)
    standing.reach(3, None, None)
    assert (standing.position, standing.reached, standing.fresh_ms) == (3, 3, None)


def test_waits_grow_and_begin_anew() -> None:
    """Waits double up to five seconds; after an answer the first one is short again."""
    backoff = Backoff()
    waits = [backoff.next() for _ in range(40)]
    backoff.reset()
    assert waits[:8] == [0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 5.0, 5.0]
    assert (waits[-1], backoff.next()) == (5.0, 0.1)


def test_rebuild_knows_how_far_it_is() -> None:
    """It counts offsets from where topics begin to where they ended, and is done when every partition is there."""
    ends = Ends({"decisions/0": 100, "decisions/1": 0}, {"decisions/0": 150, "decisions/1": 0})
    half = {"at:decisions/0": "125", "at:decisions/1": "0"}
    whole = {"at:decisions/0": "170", "at:decisions/1": "0"}
    assert (ends.total, ends.done({}), ends.done(half), ends.done(whole)) == (50, 0, 25, 50)
    assert [ends.reached(found) for found in ({}, half, {"at:decisions/0": "170"}, whole)] == [
        False,
        False,
        False,
        True,
    ]
