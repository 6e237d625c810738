"""The engine: takes partitions over, runs transactions while records wait, and gives the partitions up."""

import asyncio
import gc
import logging
import os
from collections.abc import Callable
from time import monotonic
from typing import Final

from aiokafka import TopicPartition

from agents.engine.chunk import Chunk
from agents.engine.control import Halt, controls_in, read_control
from agents.engine.engine_progress import EngineProgress, Observer, SilentObserver
from agents.engine.engine_settings import EngineSettings
from agents.engine.group_offsets import GroupOffsets
from agents.engine.halting import Halting
from agents.engine.job import Job
from agents.engine.lane import Lane, check_fingerprint
from agents.engine.ordering import drained, next_in_order
from agents.engine.patience import Patience
from agents.engine.poison_isolation import PoisonIsolation, Suspicion
from agents.engine.producer import TransactionalProducer
from agents.engine.restoring import Restorer
from agents.engine.seating import check_totals
from agents.engine.step_runner import BigRecordError, StepRaisedError
from agents.engine.transaction import Transactions
from agents.engine.transport import ChunkThread
from agents.kafka.errors import EXIT_RETRY, EngineError, FencedError, RefusedError
from agents.kafka.log_reader import end_offsets, open_reader
from agents.kafka.protocol import NO_MEMBER
from state.step import StepRefusedError
from state.table import Table

log = logging.getLogger(__name__)

COLLECT_AFTER: Final = (100_000, 5, 1_000_000)
"""New objects before the youngest are looked at, and how often that is before the next generation is; the oldest are
only when partitions are taken over."""

ORDER_SECONDS: Final = 0.005
"""How long to wait before looking again while the record that is next in order has not come."""


def end_process(status: int) -> None:
    """End this process now: nothing that is still in memory may be used or sent."""
    logging.shutdown()
    os._exit(status)


