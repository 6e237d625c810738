"""A post office: dead letters made by the manifest step itself, the command as a user runs it, and what it sent."""

import os
import pty
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, NamedTuple

import msgspec
from confluent_kafka import Consumer, Producer, TopicPartition

from state.manifest.step import ManifestStep
from state.table import Table
from stream.partition import partition_of
from stream.records import PlainRecord, Sink
from tests.kafka.harness import TURN_SECONDS, KafkaHarness
from tests.prerequisites import ROOT
from tests.unit.manifest.step_in_words import CONVEYANCE, KEYS, RULEBOOK, event, whole_bill
from tests.waiting import HANG_SECONDS

KEY = CONVEYANCE.encode()
PARTITIONS = 4
HOME = partition_of(KEY, PARTITIONS)
COMMAND = [sys.executable, "-c", "from agents.cli.main import main; main()", "dead-letters"]
TRACE = (("traceparent", b"00-1-2-01"), ("x-error", b"the producer's own"))
BILL = msgspec.json.encode(event("bill.manifested", whole_bill()))


class Sent(NamedTuple):
    """A record of the shipments topic."""

    partition: int
    key: bytes | None
    value: bytes | None
    headers: list[tuple[str, bytes]]


def bad_records(topic: str) -> list[PlainRecord]:
    """Records that are at fault, each in another way; each holds the canary's name or street. The first is applied."""
    conflict = msgspec.json.encode(event("bill.manifested", whole_bill(order="other")))
    misshapen = msgspec.json.encode(event("bill.manifested", whole_bill(mode="Canary")))
    unknown = msgspec.json.encode(event("bill.weighed", {"name": "A Canary"}))
    told: list[tuple[bytes | None, int, bytes]] = [
        (KEY, HOME, BILL),
        (KEY, HOME, BILL[:-9]),
        (KEY, HOME, misshapen),
        (KEY, HOME, unknown),
        (b"A.Canary", HOME, BILL),
        (b"A Canary, 1 Canary Street", HOME, b"\xff Canary"),
        (KEY, (HOME + 1) % PARTITIONS, BILL),
        (KEY, HOME, conflict),
        (None, HOME, misshapen),
    ]
    return [
        PlainRecord(topic, partition, offset, -1, key, value, TRACE)
        for offset, (key, partition, value) in enumerate(told)
    ]


def post(harness: KafkaHarness) -> None:
    """Fill the topics of dead letters and of their notices with what the manifest step makes of the bad records."""
    topics = {Sink.DEAD_LETTERS: harness.topics.dead_letters, Sink.NOTICES: harness.topics.notices}
    step, table = ManifestStep(RULEBOOK, KEYS, PARTITIONS), Table()
    with harness.producer() as producer:
        for record in bad_records(harness.topics.shipments):
            overlay = table.overlay()
            for sent in step(record, overlay).outputs:
                if sent is not None and sent.sink in topics:
                    producer.produce(
                        topics[sent.sink], sent.value, sent.key, sent.partition, headers=list(sent.headers)
                    )
            overlay.join()


@contextmanager
def open_transaction(harness: KafkaHarness) -> Iterator[Producer]:
    """Return a producer in a transaction that is aborted at the end."""
    producer = Producer({"bootstrap.servers": harness.broker.address, "transactional.id": "aborts", "log_level": 0})
    producer.init_transactions(HANG_SECONDS)
    producer.begin_transaction()
    yield producer
    producer.flush(HANG_SECONDS)
    producer.abort_transaction(HANG_SECONDS)


def environment(harness: KafkaHarness) -> dict[str, str]:
    """What the command must know of the harness."""
    told = {"TALLYGATE_KAFKA__BROKERS": harness.broker.address, "TALLYGATE_KAFKA__PREFIX": harness.topics.prefix}
    return {**os.environ, **told, "COLUMNS": "200"}


def run(harness: KafkaHarness, *arguments: str) -> tuple[int, list[str], list[str]]:
    """Run the command without a terminal; return its exit code and the lines of both outputs."""
    done = subprocess.run(
        [*COMMAND, *arguments],
        env=environment(harness),
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "Canary" not in done.stdout + done.stderr
    return done.returncode, done.stdout.splitlines(), done.stderr.splitlines()


def letters(harness: KafkaHarness, *arguments: str) -> list[dict[str, Any]]:
    """List in JSON."""
    code, lines, _ = run(harness, "list", *arguments)
    assert code == 0
    return [msgspec.json.decode(line) for line in lines]


def run_on_terminal(
    harness: KafkaHarness, arguments: Iterable[str], answer: str = "", meanwhile: Callable[[], object] | None = None
) -> tuple[int, str]:
    """Run the command on a terminal; return its exit code and what the terminal showed.

    When it asks, `meanwhile` happens before the answer is given.
    """
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [*COMMAND, *arguments], env=environment(harness), cwd=ROOT, stdin=theirs, stdout=theirs, stderr=theirs
    )
    os.close(theirs)
    shown = b""
    try:
        # Linux reports an error when the other side is closed.
        with suppress(OSError):
            while part := os.read(ours, 65536):
                shown += part
                if shown.endswith(b"[y/N]: "):
                    if meanwhile is not None:
                        meanwhile()
                    os.write(ours, answer.encode())
        code = process.wait()
    finally:
        process.kill()
        os.close(ours)
    text = shown.decode()
    assert "Canary" not in text
    return code, text


def shipments(harness: KafkaHarness) -> list[Sent]:
    """Read what is committed in the shipments topic, partition by partition, headers included."""
    settings = {"bootstrap.servers": harness.broker.address, "group.id": "reader", "enable.auto.commit": False}
    consumer = Consumer(
        {**settings, "isolation.level": "read_committed", "enable.partition.eof": True, "fetch.wait.max.ms": 10}
    )
    found, left = [], set(range(PARTITIONS))
    try:
        consumer.assign([TopicPartition(harness.topics.shipments, partition, 0) for partition in left])
        while left:
            for message in consumer.consume(1000, TURN_SECONDS):
                if message.error():
                    left.discard(message.partition())
                else:
                    headers: list[Any] = list(message.headers() or [])
                    found.append(Sent(message.partition() or 0, message.key(), message.value(), headers))
    finally:
        consumer.close()
    return sorted(found, key=lambda sent: sent.partition)
