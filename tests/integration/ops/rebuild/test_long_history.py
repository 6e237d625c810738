"""Each procedure of docs/upgrading.md and docs/operating.md that makes tables again, on a system with a long history.

The tests share one system; each continues from the current epoch, so they may run in any order.
"""

import shutil
import subprocess
import sys
import uuid
from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec
import pytest
from confluent_kafka import Consumer, TopicPartition
from confluent_kafka.admin import AdminClient

from agents.worker.rebuild_marks import Source
from stream.alerts import AlertData
from tests.integration.ops.rebuild.cut import POINTS
from tests.integration.ops.rebuild.defect import INFECTED
from tests.integration.ops.rebuild.history import ALERTS, PARTITIONS, T, bill
from tests.integration.ops.rebuild.long_history import LongHistorySystem, create
from tests.integration.ops.rebuild.rebuild_system import Decided, at_rest
from tests.integration.ops.rebuild.recording import mirror, moved, put_offsets, take_down
from tests.kafka.broker import Broker
from tests.kafka.harness import KafkaHarness
from tests.prerequisites import ROOT
from tests.redis.contents import compared, contents, recomputed
from tests.redis.server import RedisServer
from tests.waiting import wait_for

UNDER_WAY = "are being rebuilt: let `tallygate rebuild tables --epoch"

pytestmark = pytest.mark.kafka


@pytest.fixture(scope="module")
def broker(mortal_broker: Broker) -> Broker:
    """Return a broker that may be killed."""
    return mortal_broker


@pytest.fixture(scope="module")
def system(broker: Broker, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LongHistorySystem]:
    """Return a system with a long history; its workers are stopped."""
    folder = tmp_path_factory.mktemp("system")
    with KafkaHarness(broker, f"l{uuid.uuid4().hex[:6]}", folder) as harness:
        create(harness)
        made = LongHistorySystem(harness, folder)
        made.run_history()
        made.stop()
        assert {each.alert for each in made.alerts()} == ALERTS
        yield made


def unepoched(alerts: Iterable[AlertData], epoch: int) -> list[AlertData]:
    """Return the alerts of an epoch without it, in an order of their own."""
    return sorted((msgspec.structs.replace(each, epoch=0) for each in alerts if each.epoch == epoch), key=repr)


def rest(system: LongHistorySystem) -> Decided:
    """Return what holds in the epoch that is current."""
    return at_rest(system.decisions(system.rebuilt.epoch))


def cut(system: LongHistorySystem, point: str, source: Source) -> int:
    """Run the command that makes the next epoch, and have it killed at a point; give the epoch."""
    epoch, words, environment = system.command(source)
    call = [sys.executable, "-m", "tests.integration.ops.rebuild.cut", point, *words[3:]]
    done = subprocess.run(call, env=environment, capture_output=True, text=True, check=False, cwd=ROOT, timeout=180)
    assert done.returncode == -9, (point, done.stdout, done.stderr)
    return epoch


@pytest.mark.parametrize(
    ("source", "points"),
    [("shipments", POINTS), ("postings", ("judging", "publishing starts", "decisions are out", "published", "done"))],
)
def test_a_rebuild_killed_at_each_stage(system: LongHistorySystem, source: Source, points: Iterable[str]) -> None:
    """The same command goes on each time: what held of each bill holds, once, and each alert is there, once."""
    former, before, alerts, counts = system.rebuilt.epoch, rest(system), system.alerts(), system.counts()
    epoch, topics = former + 1, system.coming(source)
    for point in points:
        cut(system, point, source)
        if point != "judging":  # once the command itself waits for the sessions of those that were killed
            system.bury(topics)
        early = point in {"prepared", "judging", "judged", "to publish"}
        assert not (early and system.decisions(epoch)), point
        if point not in {"done", "cleared"}:
            assert UNDER_WAY in system.objection(topics), point
        if point == "judging":
            settings = {"kafka__epoch": str(epoch), "kafka__manifest_epoch": str(topics.epoch_of("manifest"))}
            assert UNDER_WAY in system.refusal("withholding", **settings)
    said = system.rebuild(source)
    assert f"TALLYGATE_KAFKA__EPOCH={epoch}" in said
    decisions = system.decisions(epoch)
    assert at_rest(decisions) == before
    assert len(decisions) == len(before)
    assert unepoched(system.alerts(), epoch) == unepoched(alerts, former)
    assert system.counts()[system.harness.topics.dead_letters] == counts[system.harness.topics.dead_letters]
    assert system.harness.halts() == []
    system.workers()
    system.settle()
    system.stop()
    assert system.decisions(epoch) == decisions


