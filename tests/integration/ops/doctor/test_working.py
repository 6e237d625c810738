"""A system at work: what is right is called right; then a halt, another secret, and another policy."""

import json
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from redis import Redis

from stream.partition import partition_of
from tests.integration.ops.doctor.ward import environment, examined
from tests.integration.readmodel.stage import Projecting
from tests.kafka.broker import Broker
from tests.kafka.field import Field, wait_for
from tests.pieces import ROOT
from tests.redis.server import RedisServer

pytestmark = [pytest.mark.kafka, pytest.mark.redis, pytest.mark.slow]

EVENTS = [json.loads(line) for line in (ROOT / "docs/examples/three-parcels.jsonl").read_text().splitlines() if line]


def publish(field: Field, moment: datetime, source: str = "/acme/fulfilment") -> None:
    """Send the example's events, stamped with a moment of the producer's clock."""
    with field.producer() as producer:
        for each in EVENTS:
            event = {**each, "time": moment.isoformat(), "source": source}
            key = event["data"]["conveyance"].encode()
            producer.produce(field.topics.shipments, json.dumps(event), key, partition_of(key, field.partitions))


@contextmanager
def working(broker: Broker, redis_server: RedisServer, folder: Path) -> Iterator[Field]:
    """Return both steps and a projection at work, the example judged."""
    with Field(broker, f"system{uuid.uuid4().hex[:8]}", folder) as field:
        field.create_topics(2, steps=())
        shared = environment(broker.address, field.topics.prefix, folder, redis_server.url)
        for step in ("manifest", "withholding"):
            field.worker(step, step=step, key__secret_file=shared["TALLYGATE_KEY__SECRET_FILE"])
        projection = Projecting(shared, folder / "projection.log")
        publish(field, datetime.now(UTC) - timedelta(minutes=1))
        field.wait_for_decisions(1)
        yield field
        projection.kill()


@pytest.fixture(scope="module")
def system(broker: Broker, redis_server: RedisServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Field]:
    """Return a system that works, and that no test may change."""
    with working(broker, redis_server, tmp_path_factory.mktemp("system")) as field:
        yield field


@pytest.fixture
def spoilt(broker: Broker, redis_server: RedisServer, tmp_path: Path) -> Iterator[tuple[Field, dict[str, str]]]:
    """Return a system for one test that spoils it, with its settings."""
    with working(broker, redis_server, tmp_path) as field:
        yield field, environment(field.broker.address, field.topics.prefix, field.folder, redis_server.url)


@pytest.fixture
def settings(system: Field, redis_server: RedisServer) -> dict[str, str]:
    """Return the settings that the system runs with."""
    return environment(system.broker.address, system.topics.prefix, system.folder, redis_server.url)


def test_nothing_is_wrong_with_what_works(settings: dict[str, str]) -> None:
    """Workers at work, tables that fit, no halt: exit status 0, and each of these is called right."""
    answers = [examined(settings)]

    def settled() -> bool:
        answers.append(examined(settings))
        return not answers[-1].wrong() and len(answers[-1].of("groups", "right")) == 3

    wait_for(settled, "everything to be judged and projected")
    answer = answers[-1]
    assert answer.wrong() == []
    assert answer.status == 0
    assert [each for each in answer.of("groups", "right") if "manifest: 1 members, 0 offsets" in each]
    assert len(answer.of("changelogs", "right")) == 2
    assert all("fits the settings" in each for each in answer.of("changelogs"))
    assert answer.of("epoch", "right") == [
        "manifest may work in epoch 1 -> ",
        "withholding may work in epoch 1 -> ",
    ]
    assert answer.of("halts") == ["no partition is halted -> "]
    assert answer.of("disk", "right", "doubtful")


def test_another_policy_is_told_by_the_table_it_concerns(settings: dict[str, str]) -> None:
    """The withholding table was made under the former policy; the manifest table does not depend on it."""
    answer = examined({**settings, "TALLYGATE_POLICY__OVERFLOW": "latch"})
    (found,) = answer.of("changelogs", "wrong")
    assert "that of withholding was made under another secret" in found
    assert "put the former settings back" in found


def test_an_epoch_that_was_never_made_is_told_with_its_command(settings: dict[str, str]) -> None:
    """A slip of the pen in the epoch: both steps would refuse, and what would make its tables is named."""
    answer = examined({**settings, "TALLYGATE_KAFKA__EPOCH": "7"})
    assert len(answer.of("epoch", "wrong")) == 2
    assert all("tallygate rebuild tables --epoch 7" in each for each in answer.of("epoch"))


def test_another_secret_is_told_by_both_tables(settings: dict[str, str], tmp_path: Path) -> None:
    """With another secret neither table fits, and the secret itself is not shown."""
    other = tmp_path / "other"
    other.write_text("another-secret-made-up-for-this")
    answer = examined({**settings, "TALLYGATE_KEY__SECRET_FILE": str(other)})
    assert len(answer.of("changelogs", "wrong")) == 2
    assert other.read_text() not in answer.text


def test_a_producer_ten_minutes_ahead_is_named(spoilt: tuple[Field, dict[str, str]]) -> None:
    """Its source and how far it is ahead are told, with what to do; the consignee of its events is not."""
    system, settings = spoilt
    publish(system, datetime.now(UTC) + timedelta(minutes=10), "/acme/late-clock")
    answer = examined(settings)
    (found,) = answer.of("clock", "wrong")
    assert "events of /acme/late-clock are up to" in found
    ahead = int(found.partition("up to ")[2].split(" s ahead")[0].replace(",", ""))
    assert 540 <= ahead <= 601
    assert "NTP" in found
    names = {event["data"]["consignee"]["name"] for event in EVENTS if "consignee" in event["data"]}
    assert names
    assert not [name for name in names if name in answer.text]


def test_a_full_redis_that_would_evict_is_told(settings: dict[str, str], own_redis: RedisServer) -> None:
    """Another rule than noeviction is wrong, and an empty read model is something to look at."""
    with Redis.from_url(own_redis.url) as client:
        client.config_set("maxmemory-policy", "allkeys-lru")
    answer = examined({**settings, "TALLYGATE_REDIS__URL": own_redis.url})
    (found,) = answer.of("redis", "wrong")
    assert "allkeys-lru" in found
    assert found.endswith("set maxmemory-policy noeviction")
    assert "being filled" in answer.of("read model", "doubtful")[0]


def test_a_halted_partition_is_told_with_the_command(spoilt: tuple[Field, dict[str, str]]) -> None:
    """More dead letters than a partition may have halt it; the doctor names it and how to let it go on."""
    system, settings = spoilt
    with system.producer() as producer:
        for _number in range(150):
            producer.produce(system.topics.shipments, b"no event", b"k", 0)
    wait_for(system.halts, "the halt")
    (found,) = examined(settings).of("halts", "wrong")
    assert "partition 0" in found
    assert "tallygate dead-letters list --since 24h" in found
    assert found.endswith("then tallygate resume manifest/0")
