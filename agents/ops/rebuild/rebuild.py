"""The order of a rebuild: prepare, judge everything again beside the old epoch, catch up, publish.

Each part may be interrupted, by kill -9 too; the next run of the command continues it.
"""

import asyncio
import os
from collections.abc import Iterable, Mapping, Sequence
from typing import Final, NamedTuple, Protocol

from agents.engine.control import read_control, read_halts
from agents.kafka.connection import Connection
from agents.kafka.errors import RefusedError
from agents.kafka.topic_admin import create_topics, find_topics
from agents.ops.rebuild.group_lag import GroupLag, RebuildGroup, RebuildProgress, open_group_lag
from agents.ops.rebuild.key_check import check_keys
from agents.ops.rebuild.setbacks import Setbacks, StuckPlace, objection_to
from agents.settings.enabled_rules import rulebook_of
from agents.settings.settings import Settings
from agents.worker.rebuild_marks import Rebuild, Source, Stage, read_rebuilds, write_rebuild
from agents.worker.supervisor import Child, ChildProcesses
from stream.topics import Topics

LOOK_SECONDS: Final = 1.0
SESSION_SECONDS: Final = 15
"""A process that was killed stays a member of its group for this long."""
STEPS: Final = ("manifest", "withholding")
WORKER_NAME: Final = "rebuild"
"""The same in each run, so that a new run aborts the transactions that the last one left open."""


class EpochError(Exception):
    """This epoch cannot be rebuilt: the message says which one can."""


class Outcome(NamedTuple):
    """The result of a rebuild."""

    rebuild: Rebuild
    outranked: list[str]
    """Topics of other epochs, which are of no use once the workers run in this one."""


class RebuildWatcher(Protocol):
    """Shows the progress of a rebuild."""

    def phase(self, text: str) -> None:
        """Show what begins now, or what the rebuild waits for."""

    def progress(self, group: RebuildGroup, progress: RebuildProgress) -> None:
        """Show how far a group is."""


async def rebuild_tables(
    settings: Settings, epoch: int, source: Source, watcher: RebuildWatcher, look_seconds: float = LOOK_SECONDS
) -> Outcome:
    """Rebuild the tables of an epoch, or continue where it was interrupted; return when it is done.

    Raise EpochError, RefusedError, and KafkaError when Kafka is away.
    """
    connection, base = settings.kafka.connection(), Topics(settings.kafka.prefix)
    partitions = await _partitions(connection, base)
    async with open_group_lag(connection, partitions) as lag:
        rebuilds = await read_rebuilds(connection, base)
        known = {1, *rebuilds, *await lag.epochs(base.prefix)}
        rebuild = choose(rebuilds, known, epoch, source)
        work = _Work(settings, lag, rebuild, former_of(rebuilds, known, epoch), watcher, look_seconds)
        await work.prepare(partitions)
        if rebuild.stage == "filling":
            await work.fill()
            rebuild = await work.mark("publishing")
        if rebuild.stage == "publishing":
            await work.publish()
            rebuild = await work.mark("done")
        await work.clear()
        return Outcome(rebuild, await lag.outranked(rebuild.topics(base.prefix)))


def choose(rebuilds: Mapping[int, Rebuild], known: Iterable[int], epoch: int, source: Source) -> Rebuild:
    """Return the rebuild to continue, or a new one. Raise EpochError."""
    begun, highest = rebuilds.get(epoch), max(known)
    if begun is not None and begun.source != source:
        raise EpochError(
            f"epoch {epoch} was begun from the {begun.source}: run `{begun.command()}`, or take a new epoch"
        )
    if begun is not None:
        return begun
    if epoch <= highest:
        raise EpochError(f"epoch {epoch} is not new, {highest} is the highest so far: --epoch {highest + 1}")
    former = former_of(rebuilds, known, epoch)
    return Rebuild(epoch, source, epoch if source == "shipments" else former.manifest_epoch)


def former_of(rebuilds: Mapping[int, Rebuild], known: Iterable[int], epoch: int) -> Rebuild:
    """Return the epoch that is current before this one: the highest one below that is complete."""
    before = [each for each in known if each < epoch and (each not in rebuilds or rebuilds[each].stage == "done")]
    former = max(before, default=1)
    return rebuilds.get(former, Rebuild(former, "shipments", former, "done"))


async def _partitions(connection: Connection, topics: Topics) -> int:
    found = await find_topics(connection, [topics.shipments, topics.control], configs=False)
    if missing := [name for name in (topics.shipments, topics.control) if name not in found]:
        raise RefusedError(f"topic {missing[0]} is missing: is TALLYGATE_KAFKA__PREFIX right, {topics.prefix}?")
    return found[topics.shipments].partitions


