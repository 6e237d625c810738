"""Offsets that a broker keeps pending although their transaction is over: the next life of the worker ends them."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from aiokafka import TopicPartition
from aiokafka.client import ConnectionGroup, CoordinationType
from aiokafka.structs import OffsetAndMetadata

from agents.engine.engine_settings import EngineSettings
from agents.engine.producer import FencedOffsetCommitHandler, TransactionalProducer
from agents.kafka.protocol import NO_MEMBER
from tests.integration.engine.test_judging import exact
from tests.kafka.broker import Broker
from tests.kafka.harness import KafkaHarness
from tests.prerequisites import require

pytestmark = [pytest.mark.kafka, pytest.mark.slow]


@pytest.fixture
def trusting(tmp_path: Path) -> Iterator[KafkaHarness]:
    """Yield a harness on a broker that does not ask whether a transaction is still open, as older ones do not."""
    require("kafka")
    extra = "transaction.partition.verification.enable=false\n"
    broker = Broker(tmp_path / "kafka", extra=extra).format().start()
    try:
        with KafkaHarness(broker, "trusting", tmp_path) as made:
            made.create_topics(partitions=4)
            yield made
    finally:
        broker.stop()


async def leave_pending(harness: KafkaHarness, name: str, offset: int) -> None:
    """Leave an offset of partition 0 pending under a worker's name: sent in a transaction that knew no group."""
    group = harness.topics.group("toy")
    settings = EngineSettings(connection=harness.connection, transactional_id=f"{group}-{name}")
    producer = TransactionalProducer(settings)
    await producer.start()
    await producer.begin_transaction()
    await producer.send_and_wait(harness.topics.decisions, b"aborted", partition=0)
    sender = producer._sender
    sender.member = NO_MEMBER
    pending = FencedOffsetCommitHandler(
        sender, {TopicPartition(harness.topics.postings, 0): OffsetAndMetadata(offset, "")}, group
    )
    node = await sender._find_coordinator(CoordinationType.GROUP, group)
    response = await producer.client.send(node, pending.create_request(), group=ConnectionGroup.COORDINATION)
    assert [part[1] for _topic, parts, _tags in response.errors for part in parts] == [0]
    await producer.abort_transaction()
    await producer.stop()


async def test_offsets_left_pending_hold_nobody_up(trusting: KafkaHarness) -> None:
    """The next worker of that name takes the partition over and judges exactly; the pending offset never counts."""
    for partition in range(4):
        trusting.produce([b"x"] * 20, partition, key=b"k%d" % partition)
    worker = trusting.worker("0")
    worker.ready()
    trusting.wait_for_decisions(80)
    assert worker.stop() == 0
    await leave_pending(trusting, "0", 27)
    for partition in range(4):
        trusting.produce([b"x"] * 20, partition, key=b"k%d" % partition)
    again = trusting.worker("0")
    assert again.ready() == [0, 1, 2, 3]
    decisions = trusting.wait_for_decisions(160)
    assert len(decisions) == 160
    assert exact(decisions)
    assert again.stop() == 0
    last = trusting.worker("0")
    assert last.ready() == [0, 1, 2, 3]
