"""The course of a rebuild: prepare, judge everything again beside the old epoch, wait for its end, publish.

Each part can be interrupted, by kill -9 too, and is gone on with when the command is run again.
"""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from typing import Final, NamedTuple, Protocol

from agents.engine.control import read_control, read_halts
from agents.engine.errors import RefusedError
from agents.engine.settings import Connection
from agents.rebuilding.crew import make_hand
from agents.rebuilding.gauge import Course, Gauge, Way, open_gauge
from agents.rebuilding.keys import check_keys
from agents.rebuilding.marks import Rebuild, Source, Stage, read_rebuilds, write_rebuild
from agents.rebuilding.setbacks import Place, Setbacks, objection_to
from agents.settings import Settings
from agents.supervisor import Crew
from agents.topics_admin import create_topics, find_topics
from stream.topics import Topics

LOOK_SECONDS: Final = 1.0
SESSION_SECONDS: Final = 15
"""What was killed a moment ago is a member of its group for so long."""
STEPS: Final = ("manifest", "withholding")


class EpochError(Exception):
    """This epoch cannot be rebuilt: the message says which one can."""


class Outcome(NamedTuple):
    """What came of a rebuild."""

    rebuild: Rebuild
    outranked: list[str]
    """Topics of other epochs, which nobody needs once the workers are in this one."""


class Watcher(Protocol):
    """Told how the rebuild gets on."""

    def phase(self, text: str) -> None:
        """Something else begins, or is waited for."""

    def way(self, course: Course, way: Way) -> None:
        """How far a course is."""


async def rebuild_tables(
    settings: Settings, epoch: int, source: Source, watcher: Watcher, look_seconds: float = LOOK_SECONDS
) -> Outcome:
    """Rebuild the tables of an epoch, or go on where it was interrupted; comes back when it is done.

    Raises EpochError, RefusedError, and what Kafka says when it is away.
    """
    connection, base = settings.kafka.connection(), Topics(settings.kafka.prefix)
    partitions = await _partitions(connection, base)
    async with open_gauge(connection, partitions) as gauge:
        rebuilds = await read_rebuilds(connection, base)
        known = {1, *rebuilds, *await gauge.epochs(base.prefix)}
        rebuild = choose(rebuilds, known, epoch, source)
        work = _Work(settings, gauge, rebuild, former_of(rebuilds, known, epoch), watcher, look_seconds)
        await work.prepare(partitions)
        if rebuild.stage == "filling":
            await work.fill()
            rebuild = await work.mark("publishing")
        if rebuild.stage == "publishing":
            await work.publish()
            rebuild = await work.mark("done")
        await work.clear()
        return Outcome(rebuild, await gauge.outranked(rebuild.topics(base.prefix)))


