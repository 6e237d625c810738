"""What one worker makes of records: each judged once, in order, with its outputs and its rows in one transaction."""

from collections import Counter

import pytest

from tests.kafka.harness import KafkaHarness

pytestmark = pytest.mark.kafka


def exact(decisions: list[bytes]) -> bool:
    """Tell whether the toy step's counts of every key run from 1 without gap or repeat."""
    counts: dict[bytes, list[int]] = {}
    for decision in decisions:
        key, count, _partition, _offset = decision.split(b" ")
        counts.setdefault(key, []).append(int(count))
    return all(sorted(found) == list(range(1, len(found) + 1)) for found in counts.values())


def test_every_record_is_judged_once_and_in_order(harness: KafkaHarness) -> None:
    """A thousand records on each of four partitions give as many decisions, in offset order."""
    for partition in range(4):
        harness.produce([b"x"] * 1000, partition)
    harness.worker().ready()
    decisions = harness.wait_for_decisions(4000)
    offsets = [
        [int(each.split(b" ")[3]) for each in decisions if int(each.split(b" ")[2]) == part] for part in range(4)
    ]
    assert len(decisions) == 4000
    assert offsets == [list(range(1000))] * 4
    assert exact(decisions)


def test_a_restart_goes_on_where_the_tables_stand(harness: KafkaHarness) -> None:
    """After an orderly stop the counts of a key go on, so its rows were restored."""
    harness.produce([b"x"] * 10, 1, key=b"k")
    harness.worker().ready()
    harness.wait_for_decisions(10)
    assert harness.workers[0].stop() == 0
    harness.produce([b"x"] * 10, 1, key=b"k")
    harness.worker().ready()
    decisions = harness.wait_for_decisions(20)
    assert decisions[-1].startswith(b"k 20 1 ")
    assert exact(decisions)
    assert len(decisions) == 20


def test_a_kill_in_mid_transaction_repeats_nothing(harness: KafkaHarness) -> None:
    """A worker killed when all is sent and nothing committed leaves no trace; the next one judges again."""
    harness.produce([b"x"] * 500, 0, key=b"k")
    dying = harness.worker(observer="tests.toy.observers:DiesInTransaction", test_die_after="2")
    assert dying.wait(lambda: "all is judged" * (len(harness.decisions()) == 500)) == -9
    harness.worker().ready()
    decisions = harness.wait_for_decisions(500)
    assert len(decisions) == 500
    assert exact(decisions)


def test_aborted_input_is_never_judged(harness: KafkaHarness) -> None:
    """Records of an aborted transaction are not judged, those around them are, and the holes break nothing."""
    harness.produce([b"x"] * 5, 2, key=b"k")
    with harness.producer(**{"transactional.id": f"{harness.topics.prefix}-input"}) as producer:
        producer.init_transactions()
        producer.begin_transaction()
        for _ in range(20):
            producer.produce(harness.topics.postings, b"x", b"k", 2)
        producer.flush()
        producer.abort_transaction()
        producer.begin_transaction()
        producer.produce(harness.topics.postings, b"x", b"k", 2)
        producer.commit_transaction()
    harness.worker().ready()
    harness.produce([b"x"] * 5, 2, key=b"k")
    decisions = harness.wait_for_decisions(11)
    assert len(decisions) == 11
    assert exact(decisions)


def test_dead_letters_go_out_with_the_rest(harness: KafkaHarness) -> None:
    """A dead letter keeps key and value; applied, stale and dead-lettered records add up."""
    harness.produce([b"x", b"!dead bad-shape", b"!stale", b"x"], 3, key=b"k")
    harness.worker().ready()
    harness.wait_for_decisions(2)
    assert Counter(harness.values(harness.topics.dead_letters)) == {b"!dead bad-shape": 1}


def test_a_record_with_100_000_outputs_has_its_own_transaction(harness: KafkaHarness) -> None:
    """Its outputs are all there, its neighbours too, and the event loop was never kept for long."""
    harness.produce([b"x"] * 50 + [b"!many 100000"] + [b"x"] * 50, 0)
    harness.produce([b"x"] * 50, 1)
    worker = harness.worker()
    worker.ready()
    decisions = harness.wait_for_decisions(100_150)
    assert len(decisions) == 100_150
    assert worker.last()["aborted"] >= 1
    # The real bound is 100 ms; ten times that still catches work that does not breathe, on a busy machine.
    assert worker.last()["stall_ms"] < 1000