def test_a_record_that_is_no_decision(system: LongHistorySystem) -> None:
    """It is named and nothing is published; the epoch is given up, the old one goes on, and another number works."""
    epoch = cut(system, "judged", "postings")
    system.bury(system.coming("postings"))
    before, aside = rest(system), f"{system.harness.topics.prefix}.rebuilt-decisions.e{epoch}"
    end = system.harness.read(aside).get(2, [])[-1][0]
    system.harness.produce([b"no decision at all"], 2, topic=aside)
    said = system.tallygate("rebuild", "tables", "--epoch", str(epoch), "--from", "postings", status=78)
    (offset,) = {row[0] for row in system.harness.read(aside)[2] if row[0] > end}
    assert f"the record at offset {offset} of partition 2 of {aside} is not a decision (DecodeError)" in said
    assert "no decision at all" not in said
    assert system.decisions(epoch) == []

    admin = AdminClient({"bootstrap.servers": system.harness.broker.address})
    own = [name for name in admin.list_topics().topics if name.startswith(system.harness.topics.prefix)]
    given_up = [name for name in own if f".e{epoch}" in name]
    for future in admin.delete_topics(given_up).values():
        future.result(30)
    system.workers()
    system.stop()
    assert system.tallygate("rebuild", "tables", "--epoch", str(epoch + 1), "--from", "postings")
    system.rebuilt = msgspec.structs.replace(system.rebuilt, epoch=epoch + 1, source="postings")
    assert rest(system) == before


def test_a_release_that_cannot_judge_a_record(system: LongHistorySystem, tmp_path: Path) -> None:
    """The rebuild names the record and stops, as often as it is run; with the defect mended it comes to its end."""
    before = rest(system)
    (tmp_path / "sitecustomize.py").write_text(INFECTED)
    epoch, words, environment = system.command("shipments")
    infected = {**environment, "PYTHONPATH": f"{tmp_path}:{ROOT}"}
    said = ["", ""]
    for again in range(2):
        done = subprocess.run(words, env=infected, capture_output=True, text=True, check=False, timeout=180)
        said[again] = done.stderr
        assert done.returncode == 78, done.stderr
        where = f"of partition 3 of {system.harness.topics.shipments} failed three times"
        assert where in done.stderr
        assert (
            f"KAFKA__EPOCH={epoch} TALLYGATE_KAFKA__MANIFEST_EPOCH={epoch} tallygate resume manifest/3" in done.stderr
        )
        assert "Canary" not in done.stderr
    assert [each.count("the step raised ValueError") for each in said] == [3, 0]
    under = {"kafka__epoch": str(epoch), "kafka__manifest_epoch": str(epoch)}
    assert "resumed manifest/3" in system.tallygate("resume", "manifest/3", changes=under)
    system.rebuild("shipments")
    assert rest(system) == before


def test_an_offset_that_was_reset_is_put_back(system: LongHistorySystem) -> None:
    """The worker reports the position of its table; without workers the command sets it, and judging continues."""
    topics = system.rebuilt.topics(system.harness.topics.prefix)

    group, place = topics.group("manifest"), (topics.shipments, 2)
    consumer = Consumer({"bootstrap.servers": system.harness.broker.address, "group.id": group})
    stood, counts = consumer.committed([TopicPartition(*place)], 30)[0].offset, system.counts()
    consumer.close()
    put_offsets(system.harness, group, [TopicPartition(*place, 7)])
    said = system.refusal("manifest", worker__stale_offsets_seconds="2")
    assert f"committed offset is 7, but its table stands at {stood}" in said
    assert "1 offsets set" in system.tallygate("offsets", "set", "--to-tables", "manifest")
    system.workers()
    system.settle()
    system.stop()
    assert system.counts() == counts


