"""Redis holds what the topics hold, even after faults of Redis or of the projection."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from agents.kafka.errors import EXIT_REFUSED
from tests.integration.readmodel.projections import ReadModelHarness, alerts_of, decisions_of, read_model_on
from tests.kafka.broker import Broker
from tests.kafka.harness import KafkaHarness
from tests.prerequisites import ROOT
from tests.redis.server import RedisServer
from tests.waiting import wait_for

pytestmark = [pytest.mark.kafka, pytest.mark.redis]


@pytest.fixture(scope="module")
def broker(mortal_broker: Broker) -> Broker:
    """Return a broker that may be killed."""
    return mortal_broker


@pytest.fixture
def read_model(harness: KafkaHarness, own_redis: RedisServer) -> Iterator[ReadModelHarness]:
    """Return a read model with a Redis that may be killed."""
    with read_model_on(harness, own_redis) as made:
        yield made


def check_told_once(read_model: ReadModelHarness) -> None:
    """Check that no change was told twice."""
    places = [place for _bill, place in read_model.changes()]
    assert len(places) == len(set(places))
    assert places != []


def test_redis_holds_what_the_topics_say(read_model: ReadModelHarness) -> None:
    """Committed decisions and alerts are there, aborted and unreadable ones are not, and the group's lag is told."""
    read_model.harness.produce([b"no decision"], 0, topic=read_model.harness.topics.decisions)
    read_model.send(decisions_of(2_000, seed=1), alerts_of())
    projection = read_model.project()
    read_model.settle()
    assert read_model.found() == read_model.expected()
    check_told_once(read_model)
    assert projection.stop() == 0
    assert read_model.committed() == read_model.applied() > 2_000
    assert "partition 0, offset 0: no decision of ours" in projection.log()
    assert "no decision\n" not in projection.log()


def test_redis_may_be_killed_and_emptied_mid_load(read_model: ReadModelHarness) -> None:
    """Killed, it comes back empty; flushed, it is empty at once: each time the projection fills it by itself."""
    read_model.send(decisions_of(5_000, seed=2), alerts_of())
    projection = read_model.project()
    wait_for(lambda: read_model.applied() > 1_000, "some decisions in Redis")
    read_model.redis.kill()
    wait_for(lambda: "Redis is away" in projection.log(), "the projection to notice")
    read_model.send(decisions_of(3_000, seed=3))
    read_model.redis.start()
    wait_for(lambda: read_model.applied() > 1_000, "the projection to fill it")
    assert " back after " in projection.log()
    with read_model.redis.client() as client:
        client.flushall()
    read_model.send(decisions_of(1_000, seed=4))
    read_model.settle()
    assert read_model.found() == read_model.expected()
    assert projection.log().count("filling them from the beginning") >= 3
    check_told_once(read_model)


def test_kafka_may_go_away_as_well(read_model: ReadModelHarness) -> None:
    """With broker and Redis killed and started again the projection goes on in the same process."""
    read_model.send(decisions_of(2_000, seed=30), alerts_of())
    projection = read_model.project()
    read_model.settle()
    read_model.redis.kill()
    read_model.harness.broker.kill()
    wait_for(lambda: "Redis is away" in projection.log(), "the projection to notice")
    read_model.redis.start()
    read_model.harness.broker.start()
    read_model.send(decisions_of(1_000, seed=31))
    read_model.settle()
    assert projection.process.poll() is None
    assert read_model.found() == read_model.expected()
    check_told_once(read_model)


def test_redis_may_come_back_with_an_old_copy(read_model: ReadModelHarness) -> None:
    """Positions are in the copy as well, so the projection goes on from where the copy was made."""
    read_model.send(decisions_of(2_000, seed=5), alerts_of())
    projection = read_model.project()
    read_model.settle()
    with read_model.redis.client() as client:
        client.save()
    read_model.send(decisions_of(2_000, seed=6))
    read_model.settle()
    read_model.redis.kill()
    read_model.redis.start()
    read_model.settle()
    assert read_model.found() == read_model.expected()
    assert projection.log().count("filling them") == 1
    check_told_once(read_model)


