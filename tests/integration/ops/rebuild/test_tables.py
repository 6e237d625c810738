"""`tallygate rebuild tables`: a changelog lost, another policy, another secret; each is refused first, and then mended.

The tests share one system; each continues from the current epoch, so they may run in any order.
"""

import asyncio
import subprocess
import uuid
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta

import msgspec
import pytest
from confluent_kafka.admin import AdminClient

from agents.kafka.topic_admin import create_topics
from stream.decisions import DecisionData
from stream.topics import TopicPlan, Topics
from tests.integration.ops.rebuild.rebuild_system import (
    DAYS,
    DAYS_BETWEEN,
    FIRST,
    Decided,
    RebuildSystem,
    at_rest,
    bill,
    conveyances,
)
from tests.kafka.broker import Broker
from tests.kafka.harness import KafkaHarness
from tests.waiting import wait_for

pytestmark = pytest.mark.kafka


@pytest.fixture(scope="module")
def system(broker: Broker, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RebuildSystem]:
    """Return a system that judged three days one after another, its workers stopped."""
    folder = tmp_path_factory.mktemp("system")
    with KafkaHarness(broker, f"days{uuid.uuid4().hex[:8]}", folder) as harness:
        harness.create_topics(partitions=4, steps=())
        made = RebuildSystem(harness, folder)
        made.workers()
        made.run_history()
        made.stop()
        yield made


def lose(harness: KafkaHarness, topic: str) -> None:
    """Delete a topic as an accident would, and make it again, empty."""
    admin = AdminClient({"bootstrap.servers": harness.broker.address})
    admin.delete_topics([topic])[topic].result(30)
    wait_for(lambda: topic not in admin.list_topics().topics, "it to go")
    compact = harness.topics.plans()[-1].config
    asyncio.run(create_topics(harness.connection, [TopicPlan(topic, compact)], harness.partitions, 1))


def held(harness: KafkaHarness, topic: str) -> int:
    """Return how many records a topic holds, which may not be there yet."""
    admin = AdminClient({"bootstrap.servers": harness.broker.address})
    there = topic in admin.list_topics().topics
    return len(harness.values(topic)) if there else 0


def test_a_lost_changelog(system: RebuildSystem) -> None:
    """Refused, then rebuilt from shipments, killed once on the way: the same decisions hold, and none shows early."""
    harness, before = system.harness, system.decisions(system.rebuilt.epoch)
    outcomes = Counter(data.outcome for data in at_rest(before).values())
    assert min(outcomes["release"], outcomes["withhold"]) >= DAYS
    lost = system.rebuilt.topics(harness.topics.prefix).changelog("manifest")
    lose(harness, lost)
    said = system.refusal("manifest")
    assert "committed offset is" in said
    assert "tallygate rebuild tables --epoch N" in said

    epoch, words, environment = system.command()
    killed = subprocess.Popen(words, env=environment, stderr=subprocess.DEVNULL)
    aside = Topics(harness.topics.prefix, epoch).rebuilt("decisions")
    wait_for(lambda: killed.poll() is not None or held(harness, aside), "decisions aside")
    killed.kill()
    assert killed.wait() == -9
    assert system.decisions(epoch) == []
    assert "are being rebuilt" in system.refusal("manifest", kafka__epoch=str(epoch))

    former = {"kafka__epoch": str(epoch - 1), "kafka__manifest_epoch": "1"}
    said = system.rebuild()
    assert f"TALLYGATE_KAFKA__EPOCH={epoch}" in said
    assert lost in said
    after = system.decisions(epoch)
    assert at_rest(after) == at_rest(before)
    assert len(after) == len(at_rest(after))
    again = subprocess.run(words, env=environment, capture_output=True, text=True, check=False)
    assert (again.returncode, again.stdout) == (0, said)
    assert system.decisions(epoch) == after
    assert len(harness.values(harness.topics.dead_letters)) == DAYS
    assert f"outranked by epoch {epoch}" in system.refusal("withholding", **former)


def test_another_policy(system: RebuildSystem) -> None:
    """Refused, then the postings are judged again in their order: the manifest step goes on, the new policy holds."""
    latched = {"policy__overflow": "latch"}
    assert "another secret, match, canonical form or policy" in system.refusal("withholding", **latched)
    system.workers("manifest")
    postings = system.harness.values(system.rebuilt.topics(system.harness.topics.prefix).postings)
    kept = system.rebuilt
    said = system.rebuild("postings", **latched)
    assert system.rebuilt.manifest_epoch == kept.manifest_epoch
    assert kept.topics(system.harness.topics.prefix).changelog("withholding") in said
    assert kept.topics(system.harness.topics.prefix).changelog("manifest") not in said
    assert {data.policy.overflow for data in system.decisions(system.rebuilt.epoch)} == {"latch"}

    _first, second = conveyances(DAYS - 1)
    system.workers("withholding")
    late = FIRST + timedelta(days=DAYS_BETWEEN * (DAYS - 1), hours=3)
    system.publish([bill(second, "LATE0001", "A", "100.00", late), bill(second, "LATE0002", "B", "100.00", late)])
    wait_for(lambda: decided(system, "LATE0001") and decided(system, "LATE0002"), "decisions on what came later")
    system.stop()
    # Under `skip` the first would fit: $500 are released, $400 do not fit, and nothing behind them is tried.
    (latched_out,), (other,) = decided(system, "LATE0001"), decided(system, "LATE0002")
    assert (latched_out.outcome, latched_out.total_cents) == ("withhold", 50_000)
    assert (other.outcome, other.total_cents) == ("release", 10_000)
    assert len(system.harness.values(system.rebuilt.topics(system.harness.topics.prefix).postings)) == len(postings) + 2


def test_another_secret(system: RebuildSystem) -> None:
    """Refused; rebuilt from shipments beside the old workers, who go on until it has caught up, under new keys."""
    before = at_rest(system.decisions(system.rebuilt.epoch))
    other = system.folder / "another-secret"
    other.write_bytes(b"another secret of the town")
    changed = {"key__secret_file": str(other)}
    assert "another secret, match, canonical form or policy" in system.refusal("manifest", **changed)
    _epoch, words, environment = system.command("postings", **changed)
    useless = subprocess.run(words, env=environment, capture_output=True, text=True, check=False)
    assert useless.returncode == 78
    assert "keys of another secret" in useless.stderr

    system.workers()
    epoch, words, environment = system.command("shipments", **changed)
    log = system.folder / f"epoch-{epoch}.log"
    with log.open("w") as output:
        waiting = subprocess.Popen(words, env=environment, stdout=output, stderr=output)
    wait_for(
        lambda: waiting.poll() is not None or "caught up: now stop the workers" in log.read_text(), "it to catch up"
    )
    assert system.decisions(epoch) == []
    waiting.terminate()
    assert waiting.wait() == 130, log.read_text()
    assert "run the same command again to continue" in log.read_text()
    system.stop()
    system.rebuild("shipments", **changed)
    after = at_rest(system.decisions(system.rebuilt.epoch))
    assert {data.consignee for data in before.values()}.isdisjoint(data.consignee for data in after.values())
    assert nameless(after) == nameless(before)


def decided(system: RebuildSystem, number: str) -> list[DecisionData]:
    """Return the decisions of a bill in the epoch that is current."""
    return [data for data in system.decisions(system.rebuilt.epoch) if data.bill == number]


def nameless(found: Decided) -> Decided:
    """Return decisions without the consignee."""
    return {place: msgspec.structs.replace(data, consignee="") for place, data in found.items()}
