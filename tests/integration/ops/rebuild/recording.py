"""All that a Kafka holds of one Tallygate, in a small file: taken down from one broker, put on another."""

import gzip
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import msgspec
from confluent_kafka import Consumer, ConsumerGroupTopicPartitions, KafkaException, Producer, TopicPartition
from confluent_kafka.admin import AdminClient

from tests.kafka.harness import KafkaHarness
from tests.waiting import wait_for

SECONDS: Final = 60
RELEASE_0_1: Final = Path(__file__).parent / "data" / "release-0.1.msgpack.gz"
"""A system with a long history under release 0.1; `record` says how it was made."""


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

    def runs(self) -> Iterator[tuple[list[Kept], int]]:
        """Return the records between markers, and how many markers follow them."""
        run: list[Kept] = []
        for kept, following in pairwise([*(self.records), None]):
            assert kept is not None
            run.append(kept)
            markers = (self.end if following is None else following.offset) - kept.offset - 1
            if markers or following is None:
                yield run, markers
                run = []


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


def take_down(harness: KafkaHarness, made_by: str, settings: dict[str, str], secret: bytes) -> Recording:
    """Return everything under the harness's prefix; no worker may run."""
    admin = AdminClient({"bootstrap.servers": harness.broker.address})
    names = sorted(name for name in admin.list_topics().topics if name.startswith(harness.topics.prefix + "."))
    logs = [_log(harness, name, number) for name in names for number in range(harness.partitions)]
    stands = []
    for group in (harness.topics.group(step) for step in ("manifest", "withholding")):
        asked = admin.list_consumer_group_offsets([ConsumerGroupTopicPartitions(group)])[group].result(SECONDS)
        stands += [Stand(group, at.topic, at.partition, at.offset) for at in asked.topic_partitions or ()]
    return Recording(made_by, harness.topics.prefix, harness.partitions, settings, secret, logs, stands)


def _log(harness: KafkaHarness, topic: str, partition: int) -> Log:
    options: dict[str, Any] = {
        "bootstrap.servers": harness.broker.address,
        "group.id": "recorder",
        "enable.partition.eof": True,
    }
    options |= {"enable.auto.commit": False, "isolation.level": "read_committed", "fetch.wait.max.ms": 10}
    consumer = Consumer(options)
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
    return moved(msgspec.msgpack.decode(gzip.decompress(path.read_bytes()), type=Recording), prefix)


def moved(recording: Recording, prefix: str) -> Recording:
    """Return a recording under another prefix of the same length: it stands in keys, values and headers too."""
    assert len(recording.prefix) == len(prefix), f"give a prefix as long as {recording.prefix}"
    content = msgspec.msgpack.encode(recording).replace(recording.prefix.encode(), prefix.encode())
    return msgspec.msgpack.decode(content, type=Recording)


def mirror(harness: KafkaHarness, recording: Recording, topics: set[str]) -> None:
    """Make some of the topics, and fill them as a mirror does: the committed records in their order, no marker."""
    harness.create_topics(recording.partitions, {plan.name for plan in harness.topics.plans()} - topics, steps=())
    logs = [log for log in recording.logs if log.topic in topics]
    with harness.producer(**{"linger.ms": 0}) as producer:
        for log, kept in _by_time(logs):
            _produce(producer, log, [kept])
            time.sleep(0.003)


def _by_time(logs: Iterable[Log]) -> list[tuple[Log, Kept]]:
    return sorted(((log, kept) for log in logs for kept in log.records), key=lambda each: each[1].millis)


def put_up(harness: KafkaHarness, recording: Recording) -> None:
    """Make the topics and fill them: each record and marker at its offset, shipments in the order they came in."""
    assert harness.topics.prefix == recording.prefix
    harness.create_topics(recording.partitions, steps=())
    shipments = [log for log in recording.logs if log.topic == harness.topics.shipments]
    reader = Consumer({"bootstrap.servers": harness.broker.address, "group.id": "recorder"})
    with _transactions(harness, "a") as one, _transactions(harness, "b") as other:
        _send_shipments(harness, shipments, one, reader)
        _send_in_transactions([log for log in recording.logs if log not in shipments], one, other, reader)
    reader.close()
    _commit(harness, recording.stands)
    for log in recording.logs:
        there = _log(harness, log.topic, log.partition)
        assert [kept.offset for kept in there.records] == [kept.offset for kept in log.records], log.topic
        assert there.end == log.end, log.topic


