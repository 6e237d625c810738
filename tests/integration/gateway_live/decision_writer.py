"""What is played: decisions by number, committed in transactions, by a thread that notes when each could be read."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import msgspec
from confluent_kafka import Consumer, KafkaException, Producer, TopicPartition

from stream.decisions import Decision
from stream.partition import partition_of
from tests.kafka.harness import KafkaHarness
from tests.redis.events import DAY, decision

BILLS = 30
OUTCOMES = (("release", "actual"), ("withhold", "actual"), ("clear", "estimated"), ("reject", "actual"))
CONVEYANCES = ("air:1", "air:2")


def bill_of(number: int) -> str:
    """Return a bill by number."""
    return f"ACME{number % BILLS:04d}"


def told(number: int) -> Decision:
    """Return decision `number`: bills take turns, outcomes change, now and then one is outranked when it comes."""
    outcome, basis = OUTCOMES[number // BILLS % 4]
    late = number % 17 == 0
    return decision(
        bill_of(number), CONVEYANCES[number // 7 % 2], rank=(1, 1, 1 + (number // 2 if late else number), 1 + number),
        minutes=number % 600, outcome=outcome, basis=basis, day=DAY, cents=100 + number % 900,
    )  # fmt: skip


class DecisionWriter(threading.Thread):
    """Commits decisions at a rate, whatever Kafka does; none is sent twice, for what is in doubt is looked up."""

    def __init__(self, harness: KafkaHarness, rate: float, batch: int = 10) -> None:
        super().__init__(daemon=True)
        self.sent = 0
        self.begun_ms: dict[int, int] = {}
        """When the sending of each decision began."""
        self.ended = threading.Event()
        self._harness = harness
        self._rate = rate
        self._batch = batch

    def run(self) -> None:
        """Send until it is told to end."""
        while not self.ended.is_set():
            with suppress(KafkaException):
                self._send()
            self.ended.wait(0.2)

    def commit(self, count: int) -> None:
        """Send so many, and no more, in the caller's thread."""
        producer = self._producer()
        for first in range(self.sent, self.sent + count, self._batch):
            self._commit(producer, range(first, min(first + self._batch, self.sent + count)))
        self.sent += count

    def _producer(self) -> Producer:
        settings = {
            "bootstrap.servers": self._harness.broker.address,
            "transactional.id": f"{self._harness.topics.prefix}-writer",
            "linger.ms": 0,
            "log_level": 0,
            "transaction.timeout.ms": 10_000,
        }
        producer = Producer(settings)
        producer.init_transactions(30)
        return producer

    def _send(self) -> None:
        # A commit whose outcome is unknown: the new producer has ended it, so the topic tells how far it came.
        producer = self._producer()
        self.sent = len(self._harness.decisions())
        begun, start = time.monotonic(), self.sent
        while not self.ended.is_set():
            due = begun + (self.sent - start) / self._rate
            self.ended.wait(max(0.0, due - time.monotonic()))
            self._commit(producer, range(self.sent, self.sent + self._batch))
            self.sent += self._batch

    def _commit(self, producer: Producer, numbers: range) -> None:
        if numbers.start % 50 == 0:
            producer.begin_transaction()
            self._produce(producer, "ABORTED1", msgspec.json.encode(decision("ABORTED1", rank=(9, 9, 9, 9))))
            producer.flush(30)
            producer.abort_transaction(30)
        producer.begin_transaction()
        for number in numbers:
            self.begun_ms.setdefault(number, time.time_ns() // 1_000_000)
            self._produce(producer, bill_of(number), msgspec.json.encode(told(number)))
        producer.commit_transaction(30)

    def _produce(self, producer: Producer, bill: str, value: bytes) -> None:
        where = partition_of(bill.encode(), self._harness.partitions)
        producer.produce(self._harness.topics.decisions, value, bill.encode(), where)


class Seen(threading.Thread):
    """A reader that notes when it read each decision: from then on no answer may lack it."""

    def __init__(self, harness: KafkaHarness) -> None:
        super().__init__(daemon=True)
        self.seen_ms: dict[tuple[int, int], int] = {}
        self.ended = threading.Event()
        self._harness = harness

    def run(self) -> None:
        """Read until it is told to end."""
        consumer = Consumer(
            {
                "bootstrap.servers": self._harness.broker.address,
                "group.id": "seen",
                "enable.auto.commit": False,
                "isolation.level": "read_committed",
                "log_level": 0,
            }
        )
        consumer.assign([TopicPartition(self._harness.topics.decisions, each, 0) for each in range(4)])
        while not self.ended.is_set():
            message = consumer.poll(0.1)
            if message is not None and not message.error():
                self.seen_ms[message.partition() or 0, message.offset() or 0] = time.time_ns() // 1_000_000
        consumer.close()


@contextmanager
def writing(harness: KafkaHarness, rate: float) -> Iterator[tuple[DecisionWriter, Seen]]:
    """Commit decisions, and note when they can be read, until the block ends."""
    writer, seen = DecisionWriter(harness, rate), Seen(harness)
    seen.start()
    writer.start()
    try:
        yield writer, seen
    finally:
        for thread in (writer, seen):
            thread.ended.set()
            thread.join()
