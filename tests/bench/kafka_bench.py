"""What measurements on Kafka need: a broker of our own, topics for each run, real worker processes."""

import asyncio
import shutil
import tempfile
import uuid
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any, Final, NamedTuple, Self

from agents.kafka.topic_admin import admin_client, create_topics
from stream.topics import Topics
from tests.bench.loading import Row, load
from tests.bench.mix import SECRET, bills_in
from tests.kafka.broker import Broker
from tests.kafka.harness import KafkaHarness
from tests.kafka.worker import WorkerProcess
from tests.waiting import wait_for

PARTITIONS: Final = 4
"""Enough for one worker a step on two cores; the probe of the design had as many."""
BROKER_SETTINGS: Final = "log.cleaner.backoff.ms=15000\nlog.segment.delete.delay.ms=1000\n"
"""The tests' broker compacts at once; this one does it when Kafka does by default, and frees disk space soon."""
TICKER: Final = "tests.bench.observing:Ticker"
WAIT_SECONDS: Final = 240.0

Look = Callable[[KafkaHarness], None]
"""Looks at the topics of a run before they go."""


def look_away(_harness: KafkaHarness) -> None:
    """Look at nothing."""


class Loaded(NamedTuple):
    """A topic that was filled, its records, and the bills in them if they are posting records."""

    topic: str
    records: int
    bills: int


class KafkaBench:
    """A running broker and a folder; each run plays on topics of its own."""

    def __init__(self, broker: Broker, folder: Path, partitions: int = PARTITIONS) -> None:
        self.broker = broker
        self.partitions = partitions
        self._folder = folder
        # Offsets of groups outlive their topics, so a name is never used again.
        self._prefix = f"bench{uuid.uuid4().hex[:8]}"
        self._numbers = count(1)
        self._kept: dict[str, Loaded] = {}
        self._secret_file = folder / "secret"
        self._secret_file.write_bytes(SECRET)

    @classmethod
    @contextmanager
    def own(cls) -> Iterator[Self]:
        """Yield a kafka bench with a broker of its own, gone afterwards."""
        folder = Path(tempfile.mkdtemp(prefix="tallygate-bench-"))
        broker = Broker(folder / "kafka", extra=BROKER_SETTINGS)
        try:
            broker.format().start()
            yield cls(broker, folder)
        finally:
            broker.stop()
            shutil.rmtree(folder, ignore_errors=True)

    @contextmanager
    def harness(self) -> Iterator[KafkaHarness]:
        """Yield topics of their own, gone afterwards, and workers that do not outlive them."""
        with KafkaHarness(self.broker, f"{self._prefix}-{next(self._numbers)}", self._folder) as made:
            made.create_topics(self.partitions, steps=())
            yield made
        asyncio.run(self._delete([plan.name for plan in made.topics.plans()], made))

    async def _delete(self, names: list[str], harness: KafkaHarness) -> None:
        async with admin_client(harness.connection) as client:
            await client.delete_topics(names)

    def load(self, harness: KafkaHarness, topic: str, rows: Iterable[Row]) -> Loaded:
        """Fill a topic."""
        counted = _Counted(rows)
        asyncio.run(load(harness.connection, topic, counted))
        return Loaded(topic, counted.records, counted.bills)

    def kept(self, name: str, rows: Callable[[], Iterable[Row]]) -> Loaded:
        """Return a topic of posting records that is filled once and stays, for several runs and measurements."""
        if name not in self._kept:
            topics = Topics(prefix=f"{self._prefix}-{name}")
            plan = next(plan for plan in topics.plans() if plan.name == topics.postings)
            with KafkaHarness(self.broker, topics.prefix, self._folder) as made:
                asyncio.run(create_topics(made.connection, [plan], self.partitions, 1))
                self._kept[name] = self.load(made, topics.postings, rows())
        return self._kept[name]

    def worker(self, harness: KafkaHarness, step: str, **settings: str) -> WorkerProcess:
        """Start a worker that prints its counts, and wait until its tables are restored."""
        wanted = {"observer": TICKER, "key__secret_file": str(self._secret_file), **settings}
        made = harness.worker(f"{step}-0", step, **wanted)
        made.ready()
        return made


class _Counted:
    def __init__(self, rows: Iterable[Row]) -> None:
        self._rows = rows
        self.records = self.bills = 0

    def __iter__(self) -> Iterator[Row]:
        for row in self._rows:
            self.records += 1
            self.bills += bills_in(row[2])
            yield row


def begun(worker: WorkerProcess) -> dict[str, Any]:
    """Return the line that says since when a worker judges."""
    return next(line for line in worker.lines() if "ready" in line)


def finished(worker: WorkerProcess, records: int) -> dict[str, Any]:
    """Wait until a worker has committed so many records; give the counts it printed then, which must add up."""
    last = waited(worker, lambda line: line["records"] >= records, f"{records} records")
    accounted = last["applied"] + last["stale"] + last["dead-lettered"]
    if not last["records"] == accounted == records:
        raise RuntimeError(f"{records} records, but the worker counted {last}")
    return last


def waited(worker: WorkerProcess, enough: Callable[[dict[str, Any]], bool], what: str) -> dict[str, Any]:
    """Wait until the counts that a worker prints are enough; give them."""
    last: dict[str, Any] = {}

    def done() -> bool:
        last.update(worker.last())
        if not worker.alive:
            raise RuntimeError(f"the worker ended:\n{worker.log()[-3000:]}")
        return bool(last) and enough(last)

    wait_for(done, what, WAIT_SECONDS)
    return last