def choose(rebuilds: Mapping[int, Rebuild], known: Iterable[int], epoch: int, source: Source) -> Rebuild:
    """Give the rebuild to go on with, or a new one. Raises EpochError."""
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
    """Give the epoch that is current until this one is: the highest below that was not broken off."""
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
        self, settings: Settings, gauge: Gauge, rebuild: Rebuild, former: Rebuild, watcher: Watcher, seconds: float
    ) -> None:
        self._settings = settings
        self._connection = settings.kafka.connection()
        self._replication = settings.kafka.replication
        self._gauge = gauge
        self._rebuild = rebuild
        self._topics = rebuild.topics(settings.kafka.prefix)
        self._former = former.topics(settings.kafka.prefix)
        self._watcher = watcher
        self._seconds = seconds
        self._steps = STEPS if rebuild.source == "shipments" else STEPS[1:]
        self._crew = Crew(())
        self._setbacks = Setbacks()
        self._phase = ""

    async def prepare(self, partitions: int) -> None:
        """See that nobody else is at it, make the topics, and leave the mark that keeps workers out."""
        if self._rebuild.stage == "done":
            return
        self._begin("preparing")
        own = [self._topics.group(name) for name in (*self._steps, "rebuilt-decisions", "rebuilt-alerts")]
        members = await self._gauge.members(own)
        for _second in range(SESSION_SECONDS):
            if not members:
                break
            await asyncio.sleep(1.0)
            members = await self._gauge.members(own)
        if members:
            raise RefusedError(f"{', '.join(members)}: at work there already, perhaps this command elsewhere")
        kept = {plan.name for plan in self._former.plans()} & {plan.name for plan in self._topics.plans()}
        found = await find_topics(self._connection, kept, configs=False)
        if missing := sorted(kept - set(found)):
            raise RefusedError(f"topic {missing[0]} and its records are missing: nothing can be rebuilt from it")
        if self._rebuild.source == "postings":
            await check_keys(self._settings, self._topics, partitions)
        # Before there is any topic, by which the epoch would be one that is known and not ours.
        await write_rebuild(self._connection, self._topics, self._rebuild)
        new = [plan for plan in self._topics.plans() if plan.name not in kept]
        await create_topics(self._connection, [*new, *self._topics.rebuild_plans()], partitions, self._replication)

    async def mark(self, stage: Stage) -> Rebuild:
        """Write that a stage is reached."""
        known = self._rebuild
        self._rebuild = Rebuild(known.epoch, known.source, known.manifest_epoch, stage)
        await write_rebuild(self._connection, self._topics, self._rebuild)
        return self._rebuild

    async def fill(self) -> None:
        """Judge again until nothing is left and the old workers are gone, and then what they left."""
        sources = {"manifest": self._topics.shipments, "withholding": self._topics.postings}
        courses = [Course(step, self._topics.group(step), sources[step]) for step in self._steps]
        old = [self._former.group(step) for step in self._steps]
        self._crew = Crew([make_hand(step, self._rebuild.settings()) for step in self._steps])
        try:
            await self._follow(courses, old)
        finally:
            self._crew.stop()

    async def _follow(self, courses: Sequence[Course], old: Sequence[str]) -> None:
        self._begin("judging again")
        while True:
            members = await self._gauge.members(old)
            for course in courses:
                await self._reach(course, courses)
            if not members:
                return
            self._begin(f"caught up: now stop the workers of epoch {self._former.epoch} ({', '.join(members)})")
            await self._tick(courses)

    async def publish(self) -> None:
        """Send what was made on to the readers: of each bill what holds now, and every alert."""
        self._begin("publishing")
        roles = {f"rebuilt-{kind}": self._topics.rebuilt(kind) for kind in ("decisions", "alerts")}
        courses = [Course(role, self._topics.group(role), topic) for role, topic in roles.items()]
        self._crew = Crew([make_hand(role, self._rebuild.settings()) for role in roles])
        try:
            for course in courses:
                await self._reach(course, courses)
        finally:
            self._crew.stop()

    async def clear(self) -> None:
        """Delete the topics that only the rebuild needed."""
        await self._gauge.delete(plan.name for plan in self._topics.rebuild_plans())

    async def _reach(self, course: Course, shown: Sequence[Course]) -> None:
        """Wait until a group has judged what its topic holds now."""
        ends = await self._gauge.ends(course.topic)
        await self._look(shown)
        while not await self._gauge.reached(course, ends):
            await self._tick(shown)
        self._watcher.way(course, await self._gauge.way(course))

    async def _tick(self, shown: Sequence[Course]) -> None:
        await self._look(shown)
        for course in shown:
            self._watcher.way(course, await self._gauge.way(course))
        self._watcher.phase(await self._halted(shown) or self._phase)
        await asyncio.sleep(self._seconds)

    async def _look(self, courses: Sequence[Course]) -> None:
        """Start what has ended, but not for ever at one place."""
        ended = self._crew.look()
        for course in courses:
            if (status := ended.get(course.name)) is not None:
                rows = await read_control(self._connection, self._topics.control)
                own = {key: row for key, row in rows.items() if key.startswith(f"{course.group}/".encode())}
                self._setbacks.note(course, status, Place(await self._gauge.committed(course), own))

    async def _halted(self, courses: Sequence[Course]) -> str:
        """Say what stands still and waits for somebody. Raise RefusedError if it is a record that cannot be judged."""
        said, own = "", {course.group: course for course in courses}
        for halt in await read_halts(self._connection, self._topics):
            course = own.get(halt.group)
            if course is not None and halt.reason == "poison":
                raise objection_to(halt, course, self._rebuild.spelt())
            if course is not None and not said:
                said = f"{halt.sentence()}: {self._rebuild.spelt()} tallygate resume {course.name}/{halt.partition}"
        return said

    def _begin(self, phase: str) -> None:
        self._phase = phase
        self._watcher.phase(phase)
