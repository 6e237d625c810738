"""What one worker makes of records: each judged once, in order, with its outputs and its rows in one transaction."""

from collections import Counter

import pytest

from tests.kafka.field import Field

pytestmark = pytest.mark.kafka


def exact(decisions: list[bytes]) -> bool:
    """Tell whether the toy step's counts of every key run from 1 without gap or repeat."""
    counts: dict[bytes, list[int]] = {}
    for decision in decisions:
        key, count, _partition, _offset = decision.split(b" ")
        counts.setdefault(key, []).append(int(count))
    return all(sorted(found) == list(range(1, len(found) + 1)) for found in counts.values())


def test_every_record_is_judged_once_and_in_order(field: Field) -> None:
    """A thousand records on each of four partitions give as many decisions, in offset order."""
    for partition in range(4):
        field.produce([b"x"] * 1000, partition)
    field.worker().ready()
    decisions = field.wait_for_decisions(4000)
    offsets = [
        [int(each.split(b" ")[3]) for each in decisions if int(each.split(b" ")[2]) == part] for part in range(4)
    ]
    assert len(decisions) == 4000
    assert offsets == [list(range(1000))] * 4
    assert exact(decisions)


def test_a_restart_goes_on_where_the_tables_stand(field: Field) -> None:
    """After an orderly stop the counts of a key go on, so its rows were restored."""
    field.produce([b"x"] * 10, 1, key=b"k")
    field.worker().ready()
    field.wait_for_decisions(10)
    assert field.workers[0].stop() == 0
    field.produce([b"x"] * 10, 1, key=b"k")
    field.worker().ready()
    decisions = field.wait_for_decisions(20)
    assert decisions[-1].startswith(b"k 20 1 ")
    assert exact(decisions)
    assert len(decisions) == 20


def test_a_kill_in_mid_transaction_repeats_nothing(field: Field) -> None:
    """A worker killed when all is sent and nothing committed leaves no trace; the next one judges anew."""
    field.produce([b"x"] * 500, 0, key=b"k")
    dying = field.worker(observer="tests.toy.observers:DiesInTransaction", test_die_after="2")
    assert dying.wait(lambda: "all is judged" * (len(field.decisions()) == 500)) == -9
    field.worker().ready()
    decisions = field.wait_for_decisions(500)
    assert len(decisions) == 500
    assert exact(decisions)


def test_aborted_input_is_never_judged(field: Field) -> None:
    """Records of an aborted transaction are not judged, those around them are, and the holes break nothing."""
    field.produce([b"x"] * 5, 2, key=b"k")
    with field.producer(**{"transactional.id": f"{field.topics.prefix}-input"}) as producer:
        producer.init_transactions()
        producer.begin_transaction()
        for _ in range(20):
            producer.produce(field.topics.postings, b"x", b"k", 2)
        producer.flush()
        producer.abort_transaction()
        producer.begin_transaction()
        producer.produce(field.topics.postings, b"x", b"k", 2)
        producer.commit_transaction()
    field.worker().ready()
    field.produce([b"x"] * 5, 2, key=b"k")
    decisions = field.wait_for_decisions(11)
    assert len(decisions) == 11
    assert exact(decisions)


def test_dead_letters_go_out_with_the_rest(field: Field) -> None:
    """A dead letter keeps key and value; applied, stale and dead-lettered records add up."""
    field.produce([b"x", b"!dead bad-shape", b"!stale", b"x"], 3, key=b"k")
    field.worker().ready()
    field.wait_for_decisions(2)
    assert Counter(field.values(field.topics.dead_letters)) == {b"!dead bad-shape": 1}


def test_a_record_with_100_000_outputs_has_its_own_transaction(field: Field) -> None:
    """Its outputs are all there, its neighbours too, and the event loop was never kept for long."""
    field.produce([b"x"] * 50 + [b"!many 100000"] + [b"x"] * 50, 0)
    field.produce([b"x"] * 50, 1)
    worker = field.worker()
    worker.ready()
    decisions = field.wait_for_decisions(100_150)
    assert len(decisions) == 100_150
    assert worker.last()["aborted"] >= 1
    # The real bound is 100 ms; ten times that still catches work that does not breathe, on a busy machine.
    assert worker.last()["stall_ms"] < 1000
