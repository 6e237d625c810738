"""One transaction: what waits in the lanes becomes decisions, changelog rows and committed offsets, all or none.

`Transactions.run` goes through five steps, in this order:

1. Judge: the step runs over a slice of each lane. Outputs are packed into batches, and a full batch is sent at once.
2. Pack the rest: the changelog rows of each lane, its position last, then halts and suspicions for the control topic.
3. Flush: send every batch and the offsets. The broker refuses the offsets of a member of an older generation.
4. Commit, after the broker has acknowledged every batch: aiokafka would commit although one failed.
5. Join: the overlays become part of the tables, and the lanes advance. Memory changes only after the commit.

A step that raises, or a record with very many outputs, ends the transaction in step 1; it is aborted, and the lanes
stand as before. After any other error the tables in memory may be wrong, so the process ends.
"""

import logging
from collections import Counter
from collections.abc import Iterable, Mapping
from time import monotonic, perf_counter, time
from typing import Final

import msgspec
from aiokafka import TopicPartition

from agents.engine.control import HALT, SUSPICION, Halt, control_key
from agents.engine.engine_progress import EngineProgress, Observer
from agents.engine.engine_settings import MIB, EngineSettings
from agents.engine.job import Job
from agents.engine.lane import Lane, RecordSlice
from agents.engine.ordering import runs
from agents.engine.poison_isolation import Suspicion
from agents.engine.producer import TransactionalProducer
from agents.engine.producer_batches import ProducerBatches
from agents.engine.step_runner import LOOK_EVERY, RunResult, StepRunner
from agents.engine.yielding import LoopYield
from agents.kafka.errors import EngineError, FencedError, UnknownOutcomeError
from stream.records import Sink

log = logging.getLogger(__name__)

HOLD_BYTES: Final = MIB
"""Batches are sent as they fill up; the broker works while the step judges."""
HOLD_BYTES_ALONE: Final = 64 * MIB
"""A big record is judged before much is sent: the broker's transaction timeout runs from the first batch."""
SWEEP_SECONDS: Final = 1.0
SWEEP_GROUPS: Final = 200
ROWS_A_LOOK: Final = 500


async def _by_lane(judge: StepRunner, slices: list[tuple[Lane, RecordSlice]]) -> list[RunResult]:
    judged: list[RunResult] = []
    for lane, lane_slice in slices:
        if not judged or not judge.spent:
            judged.append(await judge.judge(lane, lane_slice))
    return judged


async def _in_order(judge: StepRunner, slices: list[tuple[Lane, RecordSlice]]) -> list[RunResult]:
    begun = {lane: judge.begin(lane, lane_slice) for lane, lane_slice in slices}
    unseen = 0
    for lane, records in runs(slices):
        await judge.run(begun[lane], records)
        unseen += len(records)
        if unseen >= LOOK_EVERY:
            unseen = 0
            await judge.yield_if_due()
        if judge.spent or begun[lane].over_dlq_limit:
            break
    return [each for each in begun.values() if each.count]


def _line(judged: list[RunResult], batches: ProducerBatches, seconds: float) -> dict[str, object]:
    """Return what the log says of a transaction."""
    fates: Counter[str] = Counter()
    for each in judged:
        fates.update({fate.value: count for (fate, _code), count in each.fates.items()})
    offsets = {str(each.lane.number): each.position.offset for each in judged}
    return {"offsets": offsets, **fates, "outputs": batches.records, "seconds": round(seconds, 4)}


