"""Rolling restarts, and a version with other rows: nothing lost or repeated; taken over or refused, never misread."""

import threading

import pytest

from tests.chaos.customs import CustomsScenario
from tests.integration.engine.test_judging import exact
from tests.kafka.field import Field, wait_for
from tests.kafka.worker import WorkerProcess

pytestmark = pytest.mark.kafka

EVENTS = 2_000
PORTIONS = 40


def test_a_rolling_restart_under_load(field: Field) -> None:
    """Two workers of each step are restarted in turn while events flow; every record there is, is there once."""
    scenario = CustomsScenario(11, field)

    def start(name: str, step: str) -> WorkerProcess:
        (settings,) = {post.settings for post in scenario.posts}
        return field.worker(name, step, **dict(settings))

    workers = {(name, step): start(name, step) for step in ("manifest", "withholding") for name in "ab"}
    for worker in workers.values():
        worker.ready()
    done = threading.Event()

    def feed() -> None:
        for _portion in range(PORTIONS):
            scenario.feed(field, EVENTS // PORTIONS)
            done.wait(0.1)
        while not done.wait(0.1):
            scenario.feed(field, 10)

    feeding = threading.Thread(target=feed, daemon=True)
    feeding.start()
    for (name, step), worker in workers.items():
        assert worker.stop() == 0
        workers[name, step] = start(name, step)
        workers[name, step].ready()
    done.set()
    feeding.join()
    wait_for(lambda: not scenario.behind(field), "everything to be judged")
    assert scenario.audit(field) == []
    assert scenario.accounted.total() >= EVENTS


def test_rows_of_the_version_before(field: Field) -> None:
    """A version that reads them goes on with the tables, which are its own then; another refuses, and harms nothing."""
    field.produce([b"x"] * 5, 0, key=b"k")
    field.worker().ready()
    field.wait_for_decisions(5)
    assert field.workers[-1].stop() == 0

    strange = field.worker(toy_fingerprint="rows-2")
    assert strange.wait() == 78
    assert "by a version with other rows (toy-1, now rows-2)" in strange.log()
    assert "tallygate rebuild tables --epoch N" in strange.log()

    upgraded = field.worker(toy_fingerprint="rows-2", toy_reads="toy-0 toy-1")
    upgraded.ready()
    field.produce([b"x"] * 5, 0, key=b"k")
    decisions = field.wait_for_decisions(10)
    assert len(decisions) == 10
    assert exact(decisions)
    assert upgraded.stop() == 0
    assert "(rows-2, now toy-1)" in refused(field)


def refused(field: Field) -> str:
    """Start a worker of the version before, which must refuse; give what it said."""
    former = field.worker()
    assert former.wait() == 78, former.log()
    return former.log()
