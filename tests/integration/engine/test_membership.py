"""Workers come and go, are frozen and thawed, and stop in mid-transaction: nothing is lost or repeated."""

import signal
import time

import pytest

from tests.integration.engine.test_judging import exact
from tests.kafka.broker import Broker
from tests.kafka.harness import KafkaHarness
from tests.waiting import ended, wait_for

pytestmark = pytest.mark.kafka


@pytest.fixture(scope="module")
def broker(mortal_broker: Broker) -> Broker:
    """Return a broker that may be killed."""
    return mortal_broker


def produce_everywhere(harness: KafkaHarness, count: int) -> None:
    """Send records under one key to each partition."""
    for partition in range(harness.partitions):
        harness.produce([b"x"] * count, partition, key=b"k%d" % partition)


def test_a_second_worker_takes_its_share_and_gives_it_back(harness: KafkaHarness) -> None:
    """Partitions move with their rows to a second worker and back when it stops; kept tables read nothing again."""
    produce_everywhere(harness, 200)
    first = harness.worker("0")
    assert first.ready() == [0, 1, 2, 3]
    harness.wait_for_decisions(800)
    second = harness.worker("1")
    assert len(second.ready()) == 2
    assert len(first.ready(2)) == 2
    produce_everywhere(harness, 200)
    harness.wait_for_decisions(1600)
    assert second.stop() == 0
    assert first.ready(3) == [0, 1, 2, 3]
    produce_everywhere(harness, 200)
    decisions = harness.wait_for_decisions(2400)
    assert len(decisions) == 2400
    assert exact(decisions)
    ready = [line for line in first.lines() if "ready" in line]
    assert ready[1]["restored"] == ready[0]["restored"] == 0
    assert ready[2]["restored"] > 0


def test_a_frozen_worker_commits_nothing_after_its_partitions_moved(harness: KafkaHarness) -> None:
    """Frozen in mid-transaction beyond session and transaction timeout, then thawed: fenced, it changes nothing."""
    produce_everywhere(harness, 300)
    frozen = harness.worker("0", observer="tests.toy.observers:StopsInTransaction", test_stop_after="3")
    wait_for(lambda: frozen.alive and frozen.frozen, "the worker to freeze", in_vain=ended(frozen))
    other = harness.worker("1")
    assert other.ready() == [0, 1, 2, 3]
    harness.wait_for_decisions(1200)
    frozen.signal(signal.SIGCONT)
    assert frozen.outlived(1) == 75
    produce_everywhere(harness, 100)
    decisions = harness.wait_for_decisions(1600)
    assert len(decisions) == 1600
    assert exact(decisions)


def test_an_idle_worker_that_was_frozen_catches_up(harness: KafkaHarness) -> None:
    """Frozen idle while another one judges, it comes back with the tables it kept, or ends to be started again."""
    # Which of the two depends on what reaches it first when it is thawed: the word of the group that it is out, or
    # records, which it then judges in vain.
    produce_everywhere(harness, 100)
    frozen = harness.worker("0")
    frozen.ready()
    harness.wait_for_decisions(400)
    frozen.signal(signal.SIGSTOP)
    other = harness.worker("1")
    assert other.ready() == [0, 1, 2, 3]
    produce_everywhere(harness, 100)
    harness.wait_for_decisions(800)
    frozen.signal(signal.SIGCONT)
    wait_for(lambda: not frozen.alive or len(frozen.takeovers()) > 1, "the worker to come back or to end")
    again = frozen if frozen.alive else harness.worker("0")
    assert again is frozen or frozen.wait() == 75
    again.ready()
    assert other.stop() == 0
    wait_for(lambda: again.ready() == [0, 1, 2, 3], "the worker to have everything", in_vain=ended(again))
    produce_everywhere(harness, 100)
    decisions = harness.wait_for_decisions(1200)
    assert again.alive
    assert len(decisions) == 1200
    assert exact(decisions)
    assert sum(line["restored"] for line in again.takeovers()) > 0


def test_a_stop_finishes_the_open_transaction(harness: KafkaHarness) -> None:
    """SIGTERM during slow records: the worker ends in order, and what it had begun is either whole or not there."""
    harness.produce([b"x"] * 20 + [b"!sleep 0.2"] * 10 + [b"x"] * 20, 0, key=b"k")
    worker = harness.worker()
    worker.ready()
    time.sleep(0.5)
    assert worker.stop() == 0
    harness.worker().ready()
    decisions = harness.wait_for_decisions(40)
    assert len(decisions) == 40
    assert exact(decisions)


def test_the_broker_may_die_and_come_back(harness: KafkaHarness) -> None:
    """A broker killed and started again loses nothing committed, and the worker goes on or is started again."""
    produce_everywhere(harness, 100)
    worker = harness.worker()
    worker.ready()
    harness.wait_for_decisions(400)
    harness.broker.kill()
    time.sleep(1)
    harness.broker.start()
    produce_everywhere(harness, 100)

    def judged() -> bool:
        if not harness.workers[-1].alive:
            assert harness.workers[-1].wait() == 75
            harness.worker()
        return len(harness.decisions()) >= 800

    wait_for(judged, "all to be judged")
    decisions = harness.decisions()
    assert len(decisions) == 800
    assert exact(decisions)


def test_a_worker_that_finds_no_kafka_waits_for_it(harness: KafkaHarness) -> None:
    """Started while the broker is away it says so once, and judges as soon as the broker is there; nothing restarts."""
    produce_everywhere(harness, 50)
    harness.broker.kill()
    worker = harness.worker()
    wait_for(lambda: "waits for Kafka" in worker.log() or not worker.alive, "the worker to wait")
    assert worker.alive
    harness.broker.start()
    worker.ready()
    assert exact(harness.wait_for_decisions(200))
    assert worker.log().count("waits for Kafka") == 1


def test_workers_without_any_record_yet_outlive_a_change(harness: KafkaHarness) -> None:
    """On fresh topics, where no partition has a committed offset, a second worker joins and neither of them dies."""
    first = harness.worker("0")
    assert first.ready() == [0, 1, 2, 3]
    second = harness.worker("1")
    assert len(second.ready()) == 2
    assert len(first.ready(2)) == 2
    produce_everywhere(harness, 50)
    assert exact(harness.wait_for_decisions(200))
    assert first.alive
    assert second.alive


def test_an_error_in_the_group_does_not_hold_up_a_rebalance(harness: KafkaHarness) -> None:
    """A member whose coordinator met an error still hears of a change, gives its share up, and is not fenced."""
    produce_everywhere(harness, 50)
    first = harness.worker("0", observer="tests.toy.observers:ErrsInGroup")
    first.ready()
    harness.wait_for_decisions(200)
    second = harness.worker("1")
    assert len(second.ready()) == 2
    produce_everywhere(harness, 50)
    assert exact(harness.wait_for_decisions(400))
    assert first.alive
    assert first.takeovers()[-1]["ready"] != second.ready()
    assert second.alive
