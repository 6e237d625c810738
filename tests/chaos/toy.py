"""The toy step under fire: a decision for each record, its count right only if nothing was lost or repeated."""

import random
from collections import Counter
from collections.abc import Iterator
from itertools import islice

from confluent_kafka import Producer

from tests.chaos.scenario import Post
from tests.kafka.harness import TOY, KafkaHarness

KEYS = 200
IDEMPOTENT = {"enable.idempotence": True, "message.timeout.ms": 300_000, "linger.ms": 5, "log_level": 0}
FLUSH_SECONDS = 300.0


class ToyScenario:
    """Records under some hundred keys a partition, among them dead letters and stale ones."""

    def __init__(self, seed: int, harness: KafkaHarness) -> None:
        """Draw the records from a seed."""
        self._records = self._drawn(random.Random(seed), harness.partitions)
        self._producer: Producer | None = None
        self.accounted: Counter[str] = Counter()
        self.met: Counter[str] = Counter()
        self.posts = [Post(name, TOY) for name in ("a", "b", "c")]

    @staticmethod
    def _drawn(dice: random.Random, partitions: int) -> Iterator[tuple[int, bytes, bytes]]:
        while True:
            partition = dice.randrange(partitions)
            key = b"k%d-%d" % (partition, dice.randrange(KEYS))
            yield partition, key, dice.choices([b"x", b"!stale", b"!dead bad-shape"], [96, 2, 2])[0]

    def skip(self, count: int) -> None:
        """Pass over records that a former process has produced."""
        for _ in islice(self._records, count):
            pass

    def feed(self, harness: KafkaHarness, count: int) -> None:
        """Produce records, idempotently."""
        if self._producer is None:
            self._producer = Producer({"bootstrap.servers": harness.broker.address, **IDEMPOTENT})
        for partition, key, value in islice(self._records, count):
            self._producer.produce(harness.topics.postings, value, key, partition)
        if self._producer.flush(FLUSH_SECONDS):
            raise TimeoutError("records were not delivered")

    def behind(self, harness: KafkaHarness) -> int:
        """Compare how much was read and judged; a first look that costs little enough."""
        return self._expected(harness).total() - len(harness.decisions())

    @staticmethod
    def _expected(harness: KafkaHarness) -> Counter[bytes]:
        rows = [row for rows in harness.read(harness.topics.postings).values() for row in rows]
        return Counter(key or b"" for _offset, key, value in rows if value == b"x")

    def rebuild(self, harness: KafkaHarness) -> list[str]:  # noqa: ARG002 - a toy has no rebuild
        """Do nothing."""
        return []

    def audit(self, harness: KafkaHarness) -> list[str]:
        """Compare input and output record by record."""
        faults = []
        decisions = harness.read(harness.topics.decisions)
        letters = harness.read(harness.topics.dead_letters)
        for partition, rows in harness.read(harness.topics.postings).items():
            counts: Counter[bytes | None] = Counter()
            wanted = []
            for offset, key, value in rows:
                if value == b"x":
                    counts[key] += 1
                    wanted.append(b"%b %d %d %d" % (key or b"", counts[key], partition, offset))
            found = [value for _offset, _key, value in decisions.get(partition, [])]
            if found != wanted:
                judged = Counter(value or b"" for value in found)
                lost, more = Counter(wanted) - judged, judged - Counter(wanted)
                faults.append(
                    f"partition {partition}: {lost.total()} lost, {more.total()} repeated or wrong, of {len(wanted)}"
                )
            self.accounted["applied"] += len(wanted)
            dead = sum(value == b"!dead bad-shape" for _offset, _key, value in rows)
            if dead != len(letters.get(partition, [])):
                faults.append(f"partition {partition}: {len(letters.get(partition, []))} dead letters of {dead}")
        return faults + [f"halted: {halt.sentence()}" for halt in harness.halts()]