def _await_end(reader: Consumer, log: Log, offset: int) -> None:
    """Wait until markers are written: a commit does not."""
    place = TopicPartition(log.topic, log.partition)

    def reached() -> bool:
        return reader.get_watermark_offsets(place, SECONDS)[1] >= offset

    wait_for(reached, f"{log.topic} to reach {offset}", every=0.001)


@contextmanager
def _transactions(harness: KafkaHarness, name: str) -> Iterator[Producer]:
    own = f"{harness.topics.prefix}-{name}"
    made = Producer({"bootstrap.servers": harness.broker.address, "transactional.id": own, "log_level": 0})
    made.init_transactions(SECONDS)
    yield made


def _send_shipments(harness: KafkaHarness, logs: Iterable[Log], transactions: Producer, reader: Consumer) -> None:
    """Send one after another, no two in one millisecond: the broker's time is the order of a rebuild."""
    last = {id(run[-1]) for log in logs for run, markers in log.runs() if markers}
    with harness.producer(**{"linger.ms": 0}) as producer:
        for log, kept in _by_time(logs):
            if id(kept) in last:
                transactions.begin_transaction()
                _produce(transactions, log, [kept])
                transactions.commit_transaction(SECONDS)
                _await_end(reader, log, kept.offset + 2)
            else:
                _produce(producer, log, [kept])
            time.sleep(0.003)


def _send_in_transactions(logs: list[Log], one: Producer, other: Producer, reader: Consumer) -> None:
    """Send each run in a transaction, whose marker takes the next offset; two of them where two markers follow."""
    rounds: defaultdict[int, list[tuple[Log, list[Kept], int]]] = defaultdict(list)
    for log in logs:
        for number, (run, markers) in enumerate(log.runs()):
            rounds[number].append((log, run, markers))
    for number in sorted(rounds):
        one.begin_transaction()
        other.begin_transaction()
        for log, run, markers in rounds[number]:
            _produce(one, log, run if markers == 1 else run[:-1])
            _produce(other, log, run[-1:] if markers > 1 else [])
        one.commit_transaction(SECONDS)
        other.commit_transaction(SECONDS)
        for log, run, markers in rounds[number]:
            _await_end(reader, log, run[-1].offset + 1 + markers)


def _produce(producer: Producer, log: Log, run: Iterable[Kept]) -> None:
    for kept in run:
        headers: Any = list(kept.headers)
        producer.produce(log.topic, kept.value, kept.key, log.partition, headers=headers)
    producer.flush(SECONDS)


def _commit(harness: KafkaHarness, stands: Iterable[Stand]) -> None:
    groups: defaultdict[str, list[TopicPartition]] = defaultdict(list)
    for stand in stands:
        groups[stand.group].append(TopicPartition(stand.topic, stand.partition, stand.offset))
    for group, places in groups.items():
        put_offsets(harness, group, places)


def put_offsets(harness: KafkaHarness, group: str, places: list[TopicPartition]) -> None:
    """Set the offsets of a group, after it has no members and has a coordinator."""
    consumer = Consumer({"bootstrap.servers": harness.broker.address, "group.id": group})

    def stands() -> bool:
        with suppress(KafkaException):
            consumer.commit(offsets=places, asynchronous=False)
            return True
        return False

    wait_for(stands, f"{group} to be without a member")
    found = consumer.committed([TopicPartition(each.topic, each.partition) for each in places], SECONDS)
    assert {(each.partition, each.offset) for each in found} == {(each.partition, each.offset) for each in places}
    consumer.close()
