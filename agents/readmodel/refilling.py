"""Rebuilding the read model: remove all its keys, then fill it from Kafka, beside any projection that runs."""

import asyncio
import secrets
from collections.abc import Mapping
from typing import Final, Protocol

from aiokafka import TopicPartition

from agents.kafka.log_reader import open_reader
from agents.readmodel.projection import Projection
from agents.readmodel.projection_process import count_partitions, kept_store_of, make_projection
from agents.readmodel.writing import Writer
from agents.settings.settings import Settings

LOOK_SECONDS: Final = 0.25


class RefillWatcher(Protocol):
    """Shows the progress of a rebuild."""

    def swept(self, keys: int) -> None:
        """Show the number of keys removed."""

    def filled(self, done: int, total: int) -> None:
        """Show how many of all offsets are in Redis."""


class Ends:
    """First and end offsets of the topics when the rebuild began; the running projection takes later records."""

    def __init__(self, begins: Mapping[str, int], ends: Mapping[str, int]) -> None:
        self._begins = begins
        self._ends = ends
        self.total = sum(ends[name] - begins[name] for name in ends)

    def done(self, positions: Mapping[str, str]) -> int:
        """Return how many offsets are before the positions in Redis."""
        return sum(
            max(0, min(int(positions.get(f"at:{name}", begin)), self._ends[name]) - begin)
            for name, begin in self._begins.items()
        )

    def reached(self, positions: Mapping[str, str]) -> bool:
        """Return whether Redis has reached every end, also in partitions without records."""
        return all(int(positions.get(f"at:{name}", -1)) >= end for name, end in self._ends.items())


async def rebuild(settings: Settings, watcher: RefillWatcher) -> int:
    """Empty the read model and fill it; return the number of offsets. Raise EngineError, StoreError, KafkaError.

    A projection that runs meanwhile waits while keys are removed, and then helps to fill.
    """
    partitions = await count_partitions(settings)
    async with Writer(kept_store_of(settings)) as writer:
        ends = await _ends(settings, partitions)
        token = secrets.token_hex(8)
        await writer.begin_sweep(token)
        watcher.swept(await writer.sweep(token))
        projection = make_projection(settings, writer, partitions)
        filling = asyncio.create_task(projection.run())
        try:
            await _watch(writer, ends, watcher, filling)
        finally:
            await _end(projection, filling)
    return ends.total


async def _watch(writer: Writer, ends: Ends, watcher: RefillWatcher, filling: asyncio.Task[None]) -> None:
    while True:
        positions = await writer.positions()
        watcher.filled(ends.done(positions), ends.total)
        if ends.reached(positions):
            return
        if filling.done():
            filling.result()
        await asyncio.sleep(LOOK_SECONDS)


async def _end(projection: Projection, filling: asyncio.Task[None]) -> None:
    projection.stop()
    await filling


async def _ends(settings: Settings, partitions: int) -> Ends:
    topics = settings.kafka.topics()
    names = {
        TopicPartition(topic, number): f"{name}/{number}"
        for name, topic in (("decisions", topics.decisions), ("alerts", topics.alerts))
        for number in range(partitions)
    }
    async with open_reader(settings.kafka.connection()) as reader:
        begins = await reader.beginning_offsets(list(names))
        ends = await reader.end_offsets(list(names))
    return Ends(*({names[where]: found[where] for where in names} for found in (begins, ends)))
