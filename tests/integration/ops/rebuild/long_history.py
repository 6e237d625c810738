"""A system with a long history: built on a real Kafka by its own workers and commands."""

import asyncio
import subprocess
import sys
from collections.abc import Iterable, Mapping

from agents.kafka.errors import RefusedError
from agents.ops.rebuild.group_lag import RebuildGroup, open_group_lag
from agents.worker.rebuild_marks import Rebuild, Source, check_epoch
from stream.topics import Topics
from tests.integration.ops.rebuild.history import (
    PARTITIONS,
    Moment,
    after_the_poison,
    before_the_flood,
    flood,
    poison,
    strayed,
)
from tests.integration.ops.rebuild.rebuild_system import RebuildSystem
from tests.kafka.dead_members import remove_members
from tests.kafka.harness import KafkaHarness
from tests.kafka.worker import WorkerProcess
from tests.waiting import wait_for

DEFECT = "tests.integration.ops.rebuild.defect:manifest"


class LongHistorySystem(RebuildSystem):
    """The system, its settings and commands, and the epoch that is current."""

    def run_history(self) -> None:
        """Let everything of the history happen; the workers run in the end."""
        self.workers()
        self.happen(before_the_flood())
        self.publish(flood())
        self._resume("manifest/2", "too many dead letters")
        self.settle()
        self._stray()
        self._meet_poison()
        self.happen(after_the_poison())

    def happen(self, moments: Iterable[Moment]) -> None:
        """Publish moment by moment, each when everything before it is judged."""
        for moment in moments:
            self.publish(moment)
            self.settle()

    def settle(self) -> None:
        """Wait until both steps have judged all that there is."""
        topics = self.rebuilt.topics(self.harness.topics.prefix)
        sources = {"manifest": topics.shipments, "withholding": topics.postings}

        async def wait() -> None:
            async with open_group_lag(self.harness.connection, self.harness.partitions) as lag:
                for step, source in sources.items():
                    group, ends = RebuildGroup(step, topics.group(step), source), await lag.ends(source)
                    while not await lag.reached(group, ends):
                        assert not (deserted := self.harness.deserted()), deserted
                        await asyncio.sleep(0.02)

        asyncio.run(wait())

    def counts(self) -> dict[str, int]:
        """Return how many records are in each topic that the steps write, changelogs and control aside."""
        topics = self.rebuilt.topics(self.harness.topics.prefix)
        written = (topics.postings, topics.decisions, topics.alerts, topics.dead_letters)
        return {name: len(self.harness.values(name)) for name in written}

    def tallygate(self, *words: str, status: int = 0, changes: Mapping[str, str] | None = None) -> str:
        """Run a command with the system's settings; return what it says on both streams."""
        call = [sys.executable, "-c", "from agents.cli.main import main; main()", *words]
        done = subprocess.run(
            call, env=self.environment(**(changes or {})), capture_output=True, text=True, check=False, timeout=180
        )
        assert done.returncode == status, (done.stdout, done.stderr)
        return done.stdout + done.stderr

    def worker(self, step: str) -> WorkerProcess:
        """Start a worker of a step and wait until it judges."""
        started = self.harness.worker("0", step, **self.all_settings())
        started.ready()
        return started

    def coming(self, source: Source) -> Topics:
        """Return the names under the next epoch."""
        epoch = self.rebuilt.epoch + 1
        manifest_epoch = epoch if source == "shipments" else self.rebuilt.manifest_epoch
        return Rebuild(epoch, source, manifest_epoch).topics(self.harness.topics.prefix)

    def bury(self, topics: Topics) -> None:
        """Have killed processes of an epoch leave their groups at once; else the broker waits for their sessions."""
        groups = ("manifest", "withholding", "rebuilt-decisions", "rebuilt-alerts")
        remove_members(self.harness.connection, map(topics.group, groups))

    def objection(self, topics: Topics) -> str:
        """Return why a worker must not judge in an epoch, asked as the worker asks it."""
        try:
            asyncio.run(check_epoch(self.harness.connection, topics, "withholding"))
        except RefusedError as refused:
            return str(refused)
        return ""

    def _resume(self, which: str, why: str) -> None:
        wait_for(self.harness.halts, "a halt", in_vain=self.harness.deserted)
        assert f"{which}: " in (said := self.tallygate("resume"))
        assert why in said
        assert f"resumed {which}" in self.tallygate("resume", which)

    def _stray(self) -> None:
        key, value = strayed()
        self.harness.produce([value], 0, key, self.harness.topics.shipments)
        self.settle()
        assert "sent 1 again" in self.tallygate("dead-letters", "retry", "--code", "wrong-partition", "--yes")
        self.settle()

    def _meet_poison(self) -> None:
        self.stop_step("manifest")
        defective = self.worker(DEFECT)
        self.publish(poison())
        wait_for(self.harness.halts, "a halt", in_vain=self.harness.deserted)
        assert defective.stop() == 0
        self.worker("manifest")
        self._resume("manifest/3", "judging a record failed again and again")
        self.settle()

    def stop_step(self, step: str) -> None:
        """Stop the workers of a step in order."""
        alive = [worker for worker in self.harness.workers if worker.alive and worker.step == step]
        assert [worker.stop() for worker in alive] == [0] * len(alive)


def create(harness: KafkaHarness) -> None:
    """Make the topics."""
    harness.create_topics(partitions=PARTITIONS, steps=())
