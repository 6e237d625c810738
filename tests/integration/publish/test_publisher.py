"""The typed client on a real Kafka: keys, partitions, headers, order, checks, and a broker that dies."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest
from confluent_kafka import Consumer, TopicPartition

from agents.publish import PublishAwayError, Publisher, PublishRefusedError, WrongEventError
from agents.settings.settings import KafkaSettings
from stream.events import (
    Address,
    Arrival,
    BillManifested,
    Consignee,
    ConveyanceArrived,
    Line,
    ManifestedBill,
    Money,
    Shipment,
    Shipper,
)
from stream.partition import partition_of
from tests.kafka.broker import Broker
from tests.kafka.harness import KafkaHarness

pytestmark = pytest.mark.kafka

MOMENT = datetime(2025, 8, 20, 12, tzinfo=UTC)


def arrival(number: int, trips: int = 7) -> ConveyanceArrived:
    """Return an arrival of one of a few trips."""
    data = Arrival(conveyance=f"air:{number % trips}", arrived_at=MOMENT)
    return ConveyanceArrived(specversion="1.0", id=f"e-{number}", source="/tests", time=MOMENT, data=data)


def manifested(description: str = "toy", origin: str = "FR") -> BillManifested:
    """Return a bill with one line of goods."""
    person = Consignee(name="Zoe Quill", address=Address(lines=["9 Elm Row"], country="US"))
    goods = Line(
        description=description, hts="9503", origin=origin, quantity=1, value=Money(amount="1.00", currency="USD")
    )
    data = ManifestedBill(
        bill="ACME0001", conveyance="air:1", sequence=1, manifested_at=MOMENT, mode="air", filing="manifest",
        consignee=person, shipper=Shipper(name="s", country="FR"), lines=[goods],
    )  # fmt: skip
    return BillManifested(specversion="1.0", id="b-1", source="/tests", time=MOMENT, data=data)


def settings_of(harness: KafkaHarness) -> KafkaSettings:
    return KafkaSettings(brokers=harness.broker.address, prefix=harness.topics.prefix)


async def test_events_go_under_their_keys_in_order(harness: KafkaHarness) -> None:
    """Each event is on the partition of its conveyance, readable as it was made, and those of one trip in order."""
    events = [arrival(number) for number in range(5_000)]
    async with Publisher(settings_of(harness)) as publisher:
        assert await publisher.publish_all(events) == 5_000
    ids: dict[str, list[int]] = {}
    for partition, rows in harness.read(harness.topics.shipments).items():
        for _offset, key, value in rows:
            event = msgspec.json.decode(value or b"", type=Shipment)
            assert key == event.data.conveyance.encode()
            assert partition == partition_of(key, harness.partitions)
            ids.setdefault(event.data.conveyance, []).append(int(event.id[2:]))
    assert sum(map(len, ids.values())) == 5_000
    assert all(found == sorted(found) for found in ids.values())


async def test_many_tasks_may_share_a_publisher(harness: KafkaHarness) -> None:
    """Calls at the same time are all acknowledged, each for its own events."""
    async with Publisher(settings_of(harness)) as publisher:
        await asyncio.gather(*(publisher.publish(arrival(number)) for number in range(200)))
    assert len(harness.values(harness.topics.shipments)) == 200


async def test_records_say_that_they_are_cloud_events(harness: KafkaHarness) -> None:
    """The content type is that of the CloudEvents binding, by which other readers know structured mode."""
    async with Publisher(settings_of(harness)) as publisher:
        await publisher.publish(manifested())
    where = partition_of(b"air:1", harness.partitions)
    consumer = Consumer({"bootstrap.servers": harness.broker.address, "group.id": "tests"})
    consumer.assign([TopicPartition(harness.topics.shipments, where, 0)])
    message = consumer.poll(30)
    consumer.close()
    assert message is not None
    assert message.headers() == [("content-type", b"application/cloudevents+json")]


async def test_largest_events_are_sent(harness: KafkaHarness) -> None:
    """Bills of 999 lines, larger than a batch and nearly the most that an event may have, are acknowledged."""
    bill = manifested("d" * 70)
    lines = bill.data.lines * 999
    large = msgspec.structs.replace(bill, data=msgspec.structs.replace(bill.data, lines=lines), source="s" * 780_000)
    assert 900_000 < len(msgspec.json.encode(large)) < 1_000_000
    async with Publisher(settings_of(harness)) as publisher:
        await publisher.publish_all([large, arrival(1), large])
    assert [len(value) > 900_000 for value in harness.values(harness.topics.shipments)] == [True, False, True]


async def test_wrong_event_is_refused_with_its_place(harness: KafkaHarness) -> None:
    """An event that would be a dead letter stops the call before anything is sent, and nothing of it is quoted."""
    async with Publisher(settings_of(harness)) as publisher:
        with pytest.raises(WrongEventError, match=r"event 1: wrong-shape: \$\.data\.lines\[0\]\.origin") as caught:
            await publisher.publish_all([manifested(), manifested(origin="Zoe Quill"), manifested()])
        assert caught.value.index == 1
        assert "Zoe" not in str(caught.value)
        await publisher.publish(manifested())
    assert len(harness.values(harness.topics.shipments)) == 1


async def test_missing_topic_is_refused(broker: Broker) -> None:
    """Without the topic there is no publisher, and the error says what to run; the topic is not made by asking."""
    for _ in range(2):
        with pytest.raises(PublishRefusedError, match="tallygate topics create"):
            async with Publisher(KafkaSettings(brokers=broker.address, prefix="nobody")):
                pass


async def test_absent_broker_is_away() -> None:
    """If no process listens, entering fails with the address and what to do."""
    with pytest.raises(PublishAwayError, match=r"127\.0\.0\.1:9 does not answer"):
        async with Publisher(KafkaSettings(brokers="127.0.0.1:9")):
            pass


async def test_broker_that_dies_is_away_and_what_was_acknowledged_stays(tmp_path: Path) -> None:
    """Killed under a publisher the broker is away within the time that was given; back again, nothing is missing."""
    broker = Broker(tmp_path / "kafka").format().start()
    try:
        with KafkaHarness(broker, "dies", tmp_path) as harness:
            await asyncio.to_thread(harness.create_topics, 2, (), ())
            async with Publisher(settings_of(harness), acknowledge_seconds=2.0) as publisher:
                await publisher.publish_all([arrival(number) for number in range(100)])
                broker.kill()
                with pytest.raises(PublishAwayError, match="does not answer"):
                    await publisher.publish(arrival(100))
            broker.start()
            async with Publisher(settings_of(harness)) as again:
                await again.publish(arrival(101))
            ids = {msgspec.json.decode(value)["id"] for value in harness.values(harness.topics.shipments)}
            assert {f"e-{number}" for number in [*range(100), 101]} <= ids
    finally:
        broker.stop()
