"""The year as a job under fire, audited a partition at a time, in processes of their own."""

import asyncio
import json
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any, NamedTuple

from agents.demo.agenda import Planned
from tests.chaos import offsets
from tests.chaos.customs import CustomsScenario, same
from tests.chaos.scenario import Post
from tests.chaos.topic_records import records_of
from tests.chaos.year import audit
from tests.chaos.year.events import CourierYear
from tests.chaos.year.parcels import DAY_SECONDS, Plan
from tests.kafka.broker import ElsewhereBroker
from tests.kafka.harness import KafkaHarness
from tests.waiting import wait_for

PROCESSES = 2
AT_ONCE_DAYS = 10
MARKERS = 10
"""A partition of the postings may end in so many markers of transactions, which nothing judges."""


class TopicsAddress(NamedTuple):
    """Where another process finds the topics."""

    address: str
    prefix: str
    folder: str
    partitions: int

    def harness(self) -> KafkaHarness:
        """Return the topics, without workers."""
        harness = KafkaHarness(ElsewhereBroker(self.address), self.prefix, Path(self.folder))
        harness.partitions = self.partitions
        return harness


class YearScenario(CustomsScenario):
    """The parcels of a plan, under programmes by the year, the month and the day."""

    def __init__(self, harness: KafkaHarness, plan: Plan) -> None:
        """Have the workers enable the programmes."""
        super().__init__(plan.seed, harness)
        self._events = iter(CourierYear(plan))
        self._days = 0
        enabled = ("programmes", json.dumps(audit.ENABLED))
        self.posts = [Post(post.name, post.step, (*post.settings, enabled)) for post in self.posts]

    def before(self, harness: KafkaHarness, event: Planned) -> None:
        """Wait every some days until all is judged: a worker that was killed is behind by seconds, not by months."""
        days = event.at // (AT_ONCE_DAYS * DAY_SECONDS)
        if days > self._days:
            self._days = days
            self.flush()
            wait_for(lambda: _is_judged(harness), "some days to be judged")

    def audit(self, harness: KafkaHarness) -> list[str]:
        """Hold every record that was sent against what the plain models say of the log before it."""
        topics_at = TopicsAddress(
            harness.broker.address, harness.topics.prefix, str(harness.folder), harness.partitions
        )
        with ProcessPoolExecutor(PROCESSES, mp_context=get_context("spawn")) as pool:

            def each(look: Callable[[TopicsAddress, int], Any]) -> list[Any]:
                return list(pool.map(look, [topics_at] * harness.partitions, range(harness.partitions)))

            manifested: list[audit.Manifested] = each(_manifested)
            withheld: list[audit.Withheld] = each(_withheld)
            decided: list[audit.Decided] = each(_decided)
            letters, alerts = each(_letters), each(_alerts)
        for fates in manifested:
            self.accounted.update({str(fate): count for fate, count in fates.fates.items()})
        for one in withheld:
            self.met.update({" ".join(what): count for what, count in one.met.items()})
            self.met.update(
                {f"period {programme} {period}": count for (programme, period), count in one.periods.items()}
            )
        counting: Counter[tuple[str, str, str]] = Counter()
        for found in decided:
            counting.update(found.counting)
        merged = audit.merged
        faults = [
            *same("dead letters", merged(one.letters for one in manifested), merged(letters)),
            *same("postings", merged(one.postings for one in manifested), merged(one.postings for one in withheld)),
            *same("decisions", merged(one.decisions for one in withheld), merged(one.decisions for one in decided)),
            *same("alerts", merged(one.alerts for one in withheld), merged(alerts)),
            *audit.over_limit(counting),
        ]
        return faults + [f"halted: {halt.sentence()}" for halt in harness.halts()]


def _is_judged(harness: KafkaHarness) -> bool:
    """Return whether as good as all is judged: by aiokafka, since many short-lived clients of librdkafka crash."""
    manifest, withholding = (asyncio.run(offsets.left(harness, step)) for step in ("manifest", "withholding"))
    return manifest == 0 and withholding <= MARKERS * harness.partitions


def _manifested(topics_at: TopicsAddress, number: int) -> audit.Manifested:
    harness = topics_at.harness()
    return audit.manifested(records_of(harness, harness.topics.shipments, number), number, topics_at.partitions)


def _withheld(topics_at: TopicsAddress, number: int) -> audit.Withheld:
    harness = topics_at.harness()
    postings, shipments = harness.topics.postings, harness.topics.shipments
    return audit.withheld(records_of(harness, postings, number), number, topics_at.partitions, shipments)


def _decided(topics_at: TopicsAddress, number: int) -> audit.Decided:
    harness = topics_at.harness()
    return audit.decided(records_of(harness, harness.topics.decisions, number), number, topics_at.partitions)


def _letters(topics_at: TopicsAddress, number: int) -> audit.Digests:
    harness = topics_at.harness()
    return audit.letters(records_of(harness, harness.topics.dead_letters, number), number)


def _alerts(topics_at: TopicsAddress, number: int) -> audit.Digests:
    harness = topics_at.harness()
    return audit.alerts(records_of(harness, harness.topics.alerts, number), number)