class Transactions:
    """Runs one transaction after the other."""

    def __init__(
        self,
        settings: EngineSettings,
        job: Job,
        producer: TransactionalProducer,
        progress: EngineProgress,
        observer: Observer,
    ) -> None:
        """Commit with `producer`, count into `progress`."""
        self._settings = settings
        self._job = job
        self._producer = producer
        self._progress = progress
        self._observer = observer
        self._limits = dict.fromkeys(Sink, settings.output_bytes) | {Sink.DEAD_LETTERS: settings.dead_letter_bytes}

    async def run(self, lanes: list[Lane]) -> list[Halt]:
        """Judge what waits in these lanes and commit it; return the halts that this led to.

        Raises `StepRaisedError`, `BigRecordError` or `StepRefusedError` after aborting: the lanes stand as before. Any
        other error leaves tables in memory that are not to be trusted.
        """
        began = perf_counter()
        slices = [(lane, lane.next_slice(self._settings.slice_records)) for lane in lanes]
        alone = len(slices) == 1 and len(slices[0][1].records) == 1
        batches = ProducerBatches(self._producer, HOLD_BYTES_ALONE if alone else HOLD_BYTES)
        judge = StepRunner(self._job, batches, self._limits, self._settings.transaction_seconds, alone=alone)
        await self._producer.begin_transaction()
        judged = await (_in_order if self._settings.in_order else _by_lane)(judge, slices)
        for each in judged:
            await self._rows(each, batches, judge)
        halts = [self._dlq_halt(each) for each in judged if each.over_dlq_limit]
        for halt in halts:
            self._control(batches, halt.partition, HALT, halt)
        suspicions = {each.lane: self._suspicion_after(each) for each in judged}
        for lane, suspicion in suspicions.items():
            if suspicion != lane.suspicion:
                self._control(batches, lane.number, SUSPICION, suspicion)
        judge.loop_yield.ended()
        ends = await self._commit(batches, {each.lane: each.position.offset for each in judged})
        judge.loop_yield.began()
        for each in judged:
            await self._join_rows(each, ends, judge.loop_yield)
            self._advance(each)
            each.lane.suspicion = suspicions[each.lane]
        self._count(judged, batches, judge, perf_counter() - began)
        return halts

    async def _rows(self, judged: RunResult, batches: ProducerBatches, judge: StepRunner) -> None:
        """Send the changelog of one lane, after a sweep now and then."""
        lane = judged.lane
        if monotonic() - lane.swept_at > SWEEP_SECONDS:
            lane.swept_at = monotonic()
            self._job.step.sweep(judged.overlay, SWEEP_GROUPS)
        pack, limit = batches.builder(self._job.changelog, lane.number).pack, self._settings.output_bytes
        for count, (key, value) in enumerate(judged.rows(), 1):
            if value is not None and len(value) > limit:
                raise EngineError(f"a row of partition {lane.number} is larger than {limit} bytes")
            pack(key, value)
            if not count % ROWS_A_LOOK and judge.loop_yield.due:
                await judge.loop_yield.take()

    async def _commit(self, batches: ProducerBatches, offsets: dict[Lane, int]) -> dict[TopicPartition, int]:
        """Send everything with the offsets, look at every answer, and commit."""
        await batches.flush()
        members = {lane.member for lane in offsets}
        if len(members) != 1:
            raise EngineError("a transaction mixes generations")
        committed = {lane.partition: offset for lane, offset in offsets.items()}
        acknowledged = self._producer.commit_offsets(self._job.group, committed, members.pop())
        ends = await batches.acknowledged()
        await acknowledged
        self._observer.sent()
        try:
            await self._producer.commit_transaction()
        except Exception as error:
            raise UnknownOutcomeError(f"the commit ended in {type(error).__name__}") from error
        return ends

    async def _join_rows(self, judged: RunResult, ends: dict[TopicPartition, int], loop_yield: LoopYield) -> None:
        for _slice in judged.overlay.join_in_slices():
            if loop_yield.due:
                await loop_yield.take()
        judged.lane.window_changed = False
        # One marker follows the last row; where a table is kept, it need not be read again.
        judged.lane.changelog_position = ends[TopicPartition(self._job.changelog, judged.lane.number)] + 1

    def _advance(self, judged: RunResult) -> None:
        lane, last = judged.lane, judged.lane_slice.records[judged.count - 1]
        lane.window = judged.window
        lane.judged_at = monotonic()
        lane.advance(judged.count, judged.position)
        lane.isolation = lane.isolation.passed(judged.count, last.offset)
        progress = lane.progress
        progress.fates.update(judged.fates)
        self._progress.fates.update(judged.fates)
        progress.position = lane.position.offset
        progress.event_lag_ms = max(0, int(time() * 1000) - last.timestamp)

    def _count(self, judged: list[RunResult], batches: ProducerBatches, judge: StepRunner, seconds: float) -> None:
        progress = self._progress
        progress.transactions += 1
        progress.records += sum(each.count for each in judged)
        progress.outputs += batches.records
        progress.stall_ms = max(progress.stall_ms, judge.loop_yield.longest * 1000)
        self._observer.committed(progress, seconds)
        if log.isEnabledFor(logging.DEBUG):
            log.debug("transaction %d is committed", progress.transactions, extra=_line(judged, batches, seconds))

    def _dlq_halt(self, judged: RunResult) -> Halt:
        detail: dict[str, int | str] = {"dead_letters": len(judged.window)}
        return Halt(self._job.group, judged.lane.number, judged.position.offset, "ceiling", detail)

    def _suspicion_after(self, judged: RunResult) -> Suspicion | None:
        """Return the suspicion for what comes next, written along with the transaction if it is another than now."""
        lane, position = judged.lane, judged.position.offset
        if lane.suspicion is None or not lane.suspicion.span:
            return lane.suspicion
        last = judged.lane_slice.records[judged.count - 1].offset
        isolation = lane.isolation.passed(judged.count, last)
        return isolation.suspicion(position, None, lane.waiting - judged.count) or Suspicion(position)

    def _control(self, batches: ProducerBatches, partition: int, kind: str, value: Suspicion | Halt | None) -> None:
        row = None if value is None else msgspec.json.encode(value)
        batches.builder(self._job.control, partition).pack(control_key(self._job.group, partition, kind), row)

    async def write_suspicions(self, suspicions: Mapping[Lane, Suspicion | None], halts: Iterable[Halt] = ()) -> None:
        """Write suspicions and halts in a transaction of their own, fenced by committing where the lanes stand.

        Raises `FencedError` after aborting.
        """
        batches = ProducerBatches(self._producer, 0)
        await self._producer.begin_transaction()
        judged = [
            RunResult(lane, RecordSlice([], lane.position.offset), lane.begin(self._job.step)) for lane in suspicions
        ]
        for each in judged:
            for key, value in each.rows():
                batches.builder(self._job.changelog, each.lane.number).pack(key, value)
        for lane, suspicion in suspicions.items():
            self._control(batches, lane.number, SUSPICION, suspicion)
        for halt in halts:
            self._control(batches, halt.partition, HALT, halt)
        try:
            ends = await self._commit(batches, {lane: lane.position.offset for lane in suspicions})
        except FencedError:
            await self.abort()
            raise
        for each in judged:
            await self._join_rows(each, ends, LoopYield())
            each.lane.suspicion = suspicions[each.lane]

    async def abort(self) -> None:
        """Abort the open transaction; the lanes stand as before it."""
        self._progress.aborted += 1
        self._observer.aborted()
        await self._producer.abort_transaction()
