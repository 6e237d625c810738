"""Halted lanes: they keep their table and their place, fetch nothing, and look whether the halt is lifted."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Final

from aiokafka import AIOKafkaConsumer
from aiokafka.errors import KafkaError

from agents.engine.control import UNREADABLE, Control, Halt, controls_in, read_control
from agents.engine.job import Job
from agents.engine.lane import Lane
from agents.engine.settings import EngineSettings

log = logging.getLogger(__name__)

LOOK_SECONDS: Final = 2.0


class Halting:
    """The halted lanes of one worker."""

    def __init__(
        self,
        settings: EngineSettings,
        job: Job,
        reopen: Callable[[Lane], Awaitable[None]],
        fail: Callable[[BaseException], None],
    ) -> None:
        """Call `reopen` for a lane whose halt was lifted, and `fail` when looking ends with an error."""
        self._settings = settings
        self._job = job
        self._reopen = reopen
        self._fail = fail
        self._halted: dict[Lane, Halt] = {}
        self._looking: asyncio.Task[None] | None = None

    def __contains__(self, lane: Lane) -> bool:
        return lane in self._halted

    def found(self, halts: dict[Lane, Halt]) -> None:
        """Take over lanes that were halted before."""
        for lane, halt in halts.items():
            self.halt(lane, halt)

    def halt(self, lane: Lane, halt: Halt) -> None:
        """Halt a lane; its halt is in the control topic already."""
        self._halted[lane] = halt
        lane.emptied()
        lane.progress.halted = halt.reason
        more = {"incident": "halt", "partition": halt.partition, "offset": halt.offset, "code": halt.reason}
        log.error("%s; see `tallygate resume`", halt.sentence(), extra=more)
        if self._looking is None or self._looking.done():
            self._looking = asyncio.ensure_future(self._look())
            self._looking.add_done_callback(self._ended)

    def forget(self) -> None:
        """Give all lanes up."""
        self._halted.clear()

    def _ended(self, task: asyncio.Task[None]) -> None:
        """End the worker where looking failed: halted lanes would stand still for ever, and say nothing."""
        if not task.cancelled() and (error := task.exception()) is not None:
            self._fail(error)

    async def _look(self) -> None:
        while self._halted:
            await asyncio.sleep(LOOK_SECONDS)
            numbers = [lane.number for lane in self._halted]
            try:
                rows = await read_control(self._settings.connection, self._job.control, numbers)
                await self._measure([*self._halted])
            except (KafkaError, OSError) as error:
                why = f"{type(error).__name__}: {error}".removesuffix(": ")
                log.warning("cannot look whether a halt is lifted, trying again: %s", why)
                continue
            controls = controls_in(rows, self._job.group, numbers)
            self._say_unreadable(controls)
            for lane in [lane for lane in self._halted if lane.number in controls and not controls[lane.number].halt]:
                if lane in self._halted:  # else it was given up while another was opened
                    await self._lift(lane)

    def _say_unreadable(self, controls: dict[int, Control]) -> None:
        """Say once of a lane that its halt cannot be read any more; it stays halted, the others are looked at."""
        for lane, known in self._halted.items():
            halt = controls[lane.number].halt if lane.number in controls else None
            if halt is not None and halt.reason == UNREADABLE != known.reason:
                self._halted[lane] = halt
                log.error("%s; see `tallygate resume`", halt.sentence())

    async def _measure(self, lanes: list[Lane]) -> None:
        """Note how far their input has come: they are not fetched, so nobody else hears of it."""
        reader = AIOKafkaConsumer(isolation_level="read_committed", **self._settings.connection.arguments())
        await reader.start()
        try:
            ends = await reader.end_offsets([lane.partition for lane in lanes])
        finally:
            await reader.stop()
        for lane in lanes:
            lane.progress.stable_offset = ends[lane.partition]

    async def _lift(self, lane: Lane) -> None:
        del self._halted[lane]
        offset, group = lane.position.offset, self._job.group
        more = {"incident": "resume", "partition": lane.number, "offset": offset}
        log.warning("partition %d of %s is resumed at offset %d", lane.number, group, offset, extra=more)
        lane.lifted()
        await self._reopen(lane)
