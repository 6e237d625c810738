"""What a test plays on: the topics of one prefix, clients that share no code with ours, and worker processes."""

import asyncio
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from confluent_kafka import Consumer, Producer, TopicPartition

from agents.engine.control import Halt, lift_halt, read_halts
from agents.kafka.connection import Connection
from agents.kafka.topic_admin import create_topics
from stream.topics import KEPT_DAYS, TopicPlan, Topics
from tests.kafka.broker import Broker
from tests.kafka.dead_members import remove_members
from tests.kafka.worker import WorkerProcess
from tests.waiting import HANG_SECONDS, none_lives, wait_for

TOY = "tests.toy.step:toy"
TURN_SECONDS = 0.05
"""`consume` waits for so long unless it gets as many records as it is asked for, which no test has."""

Row = tuple[int, bytes | None, bytes | None]
"""Offset, key and value of a record that was read."""


class KafkaHarness:
    """Topics, clients and workers of one test."""

    def __init__(self, broker: Broker, prefix: str, folder: Path) -> None:
        """Play under `prefix`; workers log into `folder`."""
        self.broker = broker
        self.topics = Topics(prefix=prefix)
        self.connection = Connection(broker.address)
        self.folder = folder
        self.partitions = 0
        self.workers: list[WorkerProcess] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for worker in self.workers:
            worker.kill()
            if error is not None:
                print(f"{worker.path}:\n{worker.log()[-4000:]}")

    def create_topics(
        self,
        partitions: int,
        leave_out: Iterable[str] = (),
        steps: Iterable[str] = ("toy",),
        days: int = KEPT_DAYS,
    ) -> None:
        """Create the project's topics, which keep records for so many days, and the changelogs of further steps."""
        self.partitions = partitions
        plans = list(self.topics.plans(days))
        compact = plans[-1].config
        plans += [TopicPlan(self.topics.changelog(step), compact) for step in steps]
        wanted = [plan for plan in plans if plan.name not in set(leave_out)]
        asyncio.run(create_topics(self.connection, wanted, partitions, 1))

    def worker(self, name: str = "0", step: str = TOY, **settings: str) -> WorkerProcess:
        """Start a worker process; settings are environment variables without prefix, such as `worker__gather_ms`."""
        environment = {
            "TALLYGATE_KAFKA__BROKERS": self.broker.address,
            "TALLYGATE_KAFKA__PREFIX": self.topics.prefix,
            "TALLYGATE_WORKER__NAME": name,
            "TALLYGATE_WORKER__SESSION_TIMEOUT_MS": "6000",
        }
        environment |= {f"TALLYGATE_{key.upper()}": value for key, value in settings.items()}
        worker = WorkerProcess(step, environment, self.folder / f"worker-{name}-{len(self.workers)}.log")
        self.workers.append(worker)
        return worker

    @contextmanager
    def producer(self, **more: Any) -> Iterator[Producer]:
        """Yield a producer; everything is delivered when the block ends."""
        made = Producer({"bootstrap.servers": self.broker.address, "linger.ms": 5, "log_level": 0, **more})
        yield made
        if made.flush(HANG_SECONDS):
            raise TimeoutError("records were not delivered")

    def produce(self, values: Iterable[bytes], partition: int, key: bytes | None = None, topic: str = "") -> None:
        """Send values to a partition of the postings topic, each under a key of its own unless one is given."""
        with self.producer() as producer:
            for number, value in enumerate(values):
                name = key or b"key-%d-%d" % (partition, number)
                producer.produce(topic or self.topics.postings, value, name, partition)
                producer.poll(0)

    @contextmanager
    def _reader(self, topic: str, isolation: str) -> Iterator[Consumer]:
        """Yield a client that stands at the beginning of a topic."""
        consumer = Consumer(
            {
                "bootstrap.servers": self.broker.address,
                "group.id": "reader-of-tests",
                "enable.auto.commit": False,
                "isolation.level": isolation,
                "enable.partition.eof": True,
                "fetch.wait.max.ms": 10,
            }
        )
        try:
            consumer.assign([TopicPartition(topic, partition, 0) for partition in range(self.partitions)])
            yield consumer
        finally:
            consumer.close()

    def read(self, topic: str, *, isolation: str = "read_committed") -> dict[int, list[Row]]:
        """Read a topic from its beginning to its present end, by partition."""
        found: dict[int, list[Row]] = {}
        with self._reader(topic, isolation) as consumer:
            left = set(range(self.partitions))
            while left:
                for message in consumer.consume(10_000, TURN_SECONDS):
                    partition = message.partition()
                    if partition is None or message.error():
                        left.discard(partition or 0)
                    else:
                        row = (message.offset() or 0, message.key(), message.value())
                        found.setdefault(partition, []).append(row)
        return found

    def values(self, topic: str) -> list[bytes]:
        """Return the values in a topic, partition by partition."""
        return [value or b"" for _, rows in sorted(self.read(topic).items()) for _offset, _key, value in rows]

    def decisions(self) -> list[bytes]:
        """Return all committed decisions."""
        return self.values(self.topics.decisions)

    def wait_for_decisions(self, count: int, seconds: float = HANG_SECONDS) -> list[bytes]:
        """Wait until so many decisions are committed, and read the topic from its beginning."""
        found = [0]

        def enough() -> bool:
            found[0] += sum(message.error() is None for message in reader.consume(10_000, TURN_SECONDS))
            return found[0] >= count

        try:
            with self._reader(self.topics.decisions, "read_committed") as reader:
                wait_for(enough, f"{count} decisions", seconds, self.deserted)
        except TimeoutError as error:
            logs = "\n".join(worker.log()[-3000:] for worker in self.workers)
            raise TimeoutError(f"{error}, found {found[0]}; {logs}") from None
        return self.decisions()

    def bury(self, step: str = "toy") -> None:
        """Have workers of a step that were killed, or refused to go on, leave their group at once; none of them lives.

        Without this the next worker waits until their sessions are over, which tests/integration/engine/test_judging.py
        and the chaos run prove of killed workers, `test_another_fingerprint` of one that refused.
        """
        assert not any(worker.alive for worker in self.workers if worker.step.rpartition(":")[2] == step)
        remove_members(self.connection, [self.topics.group(step)])

    def deserted(self) -> str:
        """Say how the last worker ended, where the test has started some and none lives."""
        return none_lives(self.workers)()

    def halts(self) -> list[Halt]:
        """Return the halts that stand."""
        return asyncio.run(read_halts(self.connection, self.topics))

    def lift(self, halt: Halt) -> None:
        """Lift a halt."""
        asyncio.run(lift_halt(self.connection, self.topics, halt))
