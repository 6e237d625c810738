"""A load of decisions on a real Kafka, projections as processes, and a look at what became of it in Redis."""

import os
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random

import msgspec
from confluent_kafka import Consumer, TopicPartition
from redis.exceptions import RedisError

from stream.partition import partition_of
from tests.kafka.harness import KafkaHarness
from tests.prerequisites import ROOT
from tests.redis.contents import Contents, compared, contents, recomputed
from tests.redis.events import DAY, alert, decision
from tests.redis.server import RedisServer
from tests.waiting import none_lives, wait_for

BATCH = 500


def decisions_of(count: int, seed: int, bills: int = 400) -> Iterator[bytes]:
    """Return decisions with rising and sometimes falling ranks, on few bills, conveyances, consignees and days."""
    random = Random(seed)
    for number in range(count):
        bill, conveyance = f"ACME{random.randrange(bills):05d}", f"air:{random.randrange(2)}"
        # Of one rank there is one decision, so the number makes it unlike any other.
        rank = (1, 1 + number // 100 - random.randrange(2) if number > 100 else 1, 1, 1 + number)
        cents = random.randrange(1, 80_000)
        made = decision(
            bill, conveyance, rank=rank, cents=cents, counts=random.random() < 0.7, minutes=random.randrange(60),
            consignee=f"na2:{random.randrange(20)}", day=None if random.random() < 0.1 else DAY,
        )  # fmt: skip
        yield msgspec.json.encode(made)


class ProjectionProcess:
    """One `python -m agents.readmodel`."""

    def __init__(self, environment: dict[str, str], log: Path) -> None:
        self._log = log
        with log.open("wb") as output:
            command = [sys.executable, "-m", "agents.readmodel"]
            environment = {**os.environ, **environment}
            self.process = subprocess.Popen(command, stdout=output, stderr=output, env=environment, cwd=ROOT)

    def log(self) -> str:
        """Return all that it has said."""
        return self._log.read_text()

    @property
    def pid(self) -> int:
        """Return its process id."""
        return self.process.pid

    def kill(self) -> None:
        """End it with kill -9."""
        self.process.kill()
        self.process.wait()

    def stop(self) -> int:
        """Stop it in order and give its exit status."""
        self.process.terminate()
        return self.process.wait()


class ReadModelHarness:
    """Topics, one Redis, projections; all decisions sent are remembered."""

    def __init__(self, harness: KafkaHarness, redis: RedisServer) -> None:
        self.harness = harness
        self.redis = redis
        self.prefix = harness.topics.prefix
        self.sent: list[bytes] = []
        self.alerts: list[bytes] = []
        self.projections: list[ProjectionProcess] = []

    @property
    def environment(self) -> dict[str, str]:
        """Return the settings of processes on this read model."""
        return {
            "TALLYGATE_KAFKA__BROKERS": self.harness.broker.address,
            "TALLYGATE_KAFKA__PREFIX": self.prefix,
            "TALLYGATE_REDIS__URL": self.redis.url,
            "TALLYGATE_WORKER__SESSION_TIMEOUT_MS": "6000",
        }

    def project(self) -> ProjectionProcess:
        """Start a projection."""
        made = ProjectionProcess(self.environment, self.harness.folder / f"projection-{len(self.projections)}.log")
        self.projections.append(made)
        return made

    def send(self, decisions: Iterable[bytes], alerts: Iterable[bytes] = ()) -> None:
        """Send decisions and alerts in transactions, as the engine does, with one now and then that is aborted."""
        decisions, alerts = list(decisions), list(alerts)
        self.sent += decisions
        self.alerts += alerts
        with self.harness.producer(**{"transactional.id": f"{self.prefix}-tests"}) as producer:
            producer.init_transactions(30)
            aborted = msgspec.json.encode(decision("ABORTED1", rank=(9, 9, 9, 9)))
            batches = [decisions[at : at + BATCH] for at in range(0, len(decisions), BATCH)]
            for number, batch in enumerate(batches or [[]]):
                producer.begin_transaction()
                producer.produce(self.harness.topics.decisions, aborted, b"ABORTED1", 0)
                producer.flush(30)  # the broker refuses to abort a transaction that it has not heard of
                producer.abort_transaction(30)
                producer.begin_transaction()
                for value in batch:
                    bill = msgspec.json.decode(value)["data"]["bill"].encode()
                    where = partition_of(bill, self.harness.partitions)
                    producer.produce(self.harness.topics.decisions, value, bill, where)
                for value in alerts if number == 0 else ():
                    producer.produce(self.harness.topics.alerts, value, b"na2:a", 0)
                producer.commit_transaction(30)

    def positions(self) -> dict[bytes, bytes]:
        """Return the positions that Redis holds; none while it is away."""
        try:
            with self.redis.client() as client:
                return dict(client.hgetall(f"{{{self.prefix}}}:v2:positions"))
        except RedisError:
            return {}

    def applied(self) -> int:
        """Return the offsets that Redis has behind it, over all partitions of decisions."""
        return sum(int(value) for name, value in self.positions().items() if name.startswith(b"at:decisions/"))

    def settle(self) -> None:
        """Wait until everything that is committed now is in Redis, by the projection's own word."""
        now_ms = time.time() * 1_000

        def fresh() -> bool:
            known = [int(value) for name, value in self.positions().items() if name.startswith(b"fresh:")]
            return len(known) == 2 * self.harness.partitions and min(known) > now_ms

        try:
            wait_for(fresh, "the projection to catch up", in_vain=none_lives(self.projections))
        except TimeoutError as error:
            logs = "\n".join(each.log()[-2000:] for each in self.projections)
            raise TimeoutError(f"{error}: {self.positions()}; {logs}") from None

    def found(self) -> Contents:
        """Return what is in Redis, of what is compared."""
        return compared(contents(self.redis, self.prefix))

    def expected(self) -> Contents:
        """Return what ought to be in Redis, from what was sent and, as a check of that, from the topics themselves."""
        readable = [value for value in self.harness.values(self.harness.topics.decisions) if value.startswith(b"{")]
        assert sorted(readable) == sorted(self.sent)
        return recomputed(readable, self.harness.values(self.harness.topics.alerts))

    def changes(self) -> list[tuple[bytes, bytes]]:
        """Return the changes as bill with conveyance, and place."""
        entries = contents(self.redis, self.prefix)["changes"]
        return [(each[b"bill"] + b" " + each[b"conveyance"], each[b"at"]) for each in entries]

    def committed(self) -> int:
        """Return the sum of the offsets that the projection's group has committed in the decisions topic."""
        group = self.harness.topics.group("projection")
        consumer = Consumer({"bootstrap.servers": self.harness.broker.address, "group.id": group})
        try:
            wanted = [
                TopicPartition(self.harness.topics.decisions, number) for number in range(self.harness.partitions)
            ]
            return sum(max(0, each.offset) for each in consumer.committed(wanted, 10))
        finally:
            consumer.close()


@contextmanager
def read_model_on(harness: KafkaHarness, redis: RedisServer) -> Iterator[ReadModelHarness]:
    """Return a read model whose processes do not outlive it."""
    made = ReadModelHarness(harness, redis)
    try:
        yield made
    finally:
        for projection in made.projections:
            projection.kill()


def alerts_of() -> list[bytes]:
    """Return a few alerts, one of them twice."""
    return [alert(), alert("structuring", None), alert(), alert("near-limit", offset=3)]
