"""One transaction: everything that waits is judged, sent, committed with its offsets, and then joins the tables."""

import logging
from collections import Counter
from collections.abc import Iterable, Mapping
from time import monotonic, perf_counter, time
from typing import Final

import msgspec
from aiokafka import TopicPartition

from agents.engine.breath import Breath
from agents.engine.caution import Watch
from agents.engine.control import HALT, WATCH, Halt, control_key
from agents.engine.errors import EngineError, FencedError, UnknownOutcomeError
from agents.engine.job import Job
from agents.engine.judging import LOOK_EVERY, Judge, Judged
from agents.engine.lane import Lane, Portion
from agents.engine.ordering import runs
from agents.engine.outbox import Outbox
from agents.engine.producer import TransactionalProducer
from agents.engine.progress import EngineProgress, Observer
from agents.engine.settings import MIB, EngineSettings
from stream.records import Sink

log = logging.getLogger(__name__)

HOLD_BYTES: Final = MIB
"""Batches are sent as they fill up; the broker works while the step judges."""
HOLD_BYTES_ALONE: Final = 64 * MIB
"""A big record is judged before much is sent: the broker's transaction timeout runs from the first batch."""
SWEEP_SECONDS: Final = 1.0
SWEEP_GROUPS: Final = 200
ROWS_A_LOOK: Final = 500


async def _by_lane(judge: Judge, portions: list[tuple[Lane, Portion]]) -> list[Judged]:
    judged: list[Judged] = []
    for lane, portion in portions:
        if not judged or not judge.spent:
            judged.append(await judge.judge(lane, portion))
    return judged


async def _in_order(judge: Judge, portions: list[tuple[Lane, Portion]]) -> list[Judged]:
    begun = {lane: judge.begin(lane, portion) for lane, portion in portions}
    unseen = 0
    for lane, records in runs(portions):
        await judge.run(begun[lane], records)
        unseen += len(records)
        if unseen >= LOOK_EVERY:
            unseen = 0
            await judge.breathe()
        if judge.spent or begun[lane].over_ceiling:
            break
    return [each for each in begun.values() if each.count]


