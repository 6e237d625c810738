"""Each procedure of docs/upgrading.md and docs/operating.md that makes tables again, on a system that has lived.

The tests share one system, and each goes on from the epoch that is current, in whatever order they come.
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
from tests.integration.ops.rebuild.lived import Lived, create
from tests.integration.ops.rebuild.recording import mirror, moved, put_offsets, take_down
from tests.integration.ops.rebuild.stage import Decided, at_rest
from tests.kafka.broker import Broker
from tests.kafka.field import Field, wait_for
from tests.pieces import ROOT
from tests.redis.contents import compared, contents, recomputed
from tests.redis.server import RedisServer

UNDER_WAY = "are being rebuilt: let `tallygate rebuild tables --epoch"

pytestmark = pytest.mark.kafka


@pytest.fixture(scope="module")
def lived(broker: Broker, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lived]:
    """Return a system that has lived; its workers are stopped."""
    folder = tmp_path_factory.mktemp("lived")
    with Field(broker, f"l{uuid.uuid4().hex[:6]}", folder) as field:
        create(field)
        made = Lived(field, folder)
        made.live()
        made.stop()
        assert {each.alert for each in made.alerts()} == ALERTS
        yield made


def unepoched(alerts: Iterable[AlertData], epoch: int) -> list[AlertData]:
    """Return the alerts of an epoch without it, in an order of their own."""
    return sorted((msgspec.structs.replace(each, epoch=0) for each in alerts if each.epoch == epoch), key=repr)


def rest(lived: Lived) -> Decided:
    """Return what holds in the epoch that is current."""
    return at_rest(lived.decisions(lived.rebuilt.epoch))


def cut(lived: Lived, point: str, source: Source) -> int:
    """Run the command that makes the next epoch, and have it killed at a point; give the epoch."""
    epoch, words, environment = lived.command(source)
    call = [sys.executable, "-m", "tests.integration.ops.rebuild.cut", point, *words[3:]]
    done = subprocess.run(call, env=environment, capture_output=True, text=True, check=False, cwd=ROOT, timeout=180)
    assert done.returncode == -9, (point, done.stdout, done.stderr)
    return epoch


@pytest.mark.parametrize(
    ("source", "points"),
    [("shipments", POINTS), ("postings", ("judging", "publishing starts", "decisions are out", "published", "done"))],
)
def test_a_rebuild_killed_at_each_stage(lived: Lived, source: Source, points: Iterable[str]) -> None:
    """The same command goes on each time: what held of each bill holds, once, and each alert is there, once."""
    former, before, alerts, counts = lived.rebuilt.epoch, rest(lived), lived.alerts(), lived.counts()
    epoch, topics = former + 1, lived.coming(source)
    for point in points:
        cut(lived, point, source)
        if point != "judging":  # once the command itself waits for the sessions of those that were killed
            lived.bury(topics)
        early = point in {"prepared", "judging", "judged", "to publish"}
        assert not (early and lived.decisions(epoch)), point
        if point not in {"done", "cleared"}:
            assert UNDER_WAY in lived.objection(topics), point
        if point == "judging":
            settings = {"kafka__epoch": str(epoch), "kafka__manifest_epoch": str(topics.epoch_of("manifest"))}
            assert UNDER_WAY in lived.refusal("withholding", **settings)
    said = lived.rebuild(source)
    assert f"TALLYGATE_KAFKA__EPOCH={epoch}" in said
    decisions = lived.decisions(epoch)
    assert at_rest(decisions) == before
    assert len(decisions) == len(before)
    assert unepoched(lived.alerts(), epoch) == unepoched(alerts, former)
    assert lived.counts()[lived.field.topics.dead_letters] == counts[lived.field.topics.dead_letters]
    assert lived.field.halts() == []
    lived.workers()
    lived.settle()
    lived.stop()
    assert lived.decisions(epoch) == decisions


def test_a_record_that_is_no_decision(lived: Lived) -> None:
    """It is named and nothing is published; the epoch is given up, the old one goes on, and another number works."""
    epoch = cut(lived, "judged", "postings")
    lived.bury(lived.coming("postings"))
    before, aside = rest(lived), f"{lived.field.topics.prefix}.rebuilt-decisions.e{epoch}"
    end = lived.field.read(aside).get(2, [])[-1][0]
    lived.field.produce([b"no decision at all"], 2, topic=aside)
    said = lived.tallygate("rebuild", "tables", "--epoch", str(epoch), "--from", "postings", status=78)
    (offset,) = {row[0] for row in lived.field.read(aside)[2] if row[0] > end}
    assert f"the record at offset {offset} of partition 2 of {aside} is not a decision (DecodeError)" in said
    assert "no decision at all" not in said
    assert lived.decisions(epoch) == []

    admin = AdminClient({"bootstrap.servers": lived.field.broker.address})
    own = [name for name in admin.list_topics().topics if name.startswith(lived.field.topics.prefix)]
    given_up = [name for name in own if f".e{epoch}" in name]
    for future in admin.delete_topics(given_up).values():
        future.result(30)
    lived.workers()
    lived.stop()
    assert lived.tallygate("rebuild", "tables", "--epoch", str(epoch + 1), "--from", "postings")
    lived.rebuilt = msgspec.structs.replace(lived.rebuilt, epoch=epoch + 1, source="postings")
    assert rest(lived) == before


def test_a_release_that_cannot_judge_a_record(lived: Lived, tmp_path: Path) -> None:
    """The rebuild names the record and stops, as often as it is run; with the defect mended it comes to its end."""
    before = rest(lived)
    (tmp_path / "sitecustomize.py").write_text(INFECTED)
    epoch, words, environment = lived.command("shipments")
    infected = {**environment, "PYTHONPATH": f"{tmp_path}:{ROOT}"}
    said = ["", ""]
    for again in range(2):
        done = subprocess.run(words, env=infected, capture_output=True, text=True, check=False, timeout=180)
        said[again] = done.stderr
        assert done.returncode == 78, done.stderr
        where = f"of partition 3 of {lived.field.topics.shipments} failed three times"
        assert where in done.stderr
        assert (
            f"KAFKA__EPOCH={epoch} TALLYGATE_KAFKA__MANIFEST_EPOCH={epoch} tallygate resume manifest/3" in done.stderr
        )
        assert "Canary" not in done.stderr
    assert [each.count("the step raised ValueError") for each in said] == [3, 0]
    under = {"kafka__epoch": str(epoch), "kafka__manifest_epoch": str(epoch)}
    assert "resumed manifest/3" in lived.tallygate("resume", "manifest/3", changes=under)
    lived.rebuild("shipments")
    assert rest(lived) == before


def test_an_offset_that_was_reset_is_put_back(lived: Lived) -> None:
    """The worker says where its table stands; the command sets it there while nobody works, and judging goes on."""
    topics = lived.rebuilt.topics(lived.field.topics.prefix)

    group, place = topics.group("manifest"), (topics.shipments, 2)
    consumer = Consumer({"bootstrap.servers": lived.field.broker.address, "group.id": group})
    stood, counts = consumer.committed([TopicPartition(*place)], 30)[0].offset, lived.counts()
    consumer.close()
    put_offsets(lived.field, group, [TopicPartition(*place, 7)])
    said = lived.refusal("manifest", worker__stale_offsets_seconds="2")
    assert f"committed offset is 7, but its table stands at {stood}" in said
    assert "1 offsets set" in lived.tallygate("offsets", "set", "--to-tables", "manifest")
    lived.workers()
    lived.settle()
    lived.stop()
    assert lived.counts() == counts


def test_a_changelog_that_is_missing_altogether(lived: Lived) -> None:
    """Refused; rebuilt from the postings, in their order; and what is outranked can be deleted, as the command says."""
    topics, before = lived.rebuilt.topics(lived.field.topics.prefix), rest(lived)
    admin = AdminClient({"bootstrap.servers": lived.field.broker.address})
    lost = topics.changelog("withholding")
    admin.delete_topics([lost])[lost].result(30)
    wait_for(lambda: lost not in admin.list_topics().topics, "it to go")
    assert f"topic {lost} is missing" in lived.refusal("withholding")
    said = lived.rebuild("postings")
    assert rest(lived) == before
    for name in said.partition("delete what is left of it:")[2].split():
        admin.delete_topics([name])[name].result(30)
    assert lived.tallygate("topics", "check", changes={"kafka__partitions": str(PARTITIONS)})
    lived.workers()
    lived.publish([bill(T[7], f"NEXT{lived.rebuilt.epoch:04}", "Sue", "20.00", 500)])
    lived.settle()
    lived.stop()
    assert len(rest(lived)) == len(before) + 1


def test_another_secret_and_rules_of_a_day(lived: Lived, tmp_path: Path) -> None:
    """Both need both steps; keys are others, and the outcomes are those of the same persons."""
    before = rest(lived)
    (tmp_path / "other").write_bytes(b"another secret of the town")
    changed = {"key__secret_file": str(tmp_path / "other")}
    assert "another secret, match, canonical form or policy" in lived.refusal("manifest", **changed)
    lived.rebuild("shipments", **changed, policy__as_of="2025-08-01")
    after = rest(lived)
    assert {data.consignee for data in before.values()}.isdisjoint(data.consignee for data in after.values())
    then = ("CHIN0031", T[9])
    assert after.pop(then).reason == "origin-excluded", "as the rules stood on that day"
    told = {place: (data.outcome, data.reason, data.total_cents, data.counts) for place, data in after.items()}
    for place, data in before.items():
        assert place == then or told[place] == (data.outcome, data.reason, data.total_cents, data.counts)


def test_a_mirror_without_tables(lived: Lived, broker: Broker, tmp_path: Path) -> None:
    """Another cluster has shipments, decisions, alerts and dead letters: create the rest, rebuild, and all is there."""
    whole = take_down(lived.field, "", {}, b"")
    with Field(broker, f"m{uuid.uuid4().hex[:6]}", tmp_path) as field:
        copied = Lived(field, tmp_path)
        copied.settings = dict(lived.settings)
        topics = field.topics
        copies = {topics.shipments, topics.decisions, topics.alerts, topics.dead_letters}
        mirror(field, moved(whole, topics.prefix), copies)
        assert copied.tallygate("topics", "create", changes={"kafka__partitions": str(PARTITIONS)})
        copied.rebuilt = msgspec.structs.replace(copied.rebuilt, epoch=lived.rebuilt.epoch)
        copied.rebuild("shipments")
        found, before = rest(copied), rest(lived)
        copied.workers()
        copied.stop()
    assert found.keys() == before.keys()
    assert [found[each].outcome for each in found] == [before[each].outcome for each in found]


def test_a_read_model_that_is_lost(lived: Lived, redis_server: RedisServer) -> None:
    """It is filled from the topics, of every epoch that there was; what outranks holds, and alerts are all there."""
    field, url = lived.field, {"redis__url": redis_server.url}
    assert "filled up to the end of the topics" in lived.tallygate("rebuild", "read-model", changes=url)
    found = compared(contents(redis_server, field.topics.prefix))
    assert found == recomputed(field.decisions(), field.values(field.topics.alerts))


def test_a_copy_of_all_volumes_at_one_moment(lived: Lived, tmp_path: Path) -> None:
    """Put up elsewhere, tables, offsets and decisions agree, and judging goes on there; the original is untouched."""
    broker, prefix = lived.field.broker, lived.field.topics.prefix
    broker.kill()
    copy = Broker(tmp_path / "kafka")
    shutil.copytree(broker.folder, copy.folder)
    broker.start()
    before, late = rest(lived), [bill(T[7], f"COPY{lived.rebuilt.epoch:04}", "Tom", "20.00", 500)]
    copy.format().start()
    try:
        with Field(copy, prefix, tmp_path) as field:
            field.partitions = PARTITIONS
            restored = Lived(field, tmp_path)
            restored.settings, restored.rebuilt = dict(lived.settings), lived.rebuilt
            assert rest(restored) == before
            assert restored.tallygate("topics", "check", changes={"kafka__partitions": str(PARTITIONS)})
            restored.workers()
            restored.publish(late)
            restored.settle()
            restored.stop()
            assert len(rest(restored)) == len(before) + 1
    finally:
        copy.stop()
    assert rest(lived) == before
