"""How what waits for a partition becomes Kafka's batches."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import groupby
from typing import Any

import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaConnectionError, NotLeaderForPartitionError
from aiokafka.record.default_records import DefaultRecordBatch

from agents.publish.shipment_producer import BATCH_BYTES
from agents.tallygate_client.partition_queues import EVENTS_A_TURN, Keyed, PartitionQueues
from stream.faultfinding import VALUE_BYTES_MAX
from stream.partition import partition_of
from stream.topics import TOPIC_RECORD_BYTES

PARTITIONS = 4


class Held(AIOKafkaProducer):
    """A producer whose batches arrive when the test lets them; all else is aiokafka's own."""

    def __init__(self) -> None:
        super().__init__(bootstrap_servers="127.0.0.1:9", max_batch_size=BATCH_BYTES)
        self.sent: list[tuple[int, list[Any]]] = []
        """Partition and records, as a broker would read them."""
        self.sizes: list[int] = []
        self.under_way: list[asyncio.Future[None]] = []

    async def partitions_for(self, _topic: str) -> set[int]:
        return set(range(PARTITIONS))

    async def send_batch(self, batch: Any, _topic: str, *, partition: int) -> asyncio.Future[None]:
        built = bytes(batch._build())
        self.sizes.append(len(built))
        self.sent.append((partition, list(DefaultRecordBatch(memoryview(built)))))
        self.under_way.append(asyncio.get_running_loop().create_future())
        return self.under_way[-1]

    async def arrive(self, error: Exception | None = None) -> None:
        """Let everything under way arrive, or fail, until nothing more comes."""
        await asyncio.sleep(0.01)
        while waiting := [each for each in self.under_way if not each.done()]:
            for each in waiting:
                each.set_exception(error) if error else each.set_result(None)
            await asyncio.sleep(0.01)


@asynccontextmanager
async def held() -> AsyncIterator[tuple[Held, PartitionQueues]]:
    producer = Held()
    yield producer, PartitionQueues(producer, "topic", partition_of)
    await producer.stop()


def keyed(number: int) -> Keyed:
    return Keyed(b"air:%d" % (number % 10), b"%07d" % number)


async def test_batches_keep_partition_key_order_and_bytes() -> None:
    """Each event is in the partition of its key, in the order in which it came, marked as a structured CloudEvent."""
    events = [keyed(number) for number in range(500)]
    async with held() as (producer, queues):
        sending = asyncio.create_task(queues.send(events))
        await producer.arrive()
        await sending
    assert len(producer.sent) == len({partition for partition, _records in producer.sent})
    for partition, records in producer.sent:
        expected = [event for event in events if partition_of(event.key, PARTITIONS) == partition]
        assert [(each.key, each.value) for each in records] == expected
        assert {tuple(each.headers) for each in records} == {(("content-type", b"application/cloudevents+json"),)}
    assert sum(len(records) for _partition, records in producer.sent) == 500


async def test_batches_stay_below_what_the_topic_takes() -> None:
    """Batches are cut before they grow too large; the largest event has one of its own, and fits."""
    sizes = [400_000, 400_000, 400_000, VALUE_BYTES_MAX, 100, 100]
    async with held() as (producer, queues):
        sending = asyncio.create_task(queues.send([Keyed(b"k" * 100, b"x" * size) for size in sizes]))
        await producer.arrive()
        await sending
        assert queues.waiting_bytes == 0
    assert [[len(each.value) for each in records] for _partition, records in producer.sent] == [
        [400_000, 400_000], [400_000], [VALUE_BYTES_MAX], [100, 100],
    ]  # fmt: skip
    assert max(producer.sizes) < TOPIC_RECORD_BYTES


async def test_what_comes_meanwhile_goes_together() -> None:
    """While a batch is on its way a partition sends no other; what has come by then goes in one."""
    async with held() as (producer, queues):
        sending = [asyncio.create_task(queues.send([Keyed(b"air:1", b"%d" % number)])) for number in range(50)]
        await asyncio.sleep(0.01)
        first = [len(records) for _partition, records in producer.sent]
        sending += [asyncio.create_task(queues.send([Keyed(b"air:1", b"%d" % number)])) for number in range(50, 99)]
        await producer.arrive()
        await asyncio.gather(*sending)
    assert len(first) == 1
    assert len(producer.sent) <= 3
    values = [int(each.value) for _partition, records in producer.sent for each in records]
    assert values == list(range(99))


