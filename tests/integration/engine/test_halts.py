"""Halts: too many dead letters, a record at which a step raises, a record at which the process dies."""

import signal
import time

import pytest

from agents.engine.control import Halt
from tests.integration.engine.test_judging import exact
from tests.kafka.harness import KafkaHarness
from tests.waiting import wait_for

pytestmark = pytest.mark.kafka


def halted(harness: KafkaHarness) -> Halt:
    """Wait for the one halt of a test."""
    wait_for(harness.halts, "a halt", in_vain=harness.deserted)
    (halt,) = harness.halts()
    return halt


def restarted_until_halted(harness: KafkaHarness, most: int) -> int:
    """Start workers one after the other until one stays alive and a halt stands; give how many died."""
    for died in range(most + 1):
        worker = harness.worker()
        worker.ready()
        wait_for(lambda worker=worker: not worker.alive or harness.halts(), "death or halt")  # type: ignore[misc]
        if worker.alive:
            return died
        harness.bury()
    raise AssertionError(f"no halt after {most} deaths")


def test_too_many_dead_letters_halt_one_partition(harness: KafkaHarness) -> None:
    """The 101st dead letter among the last 1000 records is the last one judged; the other partitions go on."""
    harness.produce([b"x"] * 500 + [b"!dead bad-shape"] * 200 + [b"x"] * 10, 2)
    harness.produce([b"x"] * 100, 1)
    worker = harness.worker()
    worker.ready()
    halt = halted(harness)
    assert (halt.partition, halt.reason, halt.offset) == (2, "ceiling", 601)
    assert len(harness.values(harness.topics.dead_letters)) == 101
    harness.produce([b"x"] * 100, 1)
    assert len(harness.wait_for_decisions(700)) == 700
    assert worker.alive


def test_codes_of_newer_producers_do_not_count(harness: KafkaHarness) -> None:
    """Unknown types and version conflicts are dead letters and halt nothing."""
    harness.produce([b"!dead unknown-type", b"!dead version-conflict"] * 150 + [b"x"], 0)
    harness.worker().ready()
    harness.wait_for_decisions(1)
    assert len(harness.values(harness.topics.dead_letters)) == 300
    assert harness.halts() == []


def test_a_lifted_ceiling_goes_on_and_survives_a_restart_before(harness: KafkaHarness) -> None:
    """The halt is kept over a restart; once lifted the running worker goes on, its window empty."""
    harness.produce([b"!dead bad-shape"] * 101 + [b"x"] * 10, 3)
    harness.worker().ready()
    halt = halted(harness)
    assert harness.workers[0].stop() == 0
    harness.worker().ready()
    time.sleep(1)
    assert harness.decisions() == []
    harness.lift(halt)
    assert len(harness.wait_for_decisions(10)) == 10
    assert harness.halts() == []
    harness.produce([b"!dead bad-shape"] * 50 + [b"x"], 3)
    assert len(harness.wait_for_decisions(11)) == 11


def test_a_window_of_dead_letters_survives_restarts(harness: KafkaHarness) -> None:
    """Dead letters before a restart count together with those after it."""
    harness.produce([b"!dead bad-shape"] * 60 + [b"x"], 0)
    harness.worker().ready()
    harness.wait_for_decisions(1)
    assert harness.workers[0].stop() == 0
    harness.produce([b"!dead bad-shape"] * 60, 0)
    harness.worker().ready()
    assert halted(harness).offset == 102


def test_a_step_that_raises_three_times_halts_its_partition(harness: KafkaHarness) -> None:
    """What is before the record is judged, nothing after it; other partitions go on in the same process."""
    harness.produce([b"x"] * 50 + [b"!raise"] + [b"x"] * 50, 0, key=b"k")
    harness.produce([b"x"] * 100, 1)
    worker = harness.worker()
    worker.ready()
    halt = halted(harness)
    assert (halt.partition, halt.reason, halt.offset) == (0, "poison", 50)
    decisions = harness.wait_for_decisions(150)
    assert len(decisions) == 150
    assert exact(decisions)
    assert worker.alive
    assert worker.log().count("the step raised ValueError at offset 50") == 3


def test_a_record_that_kills_the_process_is_found_and_halted(harness: KafkaHarness) -> None:
    """Two deaths narrow it down, three more over the record alone convict it; nothing before it is lost or repeated."""
    harness.produce([b"x"] * 50 + [b"!kill"] + [b"x"] * 50, 0, key=b"k")
    harness.produce([b"x"] * 100, 1)
    died = restarted_until_halted(harness, 6)
    halt = halted(harness)
    assert (halt.partition, halt.reason, halt.offset) == (0, "poison", 50)
    assert 3 <= died <= 5
    decisions = harness.wait_for_decisions(150)
    assert len(decisions) == 150
    assert exact(decisions)


def test_other_deaths_do_not_count(harness: KafkaHarness) -> None:
    """Six kills of a worker that judges good records halt nothing, and every record is judged once."""
    for partition in range(4):
        harness.produce([b"x"] * 2000, partition, key=b"k%d" % partition)
    for number in range(6):
        worker = harness.worker(observer="tests.toy.observers:DiesInTransaction", test_die_after=str(1 + number % 3))
        assert worker.wait(lambda: "all is judged" * (len(harness.decisions()) == 8000)) == -9
        harness.bury()
    harness.worker().ready()
    decisions = harness.wait_for_decisions(8000)
    assert len(decisions) == 8000
    assert exact(decisions)
    assert harness.halts() == []


def test_a_lifted_poison_record_is_tried_again(harness: KafkaHarness) -> None:
    """After the halt is lifted the record is judged again, three times, before it halts again."""
    harness.produce([b"!raise"], 2)
    worker = harness.worker()
    worker.ready()
    halt = halted(harness)
    assert worker.log().count("the step raised") == 3
    harness.lift(halt)
    wait_for(lambda: worker.log().count("is halted at offset 0") == 2, "the second halt", in_vain=harness.deserted)
    assert harness.halts() == [halt]
    assert worker.log().count("the step raised") == 6
    assert worker.alive


@pytest.mark.slow
def test_a_record_that_holds_the_interpreter_halts_its_partition(harness: KafkaHarness) -> None:
    """One C call that never ends kills the worker, not its watchdog; at the record's third death alone it is halted."""
    harness.produce([b"x"] * 3 + [b"!hold"] + [b"x"] * 3, 0, key=b"k")
    harness.produce([b"x"] * 5, 1)
    for number in range(7):
        quick = number in {1, 2}  # what kills there makes no difference, and each hold takes ten seconds
        worker = harness.worker(worker__stall_seconds="10", **({"toy_holds": "no"} if quick else {}))
        wait_for(lambda worker=worker: not worker.alive or harness.halts(), "death or halt")  # type: ignore[misc]
        if worker.alive:
            break
        assert worker.wait() == (9 if quick else -signal.SIGABRT)
        assert quick or "in _obey" in worker.log()
        harness.bury()
    halt = halted(harness)
    assert (halt.partition, halt.reason, halt.offset) == (0, "poison", 3)
    assert len(harness.workers) > 3
    decisions = harness.wait_for_decisions(8)
    assert (len(decisions), exact(decisions)) == (8, True)
