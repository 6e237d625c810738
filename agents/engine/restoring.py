"""Restoring tables from the changelog: up to the high watermark, read-committed, batched, breathing."""

import logging
from time import monotonic, perf_counter

from aiokafka import AIOKafkaConsumer, TopicPartition

from agents.engine.engine_progress import EngineProgress
from agents.engine.engine_settings import MIB, EngineSettings
from agents.engine.lane import Lane
from agents.engine.yielding import LoopYield
from agents.kafka.log_reader import end_offsets, open_reader, read_to

log = logging.getLogger(__name__)

ROWS_A_JOIN = 200_000
"""Rows collected, the last value of each key, before they join the table: a changelog repeats its keys."""


class Restorer:
    """Brings tables up to date; one that a cancelled restore has begun to change stays marked as torn."""

    def __init__(self, settings: EngineSettings, changelog: str, progress: EngineProgress) -> None:
        """Read from the topic `changelog`."""
        self._settings = settings
        self._changelog = changelog
        self._progress = progress
        self._breath = LoopYield()
        self.moved_at = monotonic()
        """When the restore last got on, for the watchdog."""

    async def restore(self, lanes: list[Lane]) -> None:
        """Read on from where each lane's table stands in the changelog, up to the high watermark as of now."""
        async with open_reader(
            self._settings.connection,
            check_crcs=not self._settings.mock_broker,
            max_partition_fetch_bytes=2 * MIB,
            fetch_max_wait_ms=100,
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
            lane.progress.restore_left = ends[partition] - starts[partition]
        async for records in read_to(reader, starts, ends):
            partition = TopicPartition(self._changelog, records[0].partition)
            rows = collected[partition]
            for record in records:
                rows[record.key] = record.value
            self._note(lanes[partition], len(records), ends[partition] - records[-1].offset)
            if len(rows) > ROWS_A_JOIN:
                await self._join(lanes[partition], rows)
                collected[partition] = {}
            elif self._breath.due:
                await self._breath.take()
        for partition, lane in lanes.items():
            await self._join(lane, collected.pop(partition))
            lane.torn = False
            lane.changelog_position = max(starts[partition], ends[partition])
            lane.progress.restore_left = 0
        seconds, rows_read = perf_counter() - began, self._progress.restored_rows - rows_before
        self._progress.restore_seconds += seconds
        log.info("restored %d partitions, %d rows, in %.2f s", len(lanes), rows_read, seconds)

    def _note(self, lane: Lane, records: int, left: int) -> None:
        self.moved_at = monotonic()
        self._progress.restored_rows += records
        lane.progress.restored_rows += records
        lane.progress.restore_left = left

    async def _join(self, lane: Lane, rows: dict[bytes, bytes | None]) -> None:
        lane.torn = lane.torn or bool(rows)
        for _slice in lane.table.restore(rows):
            self.moved_at = monotonic()
            if self._breath.due:
                await self._breath.take()
