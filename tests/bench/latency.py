"""From producing a shipment event to reading the decisions it caused, read-committed, at a given rate."""

import threading
import time
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Final, NamedTuple

import msgspec
from confluent_kafka import Consumer, Producer, TopicPartition

from tests.bench.kafka_bench import KafkaBench, Look, look_away
from tests.bench.loading import Row
from tests.bench.mix import day_rows
from tests.bench.processor import Shares
from tests.bench.report import Figure
from tests.kafka.harness import KafkaHarness
from tests.kafka.worker import WorkerProcess

GOALS_MS: Final = {300: 100, 2500: 150}
WARM_SECONDS: Final = 4.0
WARM_RATE: Final = 1500
TICK_SECONDS: Final = 0.002
QUIET_SECONDS: Final = 1.5
RECORD_BYTES: Final = 2_000_000


class Cause(msgspec.Struct):
    """The part of a decision that says which shipment record led to it."""

    partition: int
    offset: int


class Data(msgspec.Struct):
    """The part of a decision that holds its cause."""

    cause: Cause


class Decision(msgspec.Struct):
    """As much of a decision as is needed."""

    data: Data


class Run(NamedTuple):
    """Milliseconds for each decision, in rising order, and the share of a core that each process took."""

    taken_ms: list[float]
    shares: dict[str, float]
    transactions: dict[str, float]
    """Committed a second, by step."""


class Reader(threading.Thread):
    """Reads decisions as they are committed and notes when."""

    def __init__(self, harness: KafkaHarness) -> None:
        super().__init__(daemon=True)
        self._harness = harness
        self.read: list[tuple[float, bytes]] = []
        self.ended = threading.Event()

    def run(self) -> None:
        """Read until it is told to end."""
        settings = {"group.id": "bench", "isolation.level": "read_committed", "enable.auto.commit": False}
        consumer = Consumer({"bootstrap.servers": self._harness.broker.address, **settings})
        topic, partitions = self._harness.topics.decisions, range(self._harness.partitions)
        consumer.assign([TopicPartition(topic, partition, 0) for partition in partitions])
        while not self.ended.is_set():
            message = consumer.poll(0.2)
            if message is not None and not message.error():
                self.read.append((time.monotonic(), message.value() or b""))
        consumer.close()

    def wait_until_quiet(self) -> None:
        """Wait until no decision has come for a while, then stop reading."""
        seen = -1
        while seen != len(self.read):
            seen = len(self.read)
            time.sleep(QUIET_SECONDS)
        self.ended.set()
        self.join()


class Source:
    """Produces events at an even rate and notes when each was handed to the client."""

    def __init__(self, harness: KafkaHarness, rate: int) -> None:
        self._producer = Producer(
            {
                "bootstrap.servers": harness.broker.address,
                "linger.ms": 1,
                "enable.idempotence": True,
                "message.max.bytes": RECORD_BYTES,
            }
        )
        self._topic = harness.topics.shipments
        self._rate = rate
        self.sent: dict[int, list[float]] = {}
        """Moments by partition; the place in the list is the offset, since nothing else writes there."""

    def play(self, rows: list[Row]) -> None:
        """Send the rows, each when it is due."""
        begun = time.monotonic()
        for number, (partition, key, value) in enumerate(rows):
            due = begun + number / self._rate
            while due > time.monotonic():
                time.sleep(TICK_SECONDS)
                self._producer.poll(0)
            self.sent.setdefault(partition, []).append(time.monotonic())
            self._producer.produce(self._topic, value, key, partition)
        if self._producer.flush(60):
            raise TimeoutError("events were not delivered")


def run(kafka_bench: KafkaBench, rate: int, seconds: float, look: Look = look_away, warm: float = WARM_SECONDS) -> Run:
    """Play a simulated day at a rate; the first seconds warm up and do not count."""
    count = int(rate * (seconds + warm))
    rows = list(islice(day_rows(count, kafka_bench.partitions), count))
    warming = int(rate * warm)
    with kafka_bench.harness() as harness:
        workers = {step: kafka_bench.worker(harness, step) for step in ("withholding", "manifest")}
        reader, source = Reader(harness), Source(harness, rate)
        reader.start()
        source.play(rows[:warming])
        counting, before = time.monotonic(), _transactions(workers)
        broker = kafka_bench.broker._process
        pids = {step: worker.process.pid for step, worker in workers.items()} | {"broker": broker.pid if broker else 0}
        shares = Shares(pids)
        source.play(rows[warming:])
        used, lasted = shares.end(), time.monotonic() - counting
        committed = {step: (after - before[step]) / lasted for step, after in _transactions(workers).items()}
        reader.wait_until_quiet()
        for worker in workers.values():
            worker.stop()
        look(harness)
    return Run(sorted(_taken_ms(reader, source, counting)), used, committed)


def _transactions(workers: Mapping[str, WorkerProcess]) -> dict[str, int]:
    return {step: worker.last().get("transactions", 0) for step, worker in workers.items()}


def _taken_ms(reader: Reader, source: Source, since: float) -> Iterator[float]:
    decode = msgspec.json.Decoder(Decision).decode
    for moment, value in reader.read:
        cause = decode(value).data.cause
        sent = source.sent[cause.partition][cause.offset]
        if sent >= since:
            yield (moment - sent) * 1000


def percentile(ordered: list[float], per_cent: float) -> float:
    """Return the value below which so many per cent are."""
    return ordered[min(len(ordered) - 1, int(len(ordered) * per_cent / 100))]


def measure(kafka_bench: KafkaBench, seconds: float, runs: int, rates: dict[int, int] = GOALS_MS) -> Iterator[Figure]:
    """Yield percentiles and shares of the processor at each rate."""
    # A broker that has just started is still being compiled, and takes more than a core for that.
    run(kafka_bench, WARM_RATE, WARM_SECONDS, warm=0)
    for rate, goal in rates.items():
        played = [run(kafka_bench, rate, seconds) for _ in range(runs)]
        decisions = len(played[0].taken_ms)
        words = f"{rate:,} events/s of a simulated day, {seconds:g} s, produce() to poll(), {decisions:,} decisions"
        for per_cent in (50, 99):
            samples = tuple(percentile(each.taken_ms, per_cent) for each in played)
            bound = goal if per_cent == 99 else None
            yield Figure(f"latency p{per_cent} at {rate:,}/s", "ms", samples, words, bound, at_most=True)
        for name in played[0].shares:
            shares = tuple(each.shares[name] * 100 for each in played)
            yield Figure(f"  {name} at {rate:,}/s", "% of a core", shares, "processor time while the events are sent")
        for step in played[0].transactions:
            committed = tuple(each.transactions[step] for each in played)
            yield Figure(f"  {step} commits at {rate:,}/s", "1/s", committed, "transactions of its worker")
