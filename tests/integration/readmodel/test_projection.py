"""Redis holds what the topics say, whatever happens to Redis or to the projection meanwhile."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from agents.kafka.errors import EXIT_REFUSED
from tests.integration.readmodel.stage import Stage, alerts_of, decisions_of, stage_on
from tests.kafka.field import Field, wait_for
from tests.pieces import ROOT
from tests.redis.server import RedisServer

pytestmark = [pytest.mark.kafka, pytest.mark.redis]


@pytest.fixture
def stage(field: Field, own_redis: RedisServer) -> Iterator[Stage]:
    """Return a stage with a Redis that may be killed."""
    with stage_on(field, own_redis) as made:
        yield made


def check_told_once(stage: Stage) -> None:
    """Check that no change was told twice."""
    places = [place for _bill, place in stage.changes()]
    assert len(places) == len(set(places))
    assert places != []


def test_redis_holds_what_the_topics_say(stage: Stage) -> None:
    """Committed decisions and alerts are there, aborted and unreadable ones are not, and the group's lag is told."""
    stage.field.produce([b"no decision"], 0, topic=stage.field.topics.decisions)
    stage.send(decisions_of(2_000, seed=1), alerts_of())
    projection = stage.project()
    stage.settle()
    assert stage.found() == stage.expected()
    check_told_once(stage)
    assert projection.stop() == 0
    assert stage.committed() == stage.applied() > 2_000
    assert "partition 0, offset 0: no decision of ours" in projection.log()
    assert "no decision\n" not in projection.log()


def test_redis_may_be_killed_and_emptied_mid_load(stage: Stage) -> None:
    """Killed, it comes back empty; flushed, it is empty at once: each time the projection fills it by itself."""
    stage.send(decisions_of(5_000, seed=2), alerts_of())
    projection = stage.project()
    wait_for(lambda: stage.applied() > 1_000, "some decisions in Redis")
    stage.redis.kill()
    wait_for(lambda: "Redis is away" in projection.log(), "the projection to notice")
    stage.send(decisions_of(3_000, seed=3))
    stage.redis.start()
    wait_for(lambda: stage.applied() > 1_000, "the projection to fill it")
    assert " back after " in projection.log()
    with stage.redis.client() as client:
        client.flushall()
    stage.send(decisions_of(1_000, seed=4))
    stage.settle()
    assert stage.found() == stage.expected()
    assert projection.log().count("filling them from the beginning") >= 3
    check_told_once(stage)


def test_kafka_may_go_away_as_well(stage: Stage) -> None:
    """With broker and Redis killed and started again the projection goes on in the same process."""
    stage.send(decisions_of(2_000, seed=30), alerts_of())
    projection = stage.project()
    stage.settle()
    stage.redis.kill()
    stage.field.broker.kill()
    wait_for(lambda: "Redis is away" in projection.log(), "the projection to notice")
    stage.redis.start()
    stage.field.broker.start()
    stage.send(decisions_of(1_000, seed=31))
    stage.settle()
    assert projection.process.poll() is None
    assert stage.found() == stage.expected()
    check_told_once(stage)


def test_redis_may_come_back_with_an_old_copy(stage: Stage) -> None:
    """Positions are in the copy as well, so the projection goes on from where the copy was made."""
    stage.send(decisions_of(2_000, seed=5), alerts_of())
    projection = stage.project()
    stage.settle()
    with stage.redis.client() as client:
        client.save()
    stage.send(decisions_of(2_000, seed=6))
    stage.settle()
    stage.redis.kill()
    stage.redis.start()
    stage.settle()
    assert stage.found() == stage.expected()
    assert projection.log().count("filling them") == 1
    check_told_once(stage)


def test_projection_may_be_killed_mid_batch(stage: Stage) -> None:
    """Killed again and again while Redis applies, its successors lose nothing and tell no scanner twice."""
    alerts = alerts_of()
    for turn in range(3):
        before = stage.applied()
        stage.send(decisions_of(8_000, seed=20 + turn), alerts)
        projection = stage.project()
        wait_for(lambda least=before: stage.applied() > least, "some decisions in Redis")  # type: ignore[misc]
        # What it has sent by now Redis applies when it is dead.
        stage.redis.freeze()
        projection.kill()
        stage.redis.thaw()
        alerts = []
    assert stage.applied() < len(stage.sent)
    stage.project()
    stage.settle()
    assert stage.found() == stage.expected()
    check_told_once(stage)


def test_projections_share_the_partitions(stage: Stage) -> None:
    """A second one takes over its share and, when the first dies, all of it."""
    stage.send(decisions_of(3_000, seed=8), alerts_of())
    first, _second = stage.project(), stage.project()
    stage.settle()
    stage.send(decisions_of(3_000, seed=9))
    first.kill()
    stage.send(decisions_of(3_000, seed=10))
    stage.settle()
    assert stage.found() == stage.expected()
    check_told_once(stage)


def rebuild(stage: Stage) -> subprocess.CompletedProcess[str]:
    """Run `tallygate rebuild read-model`."""
    command = [str(Path(sys.executable).with_name("tallygate")), "rebuild", "read-model"]
    return subprocess.run(command, env=stage.environment, cwd=ROOT, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("running", [True, False])
def test_rebuild_makes_it_anew(stage: Stage, running: bool) -> None:
    """Whatever was wrong in Redis is right afterwards, with a projection that runs or without one."""
    stage.send(decisions_of(4_000, seed=11), alerts_of())
    projection = stage.project()
    stage.settle()
    if not running:
        projection.stop()
    with stage.redis.client() as client:
        client.incr(f"{{{stage.prefix}}}:v1:total:na2:1/2025-08-20", 5)
        client.hset(f"{{{stage.prefix}}}:v1:bill:ACME99999", "air:1", "rubbish")
        client.set("beside", "kept")
    done = rebuild(stage)
    assert done.returncode == 0, done.stderr
    assert "removed " in done.stdout
    assert stage.found() == stage.expected()
    with stage.redis.client() as client:
        assert client.get("beside") == b"kept"
    check_told_once(stage)


def test_rebuild_that_died_is_ended_by_the_projection(stage: Stage) -> None:
    """A sweep that nobody goes on with is ended by whoever comes next, and then everything is filled."""
    stage.send(decisions_of(1_000, seed=12))
    projection = stage.project()
    stage.settle()
    with stage.redis.client() as client, client.pipeline() as pipe:
        pipe.delete(f"{{{stage.prefix}}}:v1:positions").hset(f"{{{stage.prefix}}}:v1:positions", "sweeping", "dead")
        pipe.execute()
    stage.settle()
    assert stage.found() == stage.expected()
    assert "being emptied for a rebuild" in projection.log()


def test_redis_of_another_kafka_is_refused(stage: Stage) -> None:
    """Where Redis stands behind the end of the topic nothing is mixed: exit 78, and a word on what to do."""
    with stage.redis.client() as client:
        client.hset(f"{{{stage.prefix}}}:v1:positions", "at:decisions/1", "99")
    projection = stage.project()
    assert projection.process.wait() == EXIT_REFUSED
    assert "tallygate rebuild read-model" in projection.log()


def test_missing_topics_are_refused(field: Field, own_redis: RedisServer) -> None:
    """Without its topics the projection does not start, and says which are missing."""
    with stage_on(field, own_redis) as stage:
        stage.prefix = "nowhere"
        projection = stage.project()
        assert projection.process.wait() == EXIT_REFUSED
    assert "topic nowhere.decisions.v1 is missing" in projection.log()
