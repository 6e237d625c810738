"""Both real steps under fire: a simulated day from shipment events to decisions, audited by replaying the logs.

What must be in a topic follows from the log before it alone: the audit runs fresh steps over what was published,
without a broker, and compares every record there is with what they say, byte for byte.
"""

import json
import random
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import Any

from confluent_kafka import Producer

from agents.demo.agenda import Planned
from agents.demo.simulated_day import SimulatedDay
from agents.settings.kafka_group import KafkaSettings
from agents.settings.key_group import KeySettings
from agents.settings.settings import Settings
from agents.worker.steps import manifest_step, withholding_step
from state.step import Step
from state.table import Table
from stream.partition import partition_of
from stream.records import Outgoing, PlainRecord, Sink
from stream.topics import TOPIC_RECORD_BYTES
from tests.chaos.hostile import hostile_values
from tests.chaos.rebuilding import rebuild_faults
from tests.chaos.scenario import Post
from tests.chaos.topic_records import Log, log_of, records_left, records_open
from tests.chaos.toy import FLUSH_SECONDS, IDEMPOTENT
from tests.kafka.harness import KafkaHarness

BILLS_A_DAY = 20_000
JOIN_RECORDS = 1000
HOSTILE_EVERY = 5_000
"""Events between two records that were made to take long."""
Sent = tuple[bytes | None, bytes | None]


class CustomsScenario:
    """Events of one simulated day after the other, their repeats, late versions and bad records among them."""

    def __init__(self, seed: int, harness: KafkaHarness, bills: int = BILLS_A_DAY) -> None:
        """Draw days of so many bills from a seed; the bills of a second day conflict with those of the first."""
        self._events = self.events(seed, bills)
        self._producer: Producer | None = None
        self._secret = harness.folder / "secret"
        self._secret.write_bytes(b"a secret of the chaos run")
        secret = (("key__secret_file", str(self._secret)),)
        self.posts = [Post(name, step, secret) for step in ("manifest", "withholding") for name in ("a", "b", "c")]
        self.accounted: Counter[str] = Counter()
        """Shipment events by what became of them."""
        self.met: Counter[str] = Counter()

    @staticmethod
    def events(seed: int, bills: int = BILLS_A_DAY) -> Iterator[Planned]:
        """Yield one day after the other, drawn from a seed, and now and then a hostile record."""
        dice = random.Random(seed)
        hostile = hostile_values(dice)
        while True:
            for number, planned in enumerate(SimulatedDay(dice, bills), 1):
                yield planned
                if number % HOSTILE_EVERY == 0:
                    yield planned._replace(value=next(hostile), kind="hostile")

    def skip(self, count: int) -> None:
        """Pass over events that were published by a former process."""
        for _ in islice(self._events, count):
            pass

    def feed(self, harness: KafkaHarness, count: int) -> None:
        """Publish events, idempotently."""
        if self._producer is None:
            large = {"message.max.bytes": TOPIC_RECORD_BYTES}
            self._producer = Producer({"bootstrap.servers": harness.broker.address, **IDEMPOTENT, **large})
        for event in islice(self._events, count):
            self.before(harness, event)
            partition = (partition_of(event.key, harness.partitions) + event.shift) % harness.partitions
            self._producer.produce(harness.topics.shipments, event.value, event.key, partition)
        self.flush()

    def before(self, harness: KafkaHarness, event: Planned) -> None:
        """Do what must be done before an event is published; nothing here."""

    def flush(self) -> None:
        """Wait until what was published is acknowledged."""
        if self._producer is not None and self._producer.flush(FLUSH_SECONDS):
            raise TimeoutError("events were not delivered")

    def behind(self, harness: KafkaHarness) -> int:
        """Count the records that are not judged, or not yet committed; those of the first step come first."""
        topics = harness.topics
        outputs = (topics.postings, topics.decisions, topics.alerts, topics.dead_letters, topics.notices)
        return (
            records_left(harness, "manifest", topics.shipments)
            or records_left(harness, "withholding", topics.postings)
            or records_open(harness, outputs)
        )

    def audit(self, harness: KafkaHarness) -> list[str]:
        """Replay shipments into postings and dead letters, and postings into decisions and alerts."""
        topics = harness.topics
        shipments, postings = log_of(harness, topics.shipments), log_of(harness, topics.postings)
        judged: dict[int, list[Outgoing]] = {}
        for number, records in shipments.items():
            judged[number] = list(_replay(self.manifest(harness), records, self.accounted))
        faults = same(
            "dead letters",
            by_partition(judged.values(), Sink.DEAD_LETTERS),
            _sent(log_of(harness, topics.dead_letters)),
        )
        faults += same("notices", by_partition(judged.values(), Sink.NOTICES), _sent(log_of(harness, topics.notices)))
        faults += self._postings(judged, postings)
        decided = {
            number: list(_replay(self.withholding(harness), records, Counter())) for number, records in postings.items()
        }
        faults += self._decisions(decided, log_of(harness, topics.decisions), harness.partitions)
        faults += same("alerts", by_partition(decided.values(), Sink.ALERTS), _sent(log_of(harness, topics.alerts)))
        read = sum(map(len, shipments.values()))
        if read != self.accounted.total():
            faults.append(f"{read} events read, {self.accounted.total()} accounted for")
        self.accounted["alerted"] = sum(map(len, by_partition(decided.values(), Sink.ALERTS).values()))
        return faults + [f"halted: {halt.sentence()}" for halt in harness.halts()]

    def settings(self, harness: KafkaHarness, **more: Any) -> Settings:
        """Return the settings under which the steps are replayed."""
        kafka = KafkaSettings(brokers=harness.broker.address, prefix=harness.topics.prefix)
        return Settings(kafka=kafka, key=KeySettings(secret_file=self._secret), **more)

    def manifest(self, harness: KafkaHarness) -> Step:
        """Return a fresh manifest step, for the replay of one partition."""
        return manifest_step(self.settings(harness), harness.partitions)

    def withholding(self, harness: KafkaHarness) -> Step:
        """Return a fresh withholding step, for the replay of one partition."""
        return withholding_step(self.settings(harness), harness.partitions)

    def rebuild(self, harness: KafkaHarness) -> list[str]:
        """Rebuild from the postings, and compare the decisions that hold."""
        return rebuild_faults(harness, dict(self.posts[0].settings))

    @staticmethod
    def _decisions(decided: Mapping[int, list[Outgoing]], decisions: Log, partitions: int) -> list[str]:
        """Compare what each postings partition sent to each decisions partition; between them any order is right."""
        wanted = {
            (source, number): values
            for source, outputs in decided.items()
            for number, values in by_partition([outputs], Sink.DECISIONS).items()
        }
        found: defaultdict[tuple[int, int], list[Sent]] = defaultdict(list)
        for number, records in decisions.items():
            for record in records:
                consignee = json.loads(record.value or b"")["data"]["consignee"]
                found[partition_of(consignee.encode(), partitions), number].append((record.key, record.value))
        return same("decisions", wanted, found)

    @staticmethod
    def _postings(judged: Mapping[int, list[Outgoing]], postings: Log) -> list[str]:
        """Compare what each shipments partition sent to each postings partition; between them any order is right."""
        wanted = {
            (source, number): values
            for source, outputs in judged.items()
            for number, values in by_partition([outputs], Sink.POSTINGS).items()
        }
        found: defaultdict[tuple[int, int], list[Sent]] = defaultdict(list)
        for number, records in postings.items():
            for record in records:
                found[source_of(record.value or b""), number].append((record.key, record.value))
        return same("postings", wanted, found)


