"""Judging: one lane's portion through the step into an overlay, outputs into the outbox."""

from collections import Counter
from collections.abc import Iterator
from time import perf_counter
from typing import Any, Final

from agents.engine.breath import Breath
from agents.engine.job import Job
from agents.engine.lane import CEILING, Lane, Portion, Position
from agents.engine.outbox import Outbox, OutputTooLargeError, Packer
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


class Judged:
    """What became of one lane's portion; joins the lane once the transaction is committed."""

    def __init__(self, lane: Lane, portion: Portion, overlay: Overlay) -> None:
        """Start with nothing judged."""
        self.lane = lane
        self.portion = portion
        self.overlay = overlay
        self.window = lane.window
        self.fates: Counter[tuple[Fate, str]] = Counter()
        self.count = 0
        self.over_ceiling = False

    @property
    def position(self) -> Position:
        """Where the lane stands when this is committed."""
        whole = self.count >= len(self.portion.records)
        end = self.portion.end if whole else self.portion.records[self.count - 1].offset + 1
        return Position(end, self.lane.position.ordinal + self.count, self.overlay.totals)

    def dead_lettered(self, code: str) -> None:
        """Count a dead letter, the one judged last, against the ceiling."""
        if self.window is self.lane.window:
            self.window = self.lane.window.copy()
        self.over_ceiling = self.window.add(self.lane.position.ordinal + self.count, code)

    def rows(self) -> Iterator[tuple[bytes, bytes | None]]:
        """Yield the changelog records: last of all the position, which says what all other rows now come to."""
        meta = self.overlay.group(PARTITION_ROOT)
        if self.window is not self.lane.window or self.lane.window_changed:
            meta.put(CEILING, self.window.encode())
        yield from self.overlay.changes()
        row = self.position.encode()
        meta.put(POSITION, row)
        yield POSITION_KEY, row


class Judge:
    """Runs the step; one for each transaction."""

    def __init__(self, job: Job, outbox: Outbox, limits: dict[Sink, int], seconds: float, *, alone: bool) -> None:
        """Judge into `outbox` for about so many seconds; `limits` are the most bytes of an output by sink.

        `alone` allows a big record.
        """
        self._step = job.step
        self._topics = {str(sink): topic for sink, topic in job.sinks.items()}
        self._limits = {str(sink): limit for sink, limit in limits.items()}
        self._packers: dict[tuple[str, int], Packer] = {}
        self._outbox = outbox
        self._alone = alone
        self.breath = Breath()
        self._until = perf_counter() + seconds

    @property
    def spent(self) -> bool:
        """Tell whether the transaction has lasted long enough to take no further records."""
        return perf_counter() > self._until

    async def judge(self, lane: Lane, portion: Portion) -> Judged:
        """Judge the records in order, at least one, until the ceiling breaks or the time is spent."""
        judged = self.begin(lane, portion)
        await self.run(judged, portion.records)
        return judged

    def begin(self, lane: Lane, portion: Portion) -> Judged:
        """Start with a lane's portion; `run` judges it, and `Judged.rows` ends it."""
        return Judged(lane, portion, lane.begin(self._step))

    async def run(self, judged: Judged, records: list[Any]) -> None:
        """Judge the portion's next records, at least one, until the ceiling breaks or the time is spent."""
        lane = judged.lane
        step, overlay, fates = self._step, judged.overlay, judged.fates
        packers, limits = self._packers, self._limits
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
                        packer = packers.get((sink, partition)) or self._packer(sink, partition)
                        packer.pack(key, value, headers)
                        count += 1
                    if output is None or not count % LOOK_EVERY:
                        await self._look(count, lane, record)
            except BigRecordError:
                raise
            except Exception as error:
                raise StepRaisedError(lane, record.offset, error) from error
            judged.count += 1
            fates[fate, code] += 1
            if fate is Fate.DEAD_LETTERED:
                judged.dead_lettered(code)
                if judged.over_ceiling:
                    break
            look -= 1
            if not look:
                look = LOOK_EVERY
                await self.breathe()
                if self.spent:
                    break

    def _packer(self, sink: str, partition: int) -> Packer:
        packer = self._packers[sink, partition] = self._outbox.packer(self._topics[sink], partition)
        return packer

    async def _look(self, count: int, lane: Lane, record: Any) -> None:
        if count > BIG_OUTPUTS and not self._alone:
            raise BigRecordError(lane, record.offset)
        await self.breathe()

    async def breathe(self) -> None:
        """Send what is due and let the loop turn, if it is time."""
        if self._outbox.due:
            self.breath.ended()
            await self._outbox.send()
            self.breath.began()
        if self.breath.due:
            await self.breath.take()