class _Work:
    """One run of the command."""

    def __init__(
        self,
        settings: Settings,
        lag: GroupLag,
        rebuild: Rebuild,
        former: Rebuild,
        watcher: RebuildWatcher,
        seconds: float,
    ) -> None:
        self._settings = settings
        self._connection = settings.kafka.connection()
        self._replication = settings.kafka.replication
        self._lag = lag
        self._rebuild = rebuild
        self._topics = rebuild.topics(settings.kafka.prefix)
        self._former = former.topics(settings.kafka.prefix)
        self._watcher = watcher
        self._seconds = seconds
        self._steps = STEPS if rebuild.source == "shipments" else STEPS[1:]
        self._processes = ChildProcesses(())
        self._setbacks = Setbacks()
        self._phase = ""

    async def prepare(self, partitions: int) -> None:
        """Check that no other rebuild runs, create the topics, and write the mark that keeps workers out."""
        if self._rebuild.stage == "done":
            return
        self._begin("preparing")
        own = [self._topics.group(name) for name in (*self._steps, "rebuilt-decisions", "rebuilt-alerts")]
        members = await self._lag.members(own)
        for _second in range(SESSION_SECONDS):
            if not members:
                break
            await asyncio.sleep(1.0)
            members = await self._lag.members(own)
        if members:
            raise RefusedError(f"{', '.join(members)}: at work there already, perhaps this command elsewhere")
        kept = {plan.name for plan in self._former.plans()} & {plan.name for plan in self._topics.plans()}
        found = await find_topics(self._connection, kept, configs=False)
        if missing := sorted(kept - set(found)):
            raise RefusedError(f"topic {missing[0]} and its records are missing: nothing can be rebuilt from it")
        if self._rebuild.source == "postings":
            await check_keys(self._settings, self._topics, partitions)
        # The mark comes before the topics: topics without a mark would make the epoch a known one that is not ours.
        await write_rebuild(self._connection, self._topics, self._rebuild)
        days = rulebook_of(self._settings).topic_days
        new = [plan for plan in self._topics.plans(days) if plan.name not in kept]
        await create_topics(self._connection, [*new, *self._topics.rebuild_plans()], partitions, self._replication)

    async def mark(self, stage: Stage) -> Rebuild:
        """Write that a stage is reached."""
        known = self._rebuild
        self._rebuild = Rebuild(known.epoch, known.source, known.manifest_epoch, stage)
        await write_rebuild(self._connection, self._topics, self._rebuild)
        return self._rebuild

    async def fill(self) -> None:
        """Judge again until nothing is left, wait until the old workers have stopped, and judge what they left."""
        sources = {"manifest": self._topics.shipments, "withholding": self._topics.postings}
        groups = [RebuildGroup(step, self._topics.group(step), sources[step]) for step in self._steps]
        old = [self._former.group(step) for step in self._steps]
        self._processes = ChildProcesses([rebuild_process(step, self._rebuild.settings()) for step in self._steps])
        try:
            await self._follow(groups, old)
        finally:
            self._processes.stop()

    async def _follow(self, groups: Sequence[RebuildGroup], old: Sequence[str]) -> None:
        self._begin("judging again")
        while True:
            members = await self._lag.members(old)
            for group in groups:
                await self._reach(group, groups)
            if not members:
                return
            self._begin(f"caught up: now stop the workers of epoch {self._former.epoch} ({', '.join(members)})")
            await self._tick(groups)

    async def publish(self) -> None:
        """Publish the result: the current decision on each bill, and every alert."""
        self._begin("publishing")
        roles = {f"rebuilt-{kind}": self._topics.rebuilt(kind) for kind in ("decisions", "alerts")}
        groups = [RebuildGroup(role, self._topics.group(role), topic) for role, topic in roles.items()]
        self._processes = ChildProcesses([rebuild_process(role, self._rebuild.settings()) for role in roles])
        try:
            for group in groups:
                await self._reach(group, groups)
        finally:
            self._processes.stop()

    async def clear(self) -> None:
        """Delete the topics that only the rebuild needed."""
        await self._lag.delete(plan.name for plan in self._topics.rebuild_plans())

    async def _reach(self, group: RebuildGroup, shown: Sequence[RebuildGroup]) -> None:
        """Wait until a group has judged what its topic holds now."""
        ends = await self._lag.ends(group.topic)
        await self._look(shown)
        while not await self._lag.reached(group, ends):
            await self._tick(shown)
        self._watcher.progress(group, await self._lag.progress(group))

    async def _tick(self, shown: Sequence[RebuildGroup]) -> None:
        await self._look(shown)
        for group in shown:
            self._watcher.progress(group, await self._lag.progress(group))
        self._watcher.phase(await self._halted(shown) or self._phase)
        await asyncio.sleep(self._seconds)

    async def _look(self, groups: Sequence[RebuildGroup]) -> None:
        """Start processes that have ended; end the rebuild if one fails repeatedly at the same offsets."""
        ended = self._processes.look()
        for group in groups:
            if (status := ended.get(group.name)) is not None:
                rows = await read_control(self._connection, self._topics.control)
                own = {key: row for key, row in rows.items() if key.startswith(f"{group.group_id}/".encode())}
                self._setbacks.note(group, status, StuckPlace(await self._lag.committed(group), own))

    async def _halted(self, groups: Sequence[RebuildGroup]) -> str:
        """Return a sentence about a halted partition, or "". Raise RefusedError for a record that cannot be judged."""
        said, own = "", {group.group_id: group for group in groups}
        for halt in await read_halts(self._connection, self._topics):
            group = own.get(halt.group)
            if group is not None and halt.reason == "poison":
                raise objection_to(halt, group, self._rebuild.spelt())
            if group is not None and not said:
                said = f"{halt.sentence()}: {self._rebuild.spelt()} tallygate resume {group.name}/{halt.partition}"
        return said

    def _begin(self, phase: str) -> None:
        self._phase = phase
        self._watcher.phase(phase)


def rebuild_process(role: str, environment: Mapping[str, str]) -> Child:
    """Return one process of a rebuild, with these variables added to its environment."""
    # The bars show the progress; their lines are for warnings and errors only.
    quiet = {"TALLYGATE_LOG__LEVEL": "WARNING"}
    command = ["agents.ops.rebuild.rebuild_worker", role, "--parent", str(os.getpid())]
    return Child(
        role, command, {**quiet, **os.environ, "TALLYGATE_WORKER__NAME": WORKER_NAME, **environment}, apart=True
    )