def test_projection_may_be_killed_mid_batch(read_model: ReadModelHarness) -> None:
    """Killed again and again while Redis applies, its successors lose nothing and tell no scanner twice."""
    alerts = alerts_of()
    for turn in range(3):
        before = read_model.applied()
        read_model.send(decisions_of(8_000, seed=20 + turn), alerts)
        projection = read_model.project()
        wait_for(lambda least=before: read_model.applied() > least, "some decisions in Redis")  # type: ignore[misc]
        # What it has sent by now Redis applies when it is dead.
        read_model.redis.freeze()
        projection.kill()
        read_model.redis.thaw()
        alerts = []
    assert read_model.applied() < len(read_model.sent)
    read_model.project()
    read_model.settle()
    assert read_model.found() == read_model.expected()
    check_told_once(read_model)


def test_projections_share_the_partitions(read_model: ReadModelHarness) -> None:
    """A second one takes over its share and, when the first dies, all of it."""
    read_model.send(decisions_of(3_000, seed=8), alerts_of())
    first, _second = read_model.project(), read_model.project()
    read_model.settle()
    read_model.send(decisions_of(3_000, seed=9))
    first.kill()
    read_model.send(decisions_of(3_000, seed=10))
    read_model.settle()
    assert read_model.found() == read_model.expected()
    check_told_once(read_model)


def rebuild(read_model: ReadModelHarness) -> subprocess.CompletedProcess[str]:
    """Run `tallygate rebuild read-model`."""
    command = [str(Path(sys.executable).with_name("tallygate")), "rebuild", "read-model"]
    environment = {**os.environ, **read_model.environment}
    return subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("running", [True, False])
def test_rebuild_makes_it_anew(read_model: ReadModelHarness, running: bool) -> None:
    """Whatever was wrong in Redis is right afterwards, with a projection that runs or without one."""
    read_model.send(decisions_of(4_000, seed=11), alerts_of())
    projection = read_model.project()
    read_model.settle()
    if not running:
        projection.stop()
    with read_model.redis.client() as client:
        client.incr(f"{{{read_model.prefix}}}:v2:total:na2:1/2025-08-20", 5)
        client.hset(f"{{{read_model.prefix}}}:v2:bill:ACME99999", "air:1", "rubbish")
        client.set("beside", "kept")
    done = rebuild(read_model)
    assert done.returncode == 0, done.stderr
    assert "removed " in done.stdout
    assert read_model.found() == read_model.expected()
    with read_model.redis.client() as client:
        assert client.get("beside") == b"kept"
    check_told_once(read_model)


def test_rebuild_that_died_is_ended_by_the_projection(read_model: ReadModelHarness) -> None:
    """The next projection completes a sweep that was left, and then fills everything."""
    read_model.send(decisions_of(1_000, seed=12))
    projection = read_model.project()
    read_model.settle()
    with read_model.redis.client() as client, client.pipeline() as pipe:
        pipe.delete(f"{{{read_model.prefix}}}:v2:positions").hset(
            f"{{{read_model.prefix}}}:v2:positions", "sweeping", "dead"
        )
        pipe.execute()
    read_model.settle()
    assert read_model.found() == read_model.expected()
    assert "being emptied for a rebuild" in projection.log()


def test_redis_of_another_kafka_is_refused(read_model: ReadModelHarness) -> None:
    """Where Redis stands behind the end of the topic nothing is mixed: exit 78, and a word on what to do."""
    with read_model.redis.client() as client:
        client.hset(f"{{{read_model.prefix}}}:v2:positions", "at:decisions/1", "99")
    projection = read_model.project()
    assert projection.process.wait() == EXIT_REFUSED
    assert "tallygate rebuild read-model" in projection.log()


def test_missing_topics_are_refused(harness: KafkaHarness, own_redis: RedisServer) -> None:
    """Without its topics the projection does not start, and says which are missing."""
    with read_model_on(harness, own_redis) as read_model:
        read_model.prefix = "nowhere"
        projection = read_model.project()
        assert projection.process.wait() == EXIT_REFUSED
    assert "topic nowhere.decisions.v1 is missing" in projection.log()