def _line(judged: list[Judged], outbox: Outbox, seconds: float) -> dict[str, object]:
    """Give what the log says of a transaction."""
    fates: Counter[str] = Counter()
    for each in judged:
        fates.update({fate.value: count for (fate, _code), count in each.fates.items()})
    offsets = {str(each.lane.number): each.position.offset for each in judged}
    return {"offsets": offsets, **fates, "outputs": outbox.records, "seconds": round(seconds, 4)}


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
        """Judge what waits in these lanes and commit it; give the halts that this led to.

        Raises `StepRaisedError` or `BigRecordError` after aborting: the lanes stand as before. Any other error leaves
        tables in memory that are not to be trusted.
        """
        began = perf_counter()
        portions = [(lane, lane.portion(self._settings.portion_records)) for lane in lanes]
        alone = len(portions) == 1 and len(portions[0][1].records) == 1
        outbox = Outbox(self._producer, HOLD_BYTES_ALONE if alone else HOLD_BYTES)
        judge = Judge(self._job, outbox, self._limits, self._settings.transaction_seconds, alone=alone)
        await self._producer.begin_transaction()
        judged = await (_in_order if self._settings.in_order else _by_lane)(judge, portions)
        for each in judged:
            await self._rows(each, outbox, judge)
        halts = [self._over_ceiling(each) for each in judged if each.over_ceiling]
        for halt in halts:
            self._control(outbox, halt.partition, HALT, halt)
        watches = {each.lane: self._watch_after(each) for each in judged}
        for lane, watch in watches.items():
            if watch != lane.watch:
                self._control(outbox, lane.number, WATCH, watch)
        judge.breath.ended()
        ends = await self._commit(outbox, {each.lane: each.position.offset for each in judged})
        judge.breath.began()
        for each in judged:
            await self._join_rows(each, ends, judge.breath)
            self._advance(each)
            each.lane.watch = watches[each.lane]
        self._count(judged, outbox, judge, perf_counter() - began)
        return halts

    async def _rows(self, judged: Judged, outbox: Outbox, judge: Judge) -> None:
        """Send the changelog of one lane, after a sweep now and then."""
        lane = judged.lane
        if monotonic() - lane.swept_at > SWEEP_SECONDS:
            lane.swept_at = monotonic()
            self._job.step.sweep(judged.overlay, SWEEP_GROUPS)
        pack, limit = outbox.packer(self._job.changelog, lane.number).pack, self._settings.output_bytes
        for count, (key, value) in enumerate(judged.rows(), 1):
            if value is not None and len(value) > limit:
                raise EngineError(f"a row of partition {lane.number} is larger than {limit} bytes")
            pack(key, value)
            if not count % ROWS_A_LOOK and judge.breath.due:
                await judge.breath.take()

    async def _commit(self, outbox: Outbox, offsets: dict[Lane, int]) -> dict[TopicPartition, int]:
        """Send everything with the offsets, look at every answer, and commit."""
        await outbox.flush()
        fences = {lane.fence for lane in offsets}
        if len(fences) != 1:
            raise EngineError("a transaction mixes generations")
        committed = {lane.partition: offset for lane, offset in offsets.items()}
        acknowledged = self._producer.commit_offsets(self._job.group, committed, fences.pop())
        ends = await outbox.acknowledged()
        await acknowledged
        self._observer.sent()
        try:
            await self._producer.commit_transaction()
        except Exception as error:
            raise UnknownOutcomeError(f"the commit ended in {type(error).__name__}") from error
        return ends

    async def _join_rows(self, judged: Judged, ends: dict[TopicPartition, int], breath: Breath) -> None:
        for _slice in judged.overlay.join_in_slices():
            if breath.due:
                await breath.take()
        judged.lane.window_changed = False
        # One marker follows the last row; where a table is kept, it need not be read again.
        judged.lane.changelog_position = ends[TopicPartition(self._job.changelog, judged.lane.number)] + 1

    def _advance(self, judged: Judged) -> None:
        lane, last = judged.lane, judged.portion.records[judged.count - 1]
        lane.window = judged.window
        lane.judged_at = monotonic()
        lane.advance(judged.count, judged.position)
        lane.caution = lane.caution.passed(judged.count, last.offset)
        progress = lane.progress
        progress.fates.update(judged.fates)
        self._progress.fates.update(judged.fates)
        progress.position = lane.position.offset
        progress.event_lag_ms = max(0, int(time() * 1000) - last.timestamp)

    def _count(self, judged: list[Judged], outbox: Outbox, judge: Judge, seconds: float) -> None:
        progress = self._progress
        progress.transactions += 1
        progress.records += sum(each.count for each in judged)
        progress.outputs += outbox.records
        progress.stall_ms = max(progress.stall_ms, judge.breath.longest * 1000)
        self._observer.committed(progress, seconds)
        if log.isEnabledFor(logging.DEBUG):
            log.debug("transaction %d is committed", progress.transactions, extra=_line(judged, outbox, seconds))

    def _over_ceiling(self, judged: Judged) -> Halt:
        detail: dict[str, int | str] = {"dead_letters": len(judged.window)}
        return Halt(self._job.group, judged.lane.number, judged.position.offset, "ceiling", detail)

    def _watch_after(self, judged: Judged) -> Watch | None:
        """Give the watch for what comes next, written along with the transaction if it is another than now."""
        lane, position = judged.lane, judged.position.offset
        if lane.watch is None or not lane.watch.span:
            return lane.watch
        last = judged.portion.records[judged.count - 1].offset
        caution = lane.caution.passed(judged.count, last)
        return caution.watch(position, None, lane.waiting - judged.count) or Watch(position)

    def _control(self, outbox: Outbox, partition: int, kind: str, value: Watch | Halt | None) -> None:
        row = None if value is None else msgspec.json.encode(value)
        outbox.packer(self._job.control, partition).pack(control_key(self._job.group, partition, kind), row)

    async def write_watches(self, watches: Mapping[Lane, Watch | None], halts: Iterable[Halt] = ()) -> None:
        """Write watches and halts in a transaction of their own, fenced by committing where the lanes stand.

        Raises `FencedError` after aborting.
        """
        outbox = Outbox(self._producer, 0)
        await self._producer.begin_transaction()
        judged = [
            Judged(lane, Portion([], lane.position.offset), lane.begin(self._job.step)) for lane in watches
        ]
        for each in judged:
            for key, value in each.rows():
                outbox.packer(self._job.changelog, each.lane.number).pack(key, value)
        for lane, watch in watches.items():
            self._control(outbox, lane.number, WATCH, watch)
        for halt in halts:
            self._control(outbox, halt.partition, HALT, halt)
        try:
            ends = await self._commit(outbox, {lane: lane.position.offset for lane in watches})
        except FencedError:
            await self.abort()
            raise
        for each in judged:
            await self._join_rows(each, ends, Breath())
            each.lane.watch = watches[each.lane]

    async def abort(self) -> None:
        """Abort the open transaction; the lanes stand as before it."""
        self._progress.aborted += 1
        self._observer.aborted()
        await self._producer.abort_transaction()
