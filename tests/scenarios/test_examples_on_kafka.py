"""The worked examples through both workers on a real Kafka: the engine says what the table says."""

import asyncio
from collections import defaultdict
from pathlib import Path

import pytest

from stream.consignee import JUDGE_SECRET
from stream.decisions import Policy
from tests.kafka.broker import Broker
from tests.kafka.harness import KafkaHarness
from tests.scenarios.events import events_of
from tests.scenarios.on_kafka import collect, publish
from tests.scenarios.running import expected, in_time_order, options_of, outcomes
from tests.scenarios.table import Example, read_book

pytestmark = pytest.mark.kafka

STEPS = ("manifest", "withholding")


def by_policy() -> dict[Policy, list[Example]]:
    """The examples that one pair of workers can judge; options that only say the default are no policy of their own."""
    found: dict[Policy, list[Example]] = defaultdict(list)
    for example in read_book().examples:
        found[options_of(example.options).policy].append(example)
    return {policy: in_time_order(examples) for policy, examples in found.items()}


@pytest.mark.parametrize(
    ("policy", "examples"),
    [
        pytest.param(policy, examples, id=f"{policy.overflow} {policy.rounding} {policy.enforcement}")
        for policy, examples in by_policy().items()
    ],
)
def test_engine_agrees_with_examples(broker: Broker, tmp_path: Path, policy: Policy, examples: list[Example]) -> None:
    """Published by a plain client, each event leads to exactly the decisions, alerts and dead letters of its row."""
    secret = tmp_path / "secret"
    secret.write_bytes(JUDGE_SECRET)
    said = {f"policy__{name}": str(getattr(policy, name)) for name in ("overflow", "rounding", "enforcement")}
    # One partition: the order of record is that of the postings, and the table tells of one order.
    with KafkaHarness(broker, f"examples-{abs(hash(policy))}", tmp_path) as harness:
        harness.create_topics(partitions=1, steps=())
        for step in STEPS:
            harness.worker(step, step, key__secret_file=str(secret), **said)
        events = [event for example in examples for event in events_of(example)]
        asyncio.run(publish(broker.address, harness.topics.shipments, events))
        wanted = expected(examples)
        counts = (
            sum(len(row.decisions) for row in wanted.values()),
            sum(len(row.alerts) for row in wanted.values()),
            sum(bool(row.dead_letter) for row in wanted.values()),
        )
        found = asyncio.run(collect(broker.address, harness.topics, counts))
        logs = "\n".join(worker.log()[-2000:] for worker in harness.workers)
    assert outcomes(len(events), *found[:3]) == wanted, logs