async def test_request_is_done_only_when_all_of_it_is() -> None:
    """A request over several batches and partitions waits for the last of them."""
    async with held() as (producer, queues):
        events = [Keyed(b"air:%d" % number, b"x" * 500_000) for number in range(8)]
        sending = asyncio.create_task(queues.send(events))
        await asyncio.sleep(0.01)
        *first, last = producer.under_way
        for each in first:
            each.set_result(None)
        await asyncio.sleep(0.01)
        assert not sending.done()
        last.set_result(None)
        await producer.arrive()
        await sending
    assert sum(len(records) for _partition, records in producer.sent) == 8


async def test_failure_reaches_all_who_wait_and_nobody_later() -> None:
    """When a batch fails, so does all that waits behind it in the partition; what comes later is tried again."""
    async with held() as (producer, queues):
        sending = [asyncio.create_task(queues.send([Keyed(b"air:1", b"x" * 600_000)])) for _ in range(4)]
        await asyncio.sleep(0.01)
        producer.under_way[0].set_exception(NotLeaderForPartitionError())
        outcomes = await asyncio.gather(*sending, return_exceptions=True)
        assert [type(each) for each in outcomes] == [NotLeaderForPartitionError] * 4
        assert queues.waiting_bytes == 0
        later = asyncio.create_task(queues.send([Keyed(b"air:1", b"y")]))
        await producer.arrive()
        await later
    assert len(producer.sent) == 2


async def test_given_up_requests_are_not_sent_later() -> None:
    """What is given up before it was taken into a batch is left out; what was taken goes its way."""
    async with held() as (producer, queues):
        sending = [asyncio.create_task(queues.send([Keyed(b"air:1", b"%d" % number)])) for number in range(3)]
        await asyncio.sleep(0.01)
        sending += [asyncio.create_task(queues.send([Keyed(b"air:1", b"late")])) for _ in range(2)]
        await asyncio.sleep(0.01)
        for task in (sending[0], sending[-1]):
            task.cancel()
        await producer.arrive()
        outcomes = await asyncio.gather(*sending, return_exceptions=True)
    assert [isinstance(each, asyncio.CancelledError) for each in outcomes] == [True, False, False, False, True]
    values = [each.value for _partition, records in producer.sent for each in records]
    assert values == [b"0", b"1", b"2", b"late"]
    assert queues.waiting_bytes == 0


async def test_end_is_told_to_all() -> None:
    """When the producer ends, those whose events are on their way and those who wait hear so."""
    async with held() as (producer, queues):
        sending = [asyncio.create_task(queues.send([Keyed(b"air:1", b"x" * 600_000)])) for _ in range(3)]
        await asyncio.sleep(0.01)
        assert len(producer.under_way) == 1
        await queues.end(KafkaConnectionError("over"))
        with pytest.raises(KafkaConnectionError):
            await sending[0]
        outcomes = await asyncio.gather(*sending, return_exceptions=True)
    assert [type(each) for each in outcomes] == [KafkaConnectionError] * 3
    assert queues.waiting_bytes == 0


async def test_others_have_their_turn_between_partitions() -> None:
    """The partitions of thousands of conveyances are not worked out in one go."""
    turn, worked = 0, []

    class Producer:
        async def partitions_for(self, _topic: str) -> set[int]:
            return {0}

    def partition(key: bytes, partitions: int) -> int:
        worked.append(turn)
        if len(worked) == 5_000:
            raise InterruptedError
        return partition_of(key, partitions)

    async def turning() -> None:
        nonlocal turn
        while True:
            turn += 1
            await asyncio.sleep(0)

    other = asyncio.create_task(turning())
    with pytest.raises(InterruptedError):
        await PartitionQueues(Producer(), "t", partition).send([Keyed(b"%d" % number, b"") for number in range(5_000)])
    other.cancel()
    assert max(len(list(each)) for _, each in groupby(worked)) <= EVENTS_A_TURN
