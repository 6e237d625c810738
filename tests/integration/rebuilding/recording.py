"""All that a Kafka holds of one Tallygate, in a small file: taken down from one broker, put on another."""

import gzip
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import msgspec
from confluent_kafka import Consumer, ConsumerGroupTopicPartitions, Producer, TopicPartition
from confluent_kafka.admin import AdminClient

from tests.kafka.field import Field

SECONDS: Final = 60
RELEASE_0_1: Final = Path(__file__).parent / "data" / "release-0.1.msgpack.gz"
"""A system that has lived under release 0.1; `record` says how it was made."""


class Kept(msgspec.Struct, frozen=True, array_like=True):
    """One record."""

    offset: int
    millis: int
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes | None], ...] = ()


class Log(msgspec.Struct, frozen=True):
    """A partition of a topic; offsets without a record were markers of transactions."""

    topic: str
    partition: int
    end: int
    records: list[Kept]

    def runs(self) -> Iterator[list[Kept]]:
        """Return the records between markers."""
        run: list[Kept] = []
        for kept in self.records:
            if run and kept.offset != run[-1].offset + 1:
                yield run
                run = []
            run.append(kept)
        if run:
            yield run


class Stand(msgspec.Struct, frozen=True):
    """Where a group stands in a partition."""

    group: str
    topic: str
    partition: int
    offset: int


class Recording(msgspec.Struct, frozen=True):
    """What was taken down."""

    made_by: str
    """Version and commit of the code that was at work."""
    prefix: str
    partitions: int
    settings: dict[str, str]
    """Those of the workers, but for the secret."""
    secret: bytes
    logs: list[Log]
    stands: list[Stand]


def take_down(field: Field, made_by: str, settings: dict[str, str], secret: bytes) -> Recording:
    """Return everything under the field's prefix; nobody may be at work."""
    admin = AdminClient({"bootstrap.servers": field.broker.address})
    names = sorted(name for name in admin.list_topics().topics if name.startswith(field.topics.prefix + "."))
    logs = [_log(field, name, number) for name in names for number in range(field.partitions)]
    stands = []
    for group in (field.topics.group(step) for step in ("manifest", "withholding")):
        asked = admin.list_consumer_group_offsets([ConsumerGroupTopicPartitions(group)])[group].result(SECONDS)
        stands += [Stand(group, at.topic, at.partition, at.offset) for at in asked.topic_partitions or ()]
    return Recording(made_by, field.topics.prefix, field.partitions, settings, secret, logs, stands)


def _log(field: Field, topic: str, partition: int) -> Log:
    options = {"bootstrap.servers": field.broker.address, "group.id": "recorder", "enable.partition.eof": True}
    consumer = Consumer({**options, "enable.auto.commit": False, "isolation.level": "read_committed"})
    place = TopicPartition(topic, partition, 0)
    records: list[Kept] = []
    try:
        start, end = consumer.get_watermark_offsets(place, SECONDS)
        assert start == 0, f"{topic} has lost its beginning"
        consumer.assign([place])
        while (message := consumer.poll(SECONDS)) is not None and message.error() is None:
            headers: Any = message.headers() or ()
            millis, offset = message.timestamp()[1], message.offset() or 0
            records.append(Kept(offset, millis, message.key(), message.value(), tuple(headers)))
        assert message is not None, f"{topic} was not read to its end"
        return Log(topic, partition, end, records)
    finally:
        consumer.close()


def write(recording: Recording, path: Path) -> None:
    """Write a file; the same recording makes the same bytes."""
    path.write_bytes(gzip.compress(msgspec.msgpack.encode(recording), 9, mtime=0))


def read(path: Path, prefix: str) -> Recording:
    """Return what a file holds, under another prefix of the same length."""
    content = gzip.decompress(path.read_bytes())
    former = msgspec.msgpack.decode(content, type=Recording).prefix
    assert len(former) == len(prefix), f"give a prefix as long as {former}"
    return msgspec.msgpack.decode(content.replace(former.encode(), prefix.encode()), type=Recording)


def put_up(field: Field, recording: Recording) -> None:
    """Make the topics and fill them: each record and marker at its offset, shipments in the order they came in."""
    assert field.topics.prefix == recording.prefix
    field.create_topics(recording.partitions, steps=())
    logs = [log for log in recording.logs if log.topic != field.topics.shipments]
    for log in recording.logs:
        assert _gaps(log) <= {0, 1}, f"{log.topic}: an aborted transaction cannot be restored"
    with _transactions(field) as transactions:
        _send_shipments(field, [log for log in recording.logs if log.topic == field.topics.shipments], transactions)
        _send_in_transactions(logs, transactions)
    _commit(field, recording.stands)
    ends = {(log.topic, log.partition): log.end for log in recording.logs}
    reader = Consumer({"bootstrap.servers": field.broker.address, "group.id": "recorder"})
    found = {at: reader.get_watermark_offsets(TopicPartition(*at), SECONDS)[1] for at in ends}
    reader.close()
    assert found == ends


def _gaps(log: Log) -> set[int]:
    """Return how many offsets are without a record, between records and at the end."""
    offsets = [-1, *(kept.offset for kept in log.records), log.end]
    return {after - before - 1 for before, after in pairwise(offsets)}


@contextmanager
def _transactions(field: Field) -> Iterator[Producer]:
    name = f"{field.topics.prefix}-load"
    made = Producer({"bootstrap.servers": field.broker.address, "transactional.id": name, "log_level": 0})
    made.init_transactions(SECONDS)
    yield made


def _send_shipments(field: Field, logs: Iterable[Log], transactions: Producer) -> None:
    """Send one after another, no two in one millisecond: the broker's time is the order of a rebuild."""
    sent = sorted(((log, kept) for log in logs for kept in log.records), key=lambda each: each[1].millis)
    with field.producer(**{"linger.ms": 0}) as producer:
        for log, kept in sent:
            following = min((each.offset for each in log.records if each.offset > kept.offset), default=log.end)
            if following == kept.offset + 1:
                _produce(producer, log, kept)
                producer.flush(SECONDS)
            else:
                _transact(transactions, [(log, [kept])])
            time.sleep(0.003)


def _send_in_transactions(logs: list[Log], transactions: Producer) -> None:
    """Send each run in a transaction, whose marker takes the next offset."""
    rounds: defaultdict[int, list[tuple[Log, list[Kept]]]] = defaultdict(list)
    for log in logs:
        for number, run in enumerate(log.runs()):
            rounds[number].append((log, run))
    for number in sorted(rounds):
        _transact(transactions, rounds[number])


def _transact(transactions: Producer, runs: Iterable[tuple[Log, list[Kept]]]) -> None:
    transactions.begin_transaction()
    for log, run in runs:
        for kept in run:
            _produce(transactions, log, kept)
    transactions.commit_transaction(SECONDS)


def _produce(producer: Producer, log: Log, kept: Kept) -> None:
    headers: Any = list(kept.headers)
    producer.produce(log.topic, kept.value, kept.key, log.partition, headers=headers)


def _commit(field: Field, stands: Iterable[Stand]) -> None:
    groups: defaultdict[str, list[TopicPartition]] = defaultdict(list)
    for stand in stands:
        groups[stand.group].append(TopicPartition(stand.topic, stand.partition, stand.offset))
    for group, places in groups.items():
        consumer = Consumer({"bootstrap.servers": field.broker.address, "group.id": group})
        consumer.commit(offsets=places, asynchronous=False)
        consumer.close()
