"""Rolling restarts, and a version with other rows: nothing lost or repeated; taken over or refused, never misread."""

import threading

import pytest

from tests.chaos.customs import CustomsScenario
from tests.integration.engine.test_judging import exact
from tests.kafka.harness import KafkaHarness
from tests.kafka.worker import WorkerProcess
from tests.waiting import wait_for

pytestmark = pytest.mark.kafka

EVENTS = 2_000
PORTIONS = 40


def test_a_rolling_restart_under_load(harness: KafkaHarness) -> None:
    """Two workers of each step are restarted in turn while events flow; every record there is, is there once."""
    scenario = CustomsScenario(11, harness)

    def start(name: str, step: str) -> WorkerProcess:
        (settings,) = {post.settings for post in scenario.posts}
        return harness.worker(name, step, **dict(settings))

    workers = {(name, step): start(name, step) for step in ("manifest", "withholding") for name in "ab"}
    for worker in workers.values():
        worker.ready()
    done = threading.Event()

    def feed() -> None:
        for _portion in range(PORTIONS):
            scenario.feed(harness, EVENTS // PORTIONS)
            done.wait(0.1)
        while not done.wait(0.1):
            scenario.feed(harness, 10)

    feeding = threading.Thread(target=feed, daemon=True)
    feeding.start()
    for (name, step), worker in workers.items():
        assert worker.stop() == 0
        workers[name, step] = start(name, step)
        workers[name, step].ready()
    done.set()
    feeding.join()
    wait_for(lambda: not scenario.behind(harness), "everything to be judged")
    assert scenario.audit(harness) == []
    assert scenario.accounted.total() >= EVENTS


def test_rows_of_the_version_before(harness: KafkaHarness) -> None:
    """A version that reads them goes on with the tables, which are its own then; another refuses, and harms nothing."""
    harness.produce([b"x"] * 5, 0, key=b"k")
    harness.worker().ready()
    harness.wait_for_decisions(5)
    assert harness.workers[-1].stop() == 0

    strange = harness.worker(toy_fingerprint="rows-2")
    assert strange.refused() == 78
    assert "by a version with other rows (toy-1, now rows-2)" in strange.log()
    assert "tallygate rebuild tables --epoch N" in strange.log()
    harness.bury()

    upgraded = harness.worker(toy_fingerprint="rows-2", toy_reads="toy-0 toy-1")
    upgraded.ready()
    harness.produce([b"x"] * 5, 0, key=b"k")
    decisions = harness.wait_for_decisions(10)
    assert len(decisions) == 10
    assert exact(decisions)
    assert upgraded.stop() == 0
    assert "(rows-2, now toy-1)" in refused(harness)


def refused(harness: KafkaHarness) -> str:
    """Start a worker of the version before, which must refuse; give what it said."""
    former = harness.worker()
    assert former.refused() == 78, former.log()
    return former.log()
