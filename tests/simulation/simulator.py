"""The scheduler: from a seed, one whole life of two steps with their workers on one broker."""

from random import Random
from typing import TYPE_CHECKING

from state.manifest.step import ManifestStep
from state.withholding import WithholdingStep
from stream.consignee import KeyMaker
from stream.decisions import Policy
from stream.records import Outgoing, Sink
from tests.simulation.auditor import Auditor
from tests.simulation.broker import Broker
from tests.simulation.worker import Worker
from tests.simulation.workload import Planned, Workload

if TYPE_CHECKING:
    from collections.abc import Iterator

    from state.step import Step

EPOCH = 2
KEYS = KeyMaker(b"a secret made up for the simulator")
STEPS = ("manifest", "withholding")
EVENTS = 90
ACTS_MAX = 100_000
"""A life that has not come to rest by then never will; the auditor then finds records left unread."""


class Simulation:
    """One seeded life. `workers` makes workers of another kind, such as those that are wrong on purpose."""

    def __init__(self, seed: int, workers: type[Worker] = Worker, events: int = EVENTS) -> None:
        self.rng = Random(seed)
        self.make_worker = workers
        self.broker = Broker(self.rng.choice((1, 2, 3)))
        self.policy = Policy(
            overflow=self.rng.choice(("skip", "skip", "latch", "all_or_none")),
            rounding=self.rng.choice(("cents", "whole-dollars")),
            enforcement=self.rng.choice(("auto", "auto", "warn", "withhold")),
        )
        self.index_rows_min = self.rng.choice((0, 2, 8))
        workload = Workload(seed, self.rng, self.broker.partitions)
        self.rules = workload.rules
        self.planned = workload.deliveries(events)
        self.delivered: dict[int, list[Planned]] = {number: [] for number in range(self.broker.partitions)}
        self.clock = min(one.time for one in self.planned)
        self.workers: dict[str, Worker] = {}
        self.running: dict[str, Iterator[None]] = {}
        for step in STEPS:
            for number in range(self.rng.choice((1, 2))):
                self._start(f"{step}-{number}")
            self._rebalance(step)

    def run(self) -> set[str]:
        """Live until everything is delivered and read, then audit; gives the words of all outcomes met."""
        for _ in range(ACTS_MAX):
            if not self.planned and not self._waiting():
                break
            self._act()
        auditor = Auditor(self.broker, self.delivered, self.rules, self.policy, EPOCH)
        auditor.audit()
        return auditor.seen

    def _waiting(self) -> bool:
        return any(self.broker.waiting(step, number) for step in STEPS for number in range(self.broker.partitions))

    def _act(self) -> None:
        chance = self.rng.random()
        busy = [name for name in sorted(self.workers) if name in self.running or self.workers[name].assigned()]
        if self.planned and (chance < 0.15 or not busy):
            self._deliver(self.rng.randint(1, 4))
        elif chance < 0.18:
            self._crash(self.rng.choice(sorted(self.running) or sorted(self.workers)))
        elif chance < 0.23:
            self._rebalance(self.rng.choice(STEPS))
        elif busy:
            self._advance(self.rng.choice(busy))

    def _advance(self, name: str) -> None:
        """Let one worker go on to its next effect; now and then it goes on undisturbed for long."""
        transaction = self.running.setdefault(name, self.workers[name].transaction())
        for _ in range(self.rng.choice((1, 2, 3, 10))):
            if next(transaction, self) is self:
                del self.running[name]
                return

    def _deliver(self, count: int) -> None:
        for _ in range(min(count, len(self.planned))):
            planned = self.planned.pop(0)
            self.clock = max(self.clock, planned.time)
            timestamp = round(self.clock.timestamp() * 1000)
            outgoing = Outgoing(Sink.POSTINGS, planned.partition, planned.key, planned.value)
            self.broker.append("shipments", outgoing, timestamp)
            self.delivered[planned.partition].append(planned)

    def _crash(self, name: str) -> None:
        """End a worker between two effects: nothing of it is left but what the broker holds."""
        self.running.pop(name, None)
        self._start(name)
        if self.rng.random() < 0.7:
            self._rebalance(name.partition("-")[0])

    def _start(self, name: str) -> None:
        step: Step
        if name.startswith("manifest"):
            step = ManifestStep(self.rules.book, KEYS, self.broker.partitions)
        else:
            rows = self.index_rows_min
            step = WithholdingStep(self.rules.book, self.policy, EPOCH, "shipments", index_rows_min=rows)
        self.workers[name] = self.make_worker(name, step, self.broker, self.rng)

    def _rebalance(self, step: str) -> None:
        names = [name for name in sorted(self.workers) if name.startswith(step)]
        self.broker.assign(step, {number: self.rng.choice(names) for number in range(self.broker.partitions)})