def test_a_changelog_that_is_missing_altogether(system: LongHistorySystem) -> None:
    """Refused; rebuilt from the postings, in their order; and what is outranked can be deleted, as the command says."""
    topics, before = system.rebuilt.topics(system.harness.topics.prefix), rest(system)
    admin = AdminClient({"bootstrap.servers": system.harness.broker.address})
    lost = topics.changelog("withholding")
    admin.delete_topics([lost])[lost].result(30)
    wait_for(lambda: lost not in admin.list_topics().topics, "it to go")
    assert f"topic {lost} is missing" in system.refusal("withholding")
    said = system.rebuild("postings")
    assert rest(system) == before
    for name in said.partition("delete what is left of it:")[2].split():
        admin.delete_topics([name])[name].result(30)
    assert system.tallygate("topics", "check", changes={"kafka__partitions": str(PARTITIONS)})
    system.workers()
    system.publish([bill(T[7], f"NEXT{system.rebuilt.epoch:04}", "Sue", "20.00", 500)])
    system.settle()
    system.stop()
    assert len(rest(system)) == len(before) + 1


def test_another_secret_and_rules_of_a_day(system: LongHistorySystem, tmp_path: Path) -> None:
    """Both need both steps; keys are others, and the outcomes are those of the same persons."""
    before = rest(system)
    (tmp_path / "other").write_bytes(b"another secret of the town")
    changed = {"key__secret_file": str(tmp_path / "other")}
    assert "another secret, match, canonical form or policy" in system.refusal("manifest", **changed)
    system.rebuild("shipments", **changed, policy__as_of="2025-08-01")
    after = rest(system)
    assert {data.consignee for data in before.values()}.isdisjoint(data.consignee for data in after.values())
    then = ("CHIN0031", T[9])
    assert after.pop(then).reason == "origin-excluded", "as the rules stood on that day"
    told = {place: (data.outcome, data.reason, data.total_cents, data.counts) for place, data in after.items()}
    for place, data in before.items():
        assert place == then or told[place] == (data.outcome, data.reason, data.total_cents, data.counts)


def test_a_mirror_without_tables(system: LongHistorySystem, broker: Broker, tmp_path: Path) -> None:
    """Another cluster has shipments, decisions, alerts and dead letters: create the rest, rebuild, and all is there."""
    whole = take_down(system.harness, "", {}, b"")
    with KafkaHarness(broker, f"m{uuid.uuid4().hex[:6]}", tmp_path) as harness:
        copied = LongHistorySystem(harness, tmp_path)
        copied.settings = dict(system.settings)
        topics = harness.topics
        copies = {topics.shipments, topics.decisions, topics.alerts, topics.dead_letters}
        mirror(harness, moved(whole, topics.prefix), copies)
        assert copied.tallygate("topics", "create", changes={"kafka__partitions": str(PARTITIONS)})
        copied.rebuilt = msgspec.structs.replace(copied.rebuilt, epoch=system.rebuilt.epoch)
        copied.rebuild("shipments")
        found, before = rest(copied), rest(system)
        copied.workers()
        copied.stop()
    assert found.keys() == before.keys()
    assert [found[each].outcome for each in found] == [before[each].outcome for each in found]


def test_a_read_model_that_is_lost(system: LongHistorySystem, redis_server: RedisServer) -> None:
    """It is filled from the topics, of every epoch that there was; what outranks holds, and alerts are all there."""
    harness, url = system.harness, {"redis__url": redis_server.url}
    assert "filled up to the end of the topics" in system.tallygate("rebuild", "read-model", changes=url)
    found = compared(contents(redis_server, harness.topics.prefix))
    assert found == recomputed(harness.decisions(), harness.values(harness.topics.alerts))


def test_a_copy_of_all_volumes_at_one_moment(system: LongHistorySystem, tmp_path: Path) -> None:
    """Put up elsewhere, tables, offsets and decisions agree, and judging goes on there; the original is untouched."""
    broker, prefix = system.harness.broker, system.harness.topics.prefix
    broker.kill()
    copy = Broker(tmp_path / "kafka")
    shutil.copytree(broker.folder, copy.folder)
    broker.start()
    before, late = rest(system), [bill(T[7], f"COPY{system.rebuilt.epoch:04}", "Tom", "20.00", 500)]
    copy.format().start()
    try:
        with KafkaHarness(copy, prefix, tmp_path) as harness:
            harness.partitions = PARTITIONS
            restored = LongHistorySystem(harness, tmp_path)
            restored.settings, restored.rebuilt = dict(system.settings), system.rebuilt
            assert rest(restored) == before
            assert restored.tallygate("topics", "check", changes={"kafka__partitions": str(PARTITIONS)})
            restored.workers()
            restored.publish(late)
            restored.settle()
            restored.stop()
            assert len(rest(restored)) == len(before) + 1
    finally:
        copy.stop()
    assert rest(system) == before
