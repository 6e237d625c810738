"""Judging: the step runs over one lane's slice into an overlay; its outputs go into batches."""

from collections import Counter
from collections.abc import Iterator
from time import perf_counter
from typing import Any, Final

from agents.engine.job import Job
from agents.engine.lane import DLQ_WINDOW, Lane, Position, RecordSlice
from agents.engine.producer_batches import BatchBuilder, OutputTooLargeError, ProducerBatches
from agents.engine.yielding import LoopYield
from state.step import StepRefusedError
from state.table import PARTITION_ROOT, POSITION, Overlay, changelog_key
from stream.records import Fate, Sink

BIG_OUTPUTS: Final = 2_000
"""A record with more outputs than this is judged in a transaction of its own."""
LOOK_EVERY: Final = 64
"""Records, or outputs of one record, between looks at the clock."""
POSITION_KEY: Final = changelog_key(PARTITION_ROOT, POSITION)


class StepRaisedError(Exception):
    """A step raised at a record; the message names the type of the error only, since its text may quote the record."""

    def __init__(self, lane: Lane, offset: int, error: Exception) -> None:
        """Remember where it was."""
        super().__init__(f"the step raised {type(error).__name__} at offset {offset} of partition {lane.number}")
        self.lane = lane
        self.offset = offset


class BigRecordError(Exception):
    """A record makes so many outputs that it must have a transaction of its own."""

    def __init__(self, lane: Lane, offset: int) -> None:
        """Remember where it is."""
        super().__init__(f"offset {offset} of partition {lane.number}")
        self.lane = lane
        self.offset = offset


class RunResult:
    """What became of one lane's slice; joins the lane once the transaction is committed."""

    def __init__(self, lane: Lane, lane_slice: RecordSlice, overlay: Overlay) -> None:
        """Start with nothing judged."""
        self.lane = lane
        self.lane_slice = lane_slice
        self.overlay = overlay
        self.window = lane.window
        self.fates: Counter[tuple[Fate, str]] = Counter()
        self.count = 0
        self.over_dlq_limit = False

    @property
    def position(self) -> Position:
        """Where the lane stands when this is committed."""
        whole = self.count >= len(self.lane_slice.records)
        end = self.lane_slice.end if whole else self.lane_slice.records[self.count - 1].offset + 1
        return Position(end, self.lane.position.ordinal + self.count, self.overlay.totals)

    def dead_lettered(self, code: str) -> None:
        """Count a dead letter, the one judged last, against the DLQ limit."""
        if self.window is self.lane.window:
            self.window = self.lane.window.copy()
        self.over_dlq_limit = self.window.add(self.lane.position.ordinal + self.count, code)

    def rows(self) -> Iterator[tuple[bytes, bytes | None]]:
        """Yield the changelog records: last of all the position, which says what all other rows now come to."""
        meta = self.overlay.group(PARTITION_ROOT)
        if self.window is not self.lane.window or self.lane.window_changed:
            meta.put(DLQ_WINDOW, self.window.encode())
        yield from self.overlay.changes()
        row = self.position.encode()
        meta.put(POSITION, row)
        yield POSITION_KEY, row


class StepRunner:
    """Runs the step; one for each transaction."""

    def __init__(
        self, job: Job, batches: ProducerBatches, limits: dict[Sink, int], seconds: float, *, alone: bool
    ) -> None:
        """Judge into `batches` for about so many seconds; `limits` are the most bytes of an output by sink.

        `alone` allows a big record.
        """
        self._step = job.step
        self._topics = {str(sink): topic for sink, topic in job.sinks.items()}
        self._limits = {str(sink): limit for sink, limit in limits.items()}
        self._builders: dict[tuple[str, int], BatchBuilder] = {}
        self._batches = batches
        self._alone = alone
        self.loop_yield = LoopYield()
        self._until = perf_counter() + seconds

    @property
    def spent(self) -> bool:
        """Tell whether the transaction has lasted long enough to take no further records."""
        return perf_counter() > self._until

    async def judge(self, lane: Lane, lane_slice: RecordSlice) -> RunResult:
        """Judge the records in order, at least one, until the DLQ limit is exceeded or the time is spent."""
        judged = self.begin(lane, lane_slice)
        await self.run(judged, lane_slice.records)
        return judged

    def begin(self, lane: Lane, lane_slice: RecordSlice) -> RunResult:
        """Start with a lane's slice; `run` judges it, and `RunResult.rows` ends it."""
        return RunResult(lane, lane_slice, lane.begin(self._step))

    async def run(self, judged: RunResult, records: list[Any]) -> None:
        """Judge the slice's next records, at least one, until the DLQ limit is exceeded or the time is spent."""
        lane = judged.lane
        step, overlay, fates = self._step, judged.overlay, judged.fates
        builders, limits = self._builders, self._limits
        look = LOOK_EVERY
        for record in records:
            try:
                fate, code, outputs = step(record, overlay)
                count = 0
                for output in outputs:
                    if output is not None:
                        sink, partition, key, value, headers = output
                        if value is not None and len(value) > limits[sink]:
                            raise OutputTooLargeError(sink)  # noqa: TRY301 - it is the step's fault like any other
                        builder = builders.get((sink, partition)) or self._builder(sink, partition)
                        builder.pack(key, value, headers)
                        count += 1
                    if output is None or not count % LOOK_EVERY:
                        await self._look(count, lane, record)
            except (BigRecordError, StepRefusedError):
                raise
            except Exception as error:
                raise StepRaisedError(lane, record.offset, error) from error
            judged.count += 1
            fates[fate, code] += 1
            if fate is Fate.DEAD_LETTERED:
                judged.dead_lettered(code)
                if judged.over_dlq_limit:
                    break
            look -= 1
            if not look:
                look = LOOK_EVERY
                await self.yield_if_due()
                if self.spent:
                    break

    def _builder(self, sink: str, partition: int) -> BatchBuilder:
        builder = self._builders[sink, partition] = self._batches.builder(self._topics[sink], partition)
        return builder

    async def _look(self, count: int, lane: Lane, record: Any) -> None:
        if count > BIG_OUTPUTS and not self._alone:
            raise BigRecordError(lane, record.offset)
        await self.yield_if_due()

    async def yield_if_due(self) -> None:
        """Send what is due and let the loop turn, if it is time."""
        if self._batches.due:
            self.loop_yield.ended()
            await self._batches.send()
            self.loop_yield.began()
        if self.loop_yield.due:
            await self.loop_yield.take()