def _replay(step: Step, records: list[PlainRecord], fates: Counter[str]) -> Iterator[Outgoing]:
    """Yield what a fresh step sends for a whole partition, and count what became of its records."""
    table = Table()
    overlay = table.overlay()
    for count, record in enumerate(records, 1):
        result = step(record, overlay)
        yield from (outgoing for outgoing in result.outputs if outgoing is not None)
        fates[result.fate] += 1
        if count % JOIN_RECORDS == 0:
            overlay.join()
            overlay = table.overlay()


def source_of(posting: bytes) -> int:
    """Read the shipments partition out of a posting without its type: the last such field but one."""
    at = posting.rindex(b'"partition":', 0, posting.index(b'"bills":')) + len(b'"partition":')
    return int(posting[at : posting.index(b",", at)])


def by_partition(outputs: Iterable[list[Outgoing]], sink: Sink) -> dict[int, list[Sent]]:
    """Return the records for one sink by partition, in order."""
    found: defaultdict[int, list[Sent]] = defaultdict(list)
    for outgoing in (one for sent in outputs for one in sent):
        if outgoing.sink == sink:
            found[outgoing.partition].append((outgoing.key, outgoing.value))
    return dict(found)


def same(what: str, wanted: Mapping[Any, list[Any]], found: Mapping[Any, list[Any]]) -> list[str]:
    """Compare records, or what stands for each, place by place, and give a line for each place where they differ."""
    faults = []
    for place in sorted({*wanted, *found}, key=str):
        right, there = wanted.get(place, []), found.get(place, [])
        if right != there:
            lost, more = Counter(right) - Counter(there), Counter(there) - Counter(right)
            faults.append(
                f"{what} of {place}: {lost.total()} lost, {more.total()} repeated or wrong, of {len(right)}"
                + (", or in another order" if not lost and not more else "")
            )
    return faults


def _sent(log: Log) -> dict[int, list[Sent]]:
    return {number: [(record.key, record.value) for record in records] for number, records in log.items()}
