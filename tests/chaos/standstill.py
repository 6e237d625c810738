"""How long judging stands still: records keep coming, workers are kept up, and each partition's decisions are timed."""

import random
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple, Self

from confluent_kafka import Consumer, Producer, TopicPartition

from tests.chaos.toy import IDEMPOTENT
from tests.kafka.harness import TOY, KafkaHarness
from tests.kafka.worker import WorkerProcess
from tests.waiting import wait_for

TICK_SECONDS = 0.1
FIRST_BACKOFF, LONGEST_BACKOFF = 1.0, 30.0
"""As the supervisor's."""
FRESH_SECONDS = 2.0
STEADY_LOOKS = 80
"""Longer together than it takes to notice that a partition stands still."""


class Standstill(NamedTuple):
    """How long it took after something was mended."""

    first: float
    """Seconds to the first decision."""
    every: float
    """Seconds until every partition had one."""


class Post:
    """A worker that is started again as the supervisor would, 1 s after its end, then 2, 4 and so on."""

    worker: WorkerProcess | None

    def __init__(self, harness: KafkaHarness, name: str, settings: dict[str, str]) -> None:
        self._harness, self._name, self.settings = harness, name, settings
        self._backoff, self._due = FIRST_BACKOFF, 0.0
        self.ends: list[tuple[float, int]] = []
        """When it ended, and how."""
        self.worker = None

    def look(self) -> None:
        """Start it if it is due; note its end."""
        if self.worker is None:
            if time.monotonic() >= self._due:
                self.worker = self._harness.worker(self._name, TOY, **self.settings)
        elif not self.worker.alive:
            self.ends.append((time.monotonic(), self.worker.process.returncode))
            self.worker, self._due = None, time.monotonic() + self._backoff
            self._backoff = min(2 * self._backoff, LONGEST_BACKOFF)

    def rested(self) -> None:
        """Take it as one that has lived for long."""
        self._backoff = FIRST_BACKOFF
        self.ends.clear()


class Stand:
    """Two workers of the toy step over the partitions of a harness."""

    def __init__(self, harness: KafkaHarness, brokers: str, **settings: str) -> None:
        """Prepare; workers reach Kafka at `brokers`."""
        settings = {"kafka__brokers": brokers, "worker__session_timeout_ms": "10000", **settings}
        self.harness = harness
        self.posts = [Post(harness, name, dict(settings)) for name in ("a", "b")]
        self._decided: dict[int, tuple[float, float]] = {}
        """By partition: when its latest decision was seen, and when that record was produced."""
        self._lock = threading.Lock()
        self._over = threading.Event()
        self._threads = [threading.Thread(target=each, daemon=True) for each in (self._keep, self._feed, self._watch)]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join()

    def steady(self) -> None:
        """Wait until all partitions have been judged without delay for some seconds."""
        looks = [0]

        def fresh() -> bool:
            looks[0] = looks[0] + 1 if self._lag() < FRESH_SECONDS and self._all_run() else 0
            return looks[0] >= STEADY_LOOKS

        wait_for(fresh, "judging to be steady", 180)
        for post in self.posts:
            post.rested()

    def _all_run(self) -> bool:
        return all(post.worker is not None and post.worker.alive for post in self.posts)

    def _lag(self) -> float:
        with self._lock:
            produced = [made for _seen, made in self._decided.values()]
        return time.monotonic() - min(produced) if len(produced) == self.harness.partitions else float("inf")

    def wait_after(self, begun: float, mended: float, what: str) -> Standstill:
        """Wait until each partition has a decision, after `mended`, on a record that was produced after `begun`."""
        seen: dict[int, float] = {}

        def all_seen() -> bool:
            with self._lock:
                for partition, (at, made) in self._decided.items():
                    if at > mended and made >= begun:
                        seen.setdefault(partition, at - mended)
            return len(seen) == self.harness.partitions

        wait_for(all_seen, f"decisions after: {what}", 300)
        return Standstill(min(seen.values()), max(seen.values()))

    def _keep(self) -> None:
        while not self._over.is_set():
            for post in self.posts:
                post.look()
            time.sleep(TICK_SECONDS / 5)

    def _feed(self) -> None:
        """Produce a record a tick and partition, its key the time."""
        producer = Producer({"bootstrap.servers": self.harness.broker.address, **IDEMPOTENT})
        while not self._over.is_set():
            for partition in range(self.harness.partitions):
                producer.produce(self.harness.topics.postings, b"x", b"%.3f" % time.monotonic(), partition)
            producer.poll(0)
            time.sleep(TICK_SECONDS)
        producer.flush(60)

    def _watch(self) -> None:
        with self._reader() as reader:
            while not self._over.is_set():
                for message in reader.consume(1000, 0.05):
                    if message.error() is None:
                        made = float((message.value() or b"").split(b" ")[0])
                        with self._lock:
                            self._decided[message.partition() or 0] = (time.monotonic(), made)

    @contextmanager
    def _reader(self) -> Iterator[Consumer]:
        quick = {"reconnect.backoff.max.ms": 200, "socket.timeout.ms": 10_000, "log_level": 0}
        reader = Consumer(
            {
                "bootstrap.servers": self.harness.broker.address,
                "group.id": f"standstill-{random.randrange(10**9)}",
                "enable.auto.commit": False,
                "isolation.level": "read_committed",
                "fetch.wait.max.ms": 50,
                **quick,
            }
        )
        reader.assign([TopicPartition(self.harness.topics.decisions, number, 0) for number in range(4)])
        try:
            yield reader
        finally:
            reader.close()
