"""How events become Kafka's batches."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.record.default_records import DefaultRecordBatch

from agents.engine.settings import Connection
from agents.gateway import publisher
from agents.gateway.publisher import BATCH_BYTES, KafkaAwayError, Keyed, Publisher, _batches
from stream.faultfinding import VALUE_BYTES_MAX
from stream.partition import partition_of
from stream.topics import TOPIC_RECORD_BYTES

PARTITIONS = 4


@asynccontextmanager
async def producer() -> AsyncIterator[AIOKafkaProducer]:
    """Give a producer that never connects: batches need none."""
    made = AIOKafkaProducer(bootstrap_servers="127.0.0.1:9", max_batch_size=BATCH_BYTES)
    yield made
    await made.stop()


def keyed(number: int, size: int = 100) -> Keyed:
    return Keyed(b"air:%d" % (number % 10), b"%07d" % number + b"x" * (size - 7))


def records(batch: object) -> list[tuple[bytes, bytes, list[tuple[str, bytes]]]]:
    """Give what is in a batch as a broker would read it."""
    built = bytes(batch._build())  # type: ignore[attr-defined]
    return [(each.key, each.value, each.headers) for each in DefaultRecordBatch(memoryview(built))]


async def test_batches_keep_partition_key_order_and_bytes() -> None:
    """Each event is in the partition of its key, in the order in which it came, marked as a structured CloudEvent."""
    events = [keyed(number) for number in range(500)]
    async with producer() as made:
        found = {
            partition: [record for batch in batches for record in records(batch)]
            for partition, batches in _batches(made, events, PARTITIONS).items()
        }
    assert sum(map(len, found.values())) == 500
    for partition, there in found.items():
        expected = [event for event in events if partition_of(event.key, PARTITIONS) == partition]
        assert [(key, value) for key, value, _headers in there] == expected
        assert {tuple(headers) for _key, _value, headers in there} == {
            (("content-type", b"application/cloudevents+json"),)
        }


async def test_batches_stay_below_what_the_topic_takes() -> None:
    """Batches are cut before they grow too large; the largest event has one of its own, and fits."""
    sizes = [400_000, 400_000, 400_000, VALUE_BYTES_MAX, 100, 100]
    events = [Keyed(b"k" * 100, b"x" * size) for size in sizes]
    async with producer() as made:
        (batches,) = _batches(made, events, PARTITIONS).values()
        found = [[len(value) for _key, value, _headers in records(batch)] for batch in batches]
        assert max(len(batch._build()) for batch in batches) < TOPIC_RECORD_BYTES
    assert found == [[400_000, 400_000], [400_000], [VALUE_BYTES_MAX], [100, 100]]


async def test_what_was_never_connected_publishes_nothing() -> None:
    """Before Kafka was reached publishing fails at once and says so."""
    idle = Publisher(Connection("127.0.0.1:9"), "topic", 1)
    with pytest.raises(KafkaAwayError, match="not been reached yet"):
        await idle.publish([keyed(1)])


async def test_unreachable_kafka_is_told_and_tried_again(caplog: pytest.LogCaptureFixture) -> None:
    """While nobody listens it goes on trying, and says in the log once what keeps it from publishing."""
    away = Publisher(Connection("127.0.0.1:9"), "topic", 1)
    running = asyncio.create_task(away.run())
    for _ in range(200):
        await asyncio.sleep(0.05)
        if caplog.text.count("Unable connect") >= 4:
            break
    running.cancel()
    await asyncio.wait([running])
    assert caplog.text.count("Unable connect") >= 4
    assert caplog.text.count("nothing can be published: Kafka at 127.0.0.1:9 is away") == 1


async def test_memory_for_what_waits_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """What was not acknowledged yet counts against a bound, and its room is free again once it is."""
    monkeypatch.setattr(publisher, "PENDING_BYTES_MAX", 1_000)
    busy = Publisher(Connection("127.0.0.1:9"), "topic", 1)
    acknowledged: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    busy._count(950, acknowledged)
    busy.problem, busy._producer = None, object()
    with pytest.raises(KafkaAwayError, match="too much waits"):
        await busy.publish([keyed(1)])
    acknowledged.set_exception(KafkaAwayError())
    await asyncio.sleep(0)
    assert busy._pending_bytes == 0