def settle_memory() -> None:
    """Have the garbage collector leave restored tables alone, and young objects mostly.

    With Python's own thresholds it took two fifths of the time at full speed, and stops of 200 ms: rows and waiting
    records are millions of objects that form no cycles.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*COLLECT_AFTER)


class Engine:
    """Runs one job; belongs to the event loop that Faust runs in, except for `pulse`."""

    def __init__(
        self,
        settings: EngineSettings,
        job: Job,
        observer: Observer | None = None,
        end: Callable[[int], None] = end_process,
    ) -> None:
        """Prepare; nothing is connected yet. `end` ends the process with a status."""
        self.settings = settings
        self.job = job
        self.progress = EngineProgress()
        self.lanes: dict[int, Lane] = {}
        self._observer = observer or SilentObserver()
        self._end = end
        self._kept: dict[int, Lane] = {}
        self._wake = asyncio.Event()
        self._turning = asyncio.Lock()
        self._takeover: asyncio.Task[None] | None = None
        self._restorer: Restorer | None = None
        self._running: asyncio.Task[None] | None = None
        self._thread: ChunkThread | None = None
        self._producer: TransactionalProducer | None = None

    async def start(self) -> None:
        """Connect the producer, which ends whatever a predecessor of the same name left open, and begin to run."""
        self._producer = TransactionalProducer(self.settings)
        await self._producer.start()
        mock = self.settings.mock_broker
        if not mock:
            await self._producer.drop_pending(self.job.group)
        self._offsets = GroupOffsets(self._producer, self.job.group, self.job.source, mock_broker=mock)
        self._transactions = Transactions(self.settings, self.job, self._producer, self.progress, self._observer)
        self._halting = Halting(self.settings, self.job, self._reopen, self.fail)
        self._patience = Patience(self.settings, self.job, self._offsets, self.progress)
        self._running = asyncio.ensure_future(self._run())
        self._running.add_done_callback(self._ended)

    def fail(self, error: BaseException) -> None:
        """End the process because of an error."""
        status = error.status if isinstance(error, EngineError) else EXIT_RETRY
        trace = None if isinstance(error, EngineError) and error.__cause__ is None else error
        more = {"incident": "fence" if isinstance(error, FencedError) else "crash", "code": type(error).__name__}
        log.critical("%s ends: %s: %s", self.job.group, type(error).__name__, error, exc_info=trace, extra=more)
        self._end(status)

    def end_stalled(self, reason: str) -> None:
        """End the process because it gets nowhere; called by the watchdog's thread."""
        more = {"incident": "stall", "seconds": self.settings.stall_seconds}
        log.critical("%s ends: %s; is Kafka running, and is its disk full?", self.job.group, reason, extra=more)
        self._end(EXIT_RETRY)

    def _ended(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (error := task.exception()) is not None:
            self.fail(error)

    # Partitions come and go

    async def take_over(self, partitions: set[int]) -> bool:
        """Restore the tables of the partitions now assigned; False if a new change in the group came between."""
        task = self._takeover = asyncio.ensure_future(self._take_over(partitions))
        try:
            await asyncio.wait([task])
        finally:
            task.cancel()
        if task.cancelled():
            return False
        if (error := task.exception()) is not None:
            self.fail(error)
            return False
        return True

    async def _take_over(self, partitions: set[int]) -> None:
        kept = {number: lane for number, lane in self._kept.items() if number in partitions}
        self._kept = kept
        lanes = {number: kept.get(number) or self._new_lane(number) for number in sorted(partitions)}
        self.progress.partitions = {number: lane.progress for number, lane in lanes.items()}
        try:
            if lanes:
                await self._seat(lanes)
        except asyncio.CancelledError:
            self._kept = {number: lane for number, lane in kept.items() if not lane.torn}
            raise
        self._kept = {}
        self.lanes = lanes
        self.progress.partitions = {number: lane.progress for number, lane in lanes.items()}
        self.progress.settled = not lanes  # a worker in reserve: no gate will be opened
        settle_memory()

    def _new_lane(self, number: int) -> Lane:
        return Lane(TopicPartition(self.job.source, number), Table(), 0)

    async def _seat(self, lanes: dict[int, Lane]) -> None:
        committed = await self._offsets.stable(list(lanes))
        self._restorer = Restorer(self.settings, self.job.changelog, self.progress)
        try:
            await self._restorer.restore(list(lanes.values()))
        finally:
            self._restorer = None
        for lane in lanes.values():
            check_fingerprint(lane, self.job.step)
        check_totals(lanes.values(), self.job.changelog)
        await self._patience.agreed(lanes, committed)
        starts, ends = await self._log_bounds([lane.partition for lane in lanes.values()])
        rows = await read_control(self.settings.connection, self.job.control, list(lanes))
        controls = controls_in(rows, self.job.group, list(lanes))
        for row in (row for control in controls.values() for row in control.unreadable):
            log.error("%s cannot be read: a later release wrote it, or it is damaged; judging goes on with care", row)
        for number, lane in lanes.items():
            lane.seated(starts[lane.partition])
            lane.suspicion = controls[number].suspicion
            # What a process that died may have been judging: all that is there, but no more than a transaction takes.
            region = min(self.settings.slice_records, ends[lane.partition] - lane.position.offset)
            lane.isolation = PoisonIsolation.after(lane.suspicion, lane.position.offset, region)
            if lane.window.exceeded and controls[number].halt is None:
                lane.lifted()
        self._halting.found({lanes[number]: control.halt for number, control in controls.items() if control.halt})

    async def _log_bounds(self, partitions: list[TopicPartition]) -> tuple[dict[TopicPartition, int], ...]:
        """Return the first offsets and the high watermarks of input partitions."""
        async with open_reader(self.settings.connection) as reader:
            return await reader.beginning_offsets(partitions), await end_offsets(reader, partitions)

    async def open_gates(self, thread: ChunkThread) -> None:
        """Begin to fetch where the tables stand."""
        self._thread = thread
        for lane in self.lanes.values():
            if lane not in self._halting:
                await self._reopen(lane)
        self.progress.settled = True
        self._observer.ready(self.progress)
        self._wake.set()

    async def _reopen(self, lane: Lane) -> None:
        """Fetch a lane from where it stands; if it is no longer ours, a rebalance follows and nothing is lost."""
        if self._thread is None:
            return
        member, gate = await self._thread.open_gate(lane.partition, lane.position.offset)
        if member != NO_MEMBER:
            lane.opened(member, gate)
            self._wake.set()

    async def release(self) -> None:
        """Finish the open transaction and stop judging; tables are kept until it is known who gets the partitions."""
        self.progress.settled = False
        if self._takeover is not None:
            self._takeover.cancel()
            await asyncio.wait([self._takeover])
        async with self._turning:
            await self._part()
            for lane in self.lanes.values():
                lane.emptied()
            self._kept.update(self.lanes)
            self.lanes = {}
            self._halting.forget()

    async def _part(self) -> None:
        """Take the suspicions away: this process ends in order."""
        suspicions = {lane: lane.parting() for lane in self.lanes.values() if lane.member != NO_MEMBER}
        suspicions = {lane: suspicion for lane, suspicion in suspicions.items() if suspicion != lane.suspicion}
        if suspicions:
            try:
                await self._transactions.write_suspicions(suspicions)
            except FencedError as error:
                log.warning("%s is late: %s", self.job.group, error, extra={"incident": "fence"})

    async def close(self) -> None:
        """Stop in order: finish the transaction, give the partitions up, disconnect."""
        await self.release()
        if self._running is not None:
            self._running.cancel()
        if self._producer is not None:
            await self._producer.stop()

    # Records

    def take_in(self, chunk: Chunk) -> None:
        """Take a chunk from Faust's agent; never waits."""
        lane = self.lanes.get(chunk.partition)
        try:
            if lane is not None:
                lane.take_in(chunk)
                self._observer.fetched(len(chunk.records), chunk.size)
        except EngineError as error:
            self.fail(error)
        if not chunk.following:
            self._wake.set()

    async def _run(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            while any(lane.waiting or lane.isolation.fatal for lane in self.lanes.values()):
                empty = await self._drained() if self.settings.in_order else frozenset()
                before = self.progress.transactions
                async with self._turning:
                    await self._turn(empty)
                waits = self.settings.in_order and before == self.progress.transactions
                await asyncio.sleep(ORDER_SECONDS if waits else 0)

    async def _drained(self) -> frozenset[Lane]:
        """Return the lanes that are known to have nothing more; only where the order of partitions counts."""
        lanes = list(self.lanes.values())
        if self._thread is None or all(lane.waiting for lane in lanes):
            return frozenset()
        return drained(lanes, await self._thread.ends())

    async def _turn(self, empty: frozenset[Lane]) -> None:
        lanes = sorted(self.lanes.values(), key=lambda lane: lane.judged_at)
        for lane in lanes:
            if lane.isolation.fatal:
                await self._poisoned(lane)
        ready = [lane for lane in lanes if lane.waiting]
        if self.settings.in_order:
            ready = next_in_order(lanes, empty)
        owed = {lane: suspicion for lane in ready if (suspicion := lane.owed()) is not None}
        if owed:
            await self._transactions.write_suspicions(owed)
        alone = [] if self.settings.in_order else [lane for lane in ready if lane.at_big_record]
        if ready:
            await self._transact(alone[:1] or ready)

    async def _transact(self, lanes: list[Lane]) -> None:
        try:
            halts = await self._transactions.run(lanes)
        except BigRecordError as big:
            await self._transactions.abort()
            big.lane.big = big.offset
        except StepRaisedError as raised:
            await self._transactions.abort()
            raised.lane.isolation = raised.lane.isolation.raised(raised.offset)
            more = {"incident": "abort", "partition": raised.lane.number, "offset": raised.offset}
            log.error("%s: %s", self.job.group, raised, exc_info=raised.__cause__, extra=more)  # noqa: TRY400 - traced
        except StepRefusedError as refused:
            await self._transactions.abort()
            # The record is sound: a worker with other settings must not find it suspect.
            await self._part()
            raise RefusedError(str(refused)) from None
        else:
            for halt in halts:
                self._halting.halt(self.lanes[halt.partition], halt)

    async def _poisoned(self, lane: Lane) -> None:
        """Halt a lane at its next record; once lifted, that record is tried again, alone, and counted from 1."""
        offset = lane.position.offset
        halt = Halt(self.job.group, lane.number, offset, "poison", {"failures": lane.isolation.failures})
        fresh = PoisonIsolation(alone=1)
        await self._transactions.write_suspicions({lane: Suspicion(offset, 1, -1, 1)}, [halt])
        lane.isolation = fresh
        self._halting.halt(lane, halt)

    # For other threads: the watchdog's, and that which shows metrics

    def look(self) -> EngineProgress:
        """Return the counts, with what is looked up only on request."""
        for lane in list(self.lanes.values()):
            progress, thread = lane.progress, self._thread
            stable, heard = (None, None) if thread is None else thread.stable_offset(lane.partition)
            if progress.halted:
                progress.heard_ms = None  # it is not fetched; how far its log has come is asked elsewhere
            elif stable is not None:
                progress.stable_offset, progress.heard_ms = stable, heard
            progress.waiting_records, progress.waiting_bytes = lane.waiting, lane.waiting_bytes
            progress.table_rows, progress.table_bytes = lane.table.row_count, lane.table.row_bytes
        return self.progress

    def pulse(self) -> tuple[str, object]:
        """Say what the engine is at, and something that changes while it gets on; "" when there is nothing to do."""
        restorer = self._restorer
        if restorer is not None:
            return "restoring", restorer.moved_at
        if self.progress.stale_offsets:
            return "waiting for the group's offsets", monotonic()
        lanes = list(self.lanes.values())
        if self.settings.in_order and any(lane in self._halting for lane in lanes):
            return "", monotonic()
        if self._turning.locked() or any(lane.waiting for lane in lanes):
            return "judging", (self.progress.transactions, self.progress.aborted)
        return "", monotonic()
