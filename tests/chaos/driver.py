"""Drives a scenario through faults: a schedule of them, drawn or given, while records flow and workers are kept up."""

import asyncio
import random
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from tests.chaos import offsets
from tests.chaos.scenario import Scenario
from tests.chaos.supervised_workers import SupervisedWorkers
from tests.kafka.harness import KafkaHarness

FEED_RECORDS = 500
STUCK_SECONDS = 300.0
"""So long nothing is judged before the run is audited as it is."""
TICK_SECONDS = 0.1
REWOUND = 500
"""So many offsets the group is set back, in each partition."""
STARTED_AT_FIRST = 2


class Fault(NamedTuple):
    """Something that goes wrong; its kind is one of `WEIGHTS`."""

    kind: str
    after: float
    """Seconds after the fault before."""
    seconds: float = 0.0
    """How long it lasts, where it does."""
    fed: int = 0
    """It waits besides until so many records are produced."""


class Outcome(NamedTuple):
    """What came of a run."""

    faults: list[str]
    """What the audit found."""
    tally: Counter[str]
    """What was done and how processes ended."""
    seconds: float


WEIGHTS = {
    "kill": 10,
    "doom": 3,
    "freeze": 3,
    "trap": 3,
    "join": 2,
    "leave": 2,
    "broker": 2,
    "broker-freeze": 1,
    "stale": 1,
}
"""Kinds of faults, and how often each comes; every kind comes at least once where there are faults enough."""
SECONDS = {"freeze": (2, 12), "trap": (15, 30), "broker": (1, 5), "broker-freeze": (35, 35), "stale": (8, 12)}
"""How long a fault lasts, at least and at most: a worker's freeze may outlast its session, a broker's outlasts all."""

WAITED_FOR = ("broker", "broker-freeze", "stale")
"""While these last, no other fault comes."""


def drawn(dice: random.Random, count: int, spacing: float) -> Iterator[Fault]:
    """Draw faults, in whatever order."""
    kinds = list(WEIGHTS) if count >= len(WEIGHTS) else []
    kinds += dice.choices(list(WEIGHTS), list(WEIGHTS.values()), k=count - len(kinds))
    dice.shuffle(kinds)
    for kind in kinds:
        yield Fault(kind, dice.uniform(0.3, 1.7) * spacing, dice.uniform(*SECONDS.get(kind, (0, 0))))


class Driver:
    """One run."""

    def __init__(
        self, harness: KafkaHarness, scenario: Scenario, seed: int, say: Callable[[str], None] = print
    ) -> None:
        """Draw from `seed`; tell the course of things to `say`."""
        self._harness = harness
        self._scenario = scenario
        self._dice = random.Random(seed)
        self._say = say
        self._workers = SupervisedWorkers(harness, scenario.posts, self._dice)
        self._fed = 0
        self._feeding_failed: list[BaseException] = []
        self._began = time.monotonic()

    @property
    def fed(self) -> int:
        """Return how many records were produced and acknowledged."""
        return self._fed

    def run(self, total: int, faults: Sequence[Fault]) -> Outcome:
        """Produce `total` records over the time of the faults, let everything settle, and audit."""
        steps = list(dict.fromkeys(post.step for post in self._scenario.posts))
        for step in steps:
            for post in [post for post in self._scenario.posts if post.step == step][:STARTED_AT_FIRST]:
                self._workers.start(post)
        span = sum(fault.after + (fault.seconds if fault.kind in WAITED_FOR else 0) for fault in faults)
        feeding = threading.Thread(target=self._feed, args=(total, span), daemon=True)
        feeding.start()
        for fault in faults:
            self._watch(fault.after)
            while self._fed < fault.fed and feeding.is_alive():
                self._watch(TICK_SECONDS)
            self._strike(fault)
        while feeding.is_alive():
            self._watch(TICK_SECONDS)
        self._settle()
        self._workers.stop()
        found = [repr(error) for error in self._feeding_failed] + self._scenario.audit(self._harness)
        return Outcome(found, self._workers.tally, time.monotonic() - self._began)

    def _feed(self, total: int, span: float) -> None:
        began = time.monotonic()
        try:
            while self._fed < total:
                count = min(FEED_RECORDS, total - self._fed)
                self._scenario.feed(self._harness, count)
                self._fed += count
                time.sleep(max(0.0, began + span * self._fed / total - time.monotonic()))
        except BaseException as error:  # noqa: BLE001 - told by the outcome of the run
            self._feeding_failed.append(error)

    def _watch(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        while True:
            self._workers.supervise()
            left = until - time.monotonic()
            if left <= 0:
                return
            time.sleep(min(TICK_SECONDS, left))

    def _strike(self, fault: Fault) -> None:
        workers, dice = self._workers, self._dice
        running, free = workers.running(), workers.idle()
        self._say(
            f"{time.monotonic() - self._began:6.1f} s  {fault.kind} {fault.seconds:.0f} s, {self._fed} records fed"
        )
        if fault.kind == "broker":
            self._harness.broker.kill()
            self._watch(fault.seconds)
            self._harness.broker.start()
            workers.tally["broker kill -9"] += 1
        elif fault.kind == "broker-freeze":
            self._harness.broker.freeze()
            self._watch(fault.seconds)
            self._harness.broker.thaw()
            workers.tally["broker frozen"] += 1
        elif fault.kind == "stale":
            self._rewind(dice.choice(self._scenario.posts).step, fault.seconds)
            workers.tally["group offsets stale"] += 1
        elif fault.kind == "join" and free:
            workers.start(dice.choice(free))
            workers.tally["joined"] += 1
        elif not running:
            workers.tally["no worker to strike"] += 1
        elif fault.kind == "leave" and len(running) > 1:
            workers.leave(dice.choice(running))
        elif fault.kind == "freeze":
            workers.freeze(dice.choice(running), fault.seconds)
        elif fault.kind == "trap":
            workers.trap(dice.choice(running), fault.seconds)
        elif fault.kind == "doom":
            workers.doom(dice.choice(running))
        else:
            workers.kill(dice.choice(running))

    def _rewind(self, step: str, seconds: float) -> None:
        """Have workers start on group offsets older than their tables, as a broker may come back with; then mend it."""
        posts, group = self._workers.stop_step(step), step.rpartition(":")[2]
        right = asyncio.run(offsets.held(self._harness, group))
        asyncio.run(offsets.put(self._harness, group, {at: max(0, value - REWOUND) for at, value in right.items()}))
        for post in posts:
            self._workers.start(post)
        self._watch(seconds)
        posts = self._workers.stop_step(step)
        asyncio.run(offsets.put(self._harness, group, right))
        for post in posts:
            self._workers.start(post)

    def _settle(self) -> None:
        least, moved = sys.maxsize, time.monotonic()
        while (left := self._scenario.behind(self._harness)) and time.monotonic() - moved < STUCK_SECONDS:
            if left != least:
                least, moved = left, time.monotonic()
            self._say(f"{time.monotonic() - self._began:6.1f} s  {left} to go")
            self._watch(2.0)
