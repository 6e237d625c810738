"""Halts: too many dead letters, a record at which a step raises, a record at which the process dies."""

import signal
import time

import pytest

from agents.engine.control import Halt
from tests.integration.engine.test_judging import exact
from tests.kafka.field import Field
from tests.waiting import wait_for

pytestmark = pytest.mark.kafka


def halted(field: Field) -> Halt:
    """Wait for the one halt of a test."""
    wait_for(field.halts, "a halt", in_vain=field.deserted)
    (halt,) = field.halts()
    return halt


def restarted_until_halted(field: Field, most: int) -> int:
    """Start workers one after the other until one stays alive and a halt stands; give how many died."""
    for died in range(most + 1):
        worker = field.worker()
        worker.ready()
        wait_for(lambda worker=worker: not worker.alive or field.halts(), "death or halt")  # type: ignore[misc]
        if worker.alive:
            return died
        field.bury()
    raise AssertionError(f"no halt after {most} deaths")


def test_too_many_dead_letters_halt_one_partition(field: Field) -> None:
    """The 101st dead letter among the last 1000 records is the last one judged; the other partitions go on."""
    field.produce([b"x"] * 500 + [b"!dead bad-shape"] * 200 + [b"x"] * 10, 2)
    field.produce([b"x"] * 100, 1)
    worker = field.worker()
    worker.ready()
    halt = halted(field)
    assert (halt.partition, halt.reason, halt.offset) == (2, "ceiling", 601)
    assert len(field.values(field.topics.dead_letters)) == 101
    field.produce([b"x"] * 100, 1)
    assert len(field.wait_for_decisions(700)) == 700
    assert worker.alive


def test_codes_of_newer_producers_do_not_count(field: Field) -> None:
    """Unknown types and version conflicts are dead letters and halt nothing."""
    field.produce([b"!dead unknown-type", b"!dead version-conflict"] * 150 + [b"x"], 0)
    field.worker().ready()
    field.wait_for_decisions(1)
    assert len(field.values(field.topics.dead_letters)) == 300
    assert field.halts() == []


def test_a_lifted_ceiling_goes_on_and_survives_a_restart_before(field: Field) -> None:
    """The halt is kept over a restart; once lifted the running worker goes on, its window empty."""
    field.produce([b"!dead bad-shape"] * 101 + [b"x"] * 10, 3)
    field.worker().ready()
    halt = halted(field)
    assert field.workers[0].stop() == 0
    field.worker().ready()
    time.sleep(1)
    assert field.decisions() == []
    field.lift(halt)
    assert len(field.wait_for_decisions(10)) == 10
    assert field.halts() == []
    field.produce([b"!dead bad-shape"] * 50 + [b"x"], 3)
    assert len(field.wait_for_decisions(11)) == 11


def test_a_window_of_dead_letters_survives_restarts(field: Field) -> None:
    """Dead letters before a restart count together with those after it."""
    field.produce([b"!dead bad-shape"] * 60 + [b"x"], 0)
    field.worker().ready()
    field.wait_for_decisions(1)
    assert field.workers[0].stop() == 0
    field.produce([b"!dead bad-shape"] * 60, 0)
    field.worker().ready()
    assert halted(field).offset == 102


def test_a_step_that_raises_three_times_halts_its_partition(field: Field) -> None:
    """What is before the record is judged, nothing after it; other partitions go on in the same process."""
    field.produce([b"x"] * 50 + [b"!raise"] + [b"x"] * 50, 0, key=b"k")
    field.produce([b"x"] * 100, 1)
    worker = field.worker()
    worker.ready()
    halt = halted(field)
    assert (halt.partition, halt.reason, halt.offset) == (0, "poison", 50)
    decisions = field.wait_for_decisions(150)
    assert len(decisions) == 150
    assert exact(decisions)
    assert worker.alive
    assert worker.log().count("the step raised ValueError at offset 50") == 3


def test_a_record_that_kills_the_process_is_found_and_halted(field: Field) -> None:
    """Two deaths narrow it down, three more over the record alone convict it; nothing before it is lost or repeated."""
    field.produce([b"x"] * 50 + [b"!kill"] + [b"x"] * 50, 0, key=b"k")
    field.produce([b"x"] * 100, 1)
    died = restarted_until_halted(field, 6)
    halt = halted(field)
    assert (halt.partition, halt.reason, halt.offset) == (0, "poison", 50)
    assert 3 <= died <= 5
    decisions = field.wait_for_decisions(150)
    assert len(decisions) == 150
    assert exact(decisions)


def test_other_deaths_do_not_count(field: Field) -> None:
    """Six kills of a worker that judges good records halt nothing, and every record is judged once."""
    for partition in range(4):
        field.produce([b"x"] * 2000, partition, key=b"k%d" % partition)
    for number in range(6):
        worker = field.worker(observer="tests.toy.observers:DiesInTransaction", test_die_after=str(1 + number % 3))
        assert worker.wait(lambda: "all is judged" * (len(field.decisions()) == 8000)) == -9
        field.bury()
    field.worker().ready()
    decisions = field.wait_for_decisions(8000)
    assert len(decisions) == 8000
    assert exact(decisions)
    assert field.halts() == []


def test_a_lifted_poison_record_is_tried_again(field: Field) -> None:
    """After the halt is lifted the record is judged anew, three times, before it halts again."""
    field.produce([b"!raise"], 2)
    worker = field.worker()
    worker.ready()
    halt = halted(field)
    assert worker.log().count("the step raised") == 3
    field.lift(halt)
    wait_for(lambda: worker.log().count("is halted at offset 0") == 2, "the second halt", in_vain=field.deserted)
    assert field.halts() == [halt]
    assert worker.log().count("the step raised") == 6
    assert worker.alive


@pytest.mark.slow
def test_a_record_that_holds_the_interpreter_halts_its_partition(field: Field) -> None:
    """One C call that never ends kills the worker, not its watchdog; at the record's third death alone it is halted."""
    field.produce([b"x"] * 3 + [b"!hold"] + [b"x"] * 3, 0, key=b"k")
    field.produce([b"x"] * 5, 1)
    for number in range(7):
        quick = number in {1, 2}  # what kills there makes no difference, and each hold takes ten seconds
        worker = field.worker(worker__stall_seconds="10", **({"toy_holds": "no"} if quick else {}))
        wait_for(lambda worker=worker: not worker.alive or field.halts(), "death or halt")  # type: ignore[misc]
        if worker.alive:
            break
        assert worker.wait() == (9 if quick else -signal.SIGABRT)
        assert quick or "in _obey" in worker.log()
        field.bury()
    halt = halted(field)
    assert (halt.partition, halt.reason, halt.offset) == (0, "poison", 3)
    assert len(field.workers) > 3
    decisions = field.wait_for_decisions(8)
    assert (len(decisions), exact(decisions)) == (8, True)
