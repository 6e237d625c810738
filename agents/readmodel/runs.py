"""Runs made of fetched records: few enough for Redis to apply in one short script call."""

import logging
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final

from aiokafka import TopicPartition

from agents.readmodel.items import UnreadableError, alert_items, decision_items
from agents.readmodel.projection_progress import ProjectionProgress
from agents.readmodel.writing import Run
from stream.topics import Topics

log = logging.getLogger(__name__)

RECORDS_A_RUN: Final = 250
"""Redis serves no other client while it applies a run, which takes about ten milliseconds."""

Reading = Callable[[bytes, int], tuple[str | bytes, ...]]


class Runs:
    """Makes the runs of one projection."""

    def __init__(self, topics: Topics, partitions: int, progress: ProjectionProgress) -> None:
        self._progress = progress
        self.names: dict[str, str] = {topics.decisions: "decisions", topics.alerts: "alerts"}
        self._readings: dict[str, Reading] = {topics.decisions: decision_items, topics.alerts: alert_items}
        self._partitions = partitions

    def of(
        self, where: TopicPartition, start: int, records: Sequence[Any], stop: int, fresh_ms: int | None
    ) -> Iterator[Run]:
        """Yield runs from `start` to `stop`, the consumer's position now."""
        for first in range(0, len(records), RECORDS_A_RUN):
            part = records[first : first + RECORDS_A_RUN]
            last = first + RECORDS_A_RUN >= len(records)
            after = stop if last else part[-1].offset + 1
            yield self._run(where, start, after, self._items(where, part), fresh_ms if last else None)
            start = after
        if not records:
            yield self._run(where, start, stop, [], fresh_ms)

    def begin(self, where: TopicPartition, offset: int) -> Run:
        """Return the run that sets an empty Redis to the beginning of a partition."""
        return self._run(where, None, offset, [], None)

    def _run(
        self, where: TopicPartition, start: int | None, stop: int, items: list[str | bytes], fresh_ms: int | None
    ) -> Run:
        name = self.names[where.topic]
        return Run(name, where.partition, self._partitions, start, stop, items, fresh_ms)

    def _items(self, where: TopicPartition, records: Sequence[Any]) -> list[str | bytes]:
        items: list[str | bytes] = []
        read = self._readings[where.topic]
        for record in records:
            try:
                items += read(record.value or b"", record.offset)
            except UnreadableError as error:
                self._progress.unreadable += 1
                place = f"{where.topic}, partition {where.partition}, offset {record.offset}"
                log.warning("%s: no %s of ours (%s); passed over", place, self.names[where.topic][:-1], error)
        return items
