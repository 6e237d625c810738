"""`tallygate rebuild tables`: a changelog lost, another policy, another secret; each is refused first, and then mended.

The tests share one town, and each goes on from the epoch that is current, in whatever order they come.
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
from tests.integration.ops.rebuild.stage import DAYS, DAYS_BETWEEN, FIRST, Decided, Town, at_rest, bill, conveyances
from tests.kafka.broker import Broker
from tests.kafka.field import Field, wait_for

pytestmark = pytest.mark.kafka


@pytest.fixture(scope="module")
def town(broker: Broker, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    """Return a town that was judged day by day, its workers stopped."""
    folder = tmp_path_factory.mktemp("town")
    with Field(broker, f"town{uuid.uuid4().hex[:8]}", folder) as field:
        field.create_topics(partitions=4, steps=())
        made = Town(field, folder)
        made.workers()
        made.live()
        made.stop()
        yield made


def lose(field: Field, topic: str) -> None:
    """Delete a topic as an accident would, and make it again, empty."""
    admin = AdminClient({"bootstrap.servers": field.broker.address})
    admin.delete_topics([topic])[topic].result(30)
    wait_for(lambda: topic not in admin.list_topics().topics, "it to go")
    compact = field.topics.plans()[-1].config
    asyncio.run(create_topics(field.connection, [TopicPlan(topic, compact)], field.partitions, 1))


def held(field: Field, topic: str) -> int:
    """Return how many records a topic holds, which may not be there yet."""
    admin = AdminClient({"bootstrap.servers": field.broker.address})
    there = topic in admin.list_topics().topics
    return len(field.values(topic)) if there else 0


def test_a_lost_changelog(town: Town) -> None:
    """Refused, then rebuilt from shipments, killed once on the way: the same decisions hold, and none shows early."""
    field, before = town.field, town.decisions(town.rebuilt.epoch)
    outcomes = Counter(data.outcome for data in at_rest(before).values())
    assert min(outcomes["release"], outcomes["withhold"]) >= DAYS
    lost = town.rebuilt.topics(field.topics.prefix).changelog("manifest")
    lose(field, lost)
    said = town.refusal("manifest")
    assert "committed offset is" in said
    assert "tallygate rebuild tables --epoch N" in said

    epoch, words, environment = town.command()
    killed = subprocess.Popen(words, env=environment, stderr=subprocess.DEVNULL)
    aside = Topics(field.topics.prefix, epoch).rebuilt("decisions")
    wait_for(lambda: killed.poll() is not None or held(field, aside), "decisions aside")
    killed.kill()
    assert killed.wait() == -9
    assert town.decisions(epoch) == []
    assert "are being rebuilt" in town.refusal("manifest", kafka__epoch=str(epoch))

    former = {"kafka__epoch": str(epoch - 1), "kafka__manifest_epoch": "1"}
    said = town.rebuild()
    assert f"TALLYGATE_KAFKA__EPOCH={epoch}" in said
    assert lost in said
    after = town.decisions(epoch)
    assert at_rest(after) == at_rest(before)
    assert len(after) == len(at_rest(after))
    again = subprocess.run(words, env=environment, capture_output=True, text=True, check=False)
    assert (again.returncode, again.stdout) == (0, said)
    assert town.decisions(epoch) == after
    assert len(field.values(field.topics.dead_letters)) == DAYS
    assert f"outranked by epoch {epoch}" in town.refusal("withholding", **former)


def test_another_policy(town: Town) -> None:
    """Refused, then the postings are judged again in their order: the manifest step goes on, the new policy holds."""
    latched = {"policy__overflow": "latch"}
    assert "another secret, match, canonical form or policy" in town.refusal("withholding", **latched)
    town.workers("manifest")
    postings = town.field.values(town.rebuilt.topics(town.field.topics.prefix).postings)
    kept = town.rebuilt
    said = town.rebuild("postings", **latched)
    assert town.rebuilt.manifest_epoch == kept.manifest_epoch
    assert kept.topics(town.field.topics.prefix).changelog("withholding") in said
    assert kept.topics(town.field.topics.prefix).changelog("manifest") not in said
    assert {data.policy.overflow for data in town.decisions(town.rebuilt.epoch)} == {"latch"}

    _first, second = conveyances(DAYS - 1)
    town.workers("withholding")
    late = FIRST + timedelta(days=DAYS_BETWEEN * (DAYS - 1), hours=3)
    town.publish([bill(second, "LATE0001", "A", "100.00", late), bill(second, "LATE0002", "B", "100.00", late)])
    wait_for(lambda: decided(town, "LATE0001") and decided(town, "LATE0002"), "decisions on what came later")
    town.stop()
    # Under `skip` the first would fit: $500 are released, $400 do not fit, and nothing behind them is tried.
    (latched_out,), (other,) = decided(town, "LATE0001"), decided(town, "LATE0002")
    assert (latched_out.outcome, latched_out.total_cents) == ("withhold", 50_000)
    assert (other.outcome, other.total_cents) == ("release", 10_000)
    assert len(town.field.values(town.rebuilt.topics(town.field.topics.prefix).postings)) == len(postings) + 2


def test_another_secret(town: Town) -> None:
    """Refused; rebuilt from shipments beside the old workers, who go on until it has caught up, under new keys."""
    before = at_rest(town.decisions(town.rebuilt.epoch))
    other = town.folder / "another-secret"
    other.write_bytes(b"another secret of the town")
    changed = {"key__secret_file": str(other)}
    assert "another secret, match, canonical form or policy" in town.refusal("manifest", **changed)
    _epoch, words, environment = town.command("postings", **changed)
    useless = subprocess.run(words, env=environment, capture_output=True, text=True, check=False)
    assert useless.returncode == 78
    assert "keys of another secret" in useless.stderr

    town.workers()
    epoch, words, environment = town.command("shipments", **changed)
    log = town.folder / f"epoch-{epoch}.log"
    with log.open("w") as output:
        waiting = subprocess.Popen(words, env=environment, stdout=output, stderr=output)
    wait_for(
        lambda: waiting.poll() is not None or "caught up: now stop the workers" in log.read_text(), "it to catch up"
    )
    assert town.decisions(epoch) == []
    waiting.terminate()
    assert waiting.wait() == 130, log.read_text()
    assert "run the same command again to continue" in log.read_text()
    town.stop()
    town.rebuild("shipments", **changed)
    after = at_rest(town.decisions(town.rebuilt.epoch))
    assert {data.consignee for data in before.values()}.isdisjoint(data.consignee for data in after.values())
    assert nameless(after) == nameless(before)


def decided(town: Town, number: str) -> list[DecisionData]:
    """Return the decisions of a bill in the epoch that is current."""
    return [data for data in town.decisions(town.rebuilt.epoch) if data.bill == number]


def nameless(found: Decided) -> Decided:
    """Return decisions without the consignee."""
    return {place: msgspec.structs.replace(data, consignee="") for place, data in found.items()}
