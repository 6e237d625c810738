"""Copies of a broker's folder, and a changelog that is compacted while it is read."""

import asyncio
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from aiokafka import TopicPartition
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType

from agents.engine.engine_progress import EngineProgress
from agents.engine.engine_settings import EngineSettings
from agents.engine.lane import Lane
from agents.engine.restoring import Restorer
from agents.engine.unpacking import LeanRecords
from agents.kafka.topic_admin import admin_client, find_topics
from state.table import Table, changelog_key
from tests.integration.engine.test_judging import exact
from tests.kafka.broker import Broker
from tests.kafka.harness import KafkaHarness
from tests.prerequisites import require
from tests.waiting import wait_for

pytestmark = pytest.mark.kafka


def test_a_copy_of_the_brokers_folder(tmp_path: Path) -> None:
    """Started elsewhere: tables, offsets and decisions are of one moment, and judging goes on there."""
    require("kafka")
    lost = Broker(tmp_path / "lost").format().start()
    restored = Broker(tmp_path / "restored")
    try:
        with KafkaHarness(lost, "copied", tmp_path) as before:
            before.create_topics(partitions=2)
            before.produce([b"x"] * 50, 0, key=b"a")
            before.produce([b"x"] * 50, 1, key=b"b")
            before.worker().ready()
            before.wait_for_decisions(100)
            assert before.workers[0].stop() == 0
        lost.kill()
        shutil.copytree(lost.folder, restored.folder)
        restored.format().start()
        with KafkaHarness(restored, "copied", tmp_path / "restored") as after:
            after.partitions = 2
            assert exact(after.wait_for_decisions(100))
            worker = after.worker()
            assert worker.ready() == [0, 1]
            after.produce([b"x"] * 50, 0, key=b"a")
            after.produce([b"x"] * 50, 1, key=b"b")
            decisions = after.wait_for_decisions(200)
            assert len(decisions) == 200
            assert exact(decisions)
    finally:
        lost.stop()
        restored.stop()


KEYS = 1_000
ROUNDS = 60
"""Each key is written so often: most of the log is garbage."""
SEGMENT_BYTES = 1_048_576


def test_a_changelog_compacted_while_it_is_read(harness: KafkaHarness, monkeypatch: pytest.MonkeyPatch) -> None:
    """Segments are cleaned and replaced under the restore; the table is what the last rows say."""
    monkeypatch.setattr("aiokafka.consumer.fetcher.PartitionRecords", LeanRecords)  # as every process of the engine
    changelog = harness.topics.changelog("toy")
    change(harness, changelog, {"min.compaction.lag.ms": "3600000"})
    with harness.producer(**{"queue.buffering.max.messages": KEYS * ROUNDS}) as producer:
        for number in range(ROUNDS):
            for key in range(KEYS):
                producer.produce(changelog, b"%d " % number + b"x" * 90, changelog_key(b"%d" % key, b"row"), 0)
    full = size(harness, changelog)
    assert full > 4 * SEGMENT_BYTES

    async def restore() -> Lane:
        lane = Lane(TopicPartition(harness.topics.postings, 0), Table(), 0)
        progress = EngineProgress()
        settings = EngineSettings(connection=harness.connection, transactional_id="none")
        running = asyncio.ensure_future(Restorer(settings, changelog, progress).restore([lane]))
        while not progress.restored_rows:  # noqa: ASYNC110 - the restore sends no event
            await asyncio.sleep(0.001)
        assert progress.restored_rows < KEYS * ROUNDS
        # Nothing else runs in this loop until the log is another one.
        change(harness, changelog, {"min.compaction.lag.ms": "0", "min.cleanable.dirty.ratio": "0.01"})
        wait_for(lambda: size(harness, changelog) < full // 2, "the log to be compacted")
        await running
        assert progress.restored_rows < KEYS * ROUNDS
        return lane

    lane = asyncio.run(restore())
    assert lane.table.row_count == KEYS
    last = b"%d " % (ROUNDS - 1)
    assert all(value.startswith(last) for _key, value in lane.table.rows())


def change(harness: KafkaHarness, topic: str, config: dict[str, str]) -> None:
    """Change settings of a compacted topic and wait until they hold; called from within a loop, too."""
    wanted = {"cleanup.policy": "compact", "segment.bytes": str(SEGMENT_BYTES), **config}

    async def alter() -> None:
        async with admin_client(harness.connection) as client:
            await client.alter_configs([ConfigResource(ConfigResourceType.TOPIC, topic, wanted)])
        held = dict[str, str]()
        while not wanted.items() <= held.items():
            held = dict((await find_topics(harness.connection, [topic]))[topic].config)

    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, alter()).result(30)


def size(harness: KafkaHarness, topic: str) -> int:
    """Return the bytes that the first partition of a topic takes on the broker's disk."""
    folder = harness.broker.folder / "logs" / f"{topic}-0"
    return sum(path.stat().st_size for path in folder.glob("*.log") if path.exists())
