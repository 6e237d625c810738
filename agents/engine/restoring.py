"""Restoring tables from the changelog: up to the high watermark, read-committed, in batches, with yields."""

import logging
from collections.abc import Iterable
from time import monotonic, perf_counter

from aiokafka import AIOKafkaConsumer, TopicPartition

from agents.engine.engine_progress import EngineProgress
from agents.engine.engine_settings import MIB, EngineSettings
from agents.engine.lane import Lane
from agents.engine.unpacking import RowBatch, as_rows
from agents.engine.yielding import LoopYield
from agents.kafka.log_reader import end_offsets, open_reader, read_partitions_to

log = logging.getLogger(__name__)

ROWS_A_JOIN = 200_000
"""Rows collected, the last value of each key, before they join the table: a changelog repeats its keys."""

LINE_SECONDS = 5.0
"""How often the log says how far a restore is."""


class RestoreLog:
    """Writes a line into the log now and then while tables are restored."""

    def __init__(self, partitions: int, offsets: int) -> None:
        """Begin now, with so many offsets to read."""
        self._partitions = partitions
        self._offsets = offsets
        self._began = self._written = monotonic()

    def note(self, left: int) -> None:
        """Write a line, if it is time; so many offsets are left to read."""
        now = monotonic()
        if now - self._written < LINE_SECONDS:
            return
        self._written = now
        done = self._offsets - left
        words = f", about {(now - self._began) * left / done:.0f} s left" if done > 0 else ""
        log.info("restoring %d partitions: %d of %d offsets read%s", self._partitions, done, self._offsets, words)


class Restorer:
    """Brings tables up to date; one that a cancelled restore has begun to change stays marked as torn."""

    def __init__(self, settings: EngineSettings, changelog: str, progress: EngineProgress) -> None:
        """Read from the topic `changelog`."""
        self._settings = settings
        self._changelog = changelog
        self._progress = progress
        self._loop_yield = LoopYield()
        self.moved_at = monotonic()
        """When the restore last got on, for the watchdog."""

    async def restore(self, lanes: list[Lane]) -> None:
        """Read on from where each lane's table stands in the changelog, up to the high watermark as of now."""
        async with open_reader(
            self._settings.connection,
            check_crcs=not self._settings.mock_broker,
            max_partition_fetch_bytes=2 * MIB,
            fetch_max_wait_ms=100,
            key_deserializer=as_rows,
        ) as reader:
            await self._restore(reader, {TopicPartition(self._changelog, lane.number): lane for lane in lanes})

    async def _restore(self, reader: AIOKafkaConsumer, lanes: dict[TopicPartition, Lane]) -> None:
        began, rows_before = perf_counter(), self._progress.restored_rows
        self.moved_at = monotonic()
        ends = await end_offsets(reader, lanes)
        begins = await reader.beginning_offsets(list(lanes))
        # A compacted log starts at 0 or, rarely, later; a table that is empty starts wherever the log does.
        starts = {partition: max(lane.changelog_position, begins[partition]) for partition, lane in lanes.items()}
        collected: dict[TopicPartition, dict[bytes, bytes | None]] = {partition: {} for partition in lanes}
        for partition, lane in lanes.items():
            lane.progress.restore_left = max(0, ends[partition] - starts[partition])
        progress_log = RestoreLog(len(lanes), _left(lanes.values()))
        async for partition, batches in read_partitions_to(reader, starts, ends):
            rows = collected[partition]
            for batch in batches:
                rows.update(batch.rows)
            self._note(lanes[partition], batches, ends[partition])
            progress_log.note(_left(lanes.values()))
            if len(rows) > ROWS_A_JOIN:
                await self._join(lanes[partition], rows)
                collected[partition] = {}
            elif self._loop_yield.due:
                await self._loop_yield.take()
        for partition, lane in lanes.items():
            await self._join(lane, collected.pop(partition))
            lane.torn = False
            lane.changelog_position = max(starts[partition], ends[partition])
            lane.progress.restore_left = 0
        seconds, rows_read = perf_counter() - began, self._progress.restored_rows - rows_before
        self._progress.restore_seconds += seconds
        log.info("restored %d partitions, %d rows, in %.2f s", len(lanes), rows_read, seconds)

    def _note(self, lane: Lane, batches: list[RowBatch], end: int) -> None:
        records = sum(batch.records for batch in batches)
        self.moved_at = monotonic()
        self._progress.restored_rows += records
        lane.progress.restored_rows += records
        # The last rows join at the end: until then something is left.
        lane.progress.restore_left = max(1, end - batches[-1].end)

    async def _join(self, lane: Lane, rows: dict[bytes, bytes | None]) -> None:
        lane.torn = lane.torn or bool(rows)
        for _slice in lane.table.restore(rows):
            self.moved_at = monotonic()
            if self._loop_yield.due:
                await self._loop_yield.take()


def _left(lanes: Iterable[Lane]) -> int:
    return sum(lane.progress.restore_left for lane in lanes)
