"""Our way of unpacking a fetch gives the same records as aiokafka's own, and leaves the reader at the same position."""

from typing import Any

import aiokafka.consumer.fetcher as fetching
import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition

from agents.engine.unpacking import LeanRecords, RowBatch, as_rows
from tests.kafka.harness import KafkaHarness

pytestmark = pytest.mark.kafka

Fields = tuple[Any, ...]


def write(harness: KafkaHarness) -> None:
    """Write committed and aborted transactions, plain records, headers, empty and missing keys and values."""
    topic = harness.topics.decisions
    with harness.producer() as plain:
        plain.produce(topic, b"plain", None, 0)
        plain.produce(topic, None, b"tombstone", 0, headers=[("a", b"1"), ("b", None)])
    with harness.producer(**{"transactional.id": harness.topics.prefix}) as producer:
        producer.init_transactions()
        for number in range(6):
            producer.begin_transaction()
            for part in range(20):
                producer.produce(topic, b"%d" % part, b"%d" % number, 0, headers=[("n", b"%d" % number)])
            producer.flush()
            if number % 2:
                producer.abort_transaction()
            else:
                producer.commit_transaction()


async def read(harness: KafkaHarness, isolation: str, start: int) -> tuple[list[Fields], int]:
    """Read all from an offset: the fields that steps see, and the position at the end."""
    records, position = await drain(harness, isolation, start)
    return [(r.topic, r.partition, r.offset, r.timestamp, r.key, r.value, tuple(r.headers)) for r in records], position


async def drain(harness: KafkaHarness, isolation: str, start: int, **more: Any) -> tuple[list[Any], int]:
    """Read all from an offset, and return what comes with the position at the end."""
    partition = TopicPartition(harness.topics.decisions, 0)
    reader = AIOKafkaConsumer(isolation_level=isolation, **more, **harness.connection.arguments())
    await reader.start()
    try:
        reader.assign([partition])
        end = (await reader.end_offsets([partition]))[partition]
        reader.seek(partition, start)
        found: list[Any] = []
        while await reader.position(partition) < end:
            for records in (await reader.getmany(timeout_ms=200)).values():
                found += records
        return found, await reader.position(partition)
    finally:
        await reader.stop()


@pytest.mark.parametrize("isolation", ["read_committed", "read_uncommitted"])
async def test_both_ways_read_the_same(harness: KafkaHarness, isolation: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """From the start, from inside a batch, and from a control record on."""
    write(harness)
    for start in (0, 1, 7, 22, 23, 60):
        theirs = await read(harness, isolation, start)
        with monkeypatch.context() as patched:
            patched.setattr(fetching, "PartitionRecords", LeanRecords)
            assert await read(harness, isolation, start) == theirs
        assert theirs[0]


@pytest.mark.parametrize("isolation", ["read_committed", "read_uncommitted"])
async def test_rows_are_the_keys_and_values_of_the_records(
    harness: KafkaHarness, isolation: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Batches of rows hold what records say last, count every record, and leave the reader at the same position."""
    write(harness)
    for start in (0, 1, 7, 22, 23, 60):
        records, position = await read(harness, isolation, start)
        with monkeypatch.context() as patched:
            patched.setattr(fetching, "PartitionRecords", LeanRecords)
            batches, end = await drain(harness, isolation, start, key_deserializer=as_rows)
        assert all(type(batch) is RowBatch for batch in batches)
        merged: dict[bytes, bytes | None] = {}
        for batch in batches:
            merged.update(batch.rows)
        assert merged == {key: value for _, _, _, _, key, value, _ in records}
        assert sum(batch.records for batch in batches) == len(records) > 0
        assert end == position >= batches[-1].end > records[-1][2]


async def test_rows_need_our_own_unpacking(harness: KafkaHarness) -> None:
    """Where aiokafka's own class unpacks, a reader of rows fails instead of getting records."""
    write(harness)
    with pytest.raises(TypeError, match="unpack_leanly"):
        await drain(harness, "read_committed", 0, key_deserializer=as_rows)
