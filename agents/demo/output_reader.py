"""Reads the output of Tallygate as any consumer does: read-committed, without a group, from the beginning."""

import time
from collections.abc import Mapping
from typing import Any, Final

import msgspec
from aiokafka import AIOKafkaConsumer, TopicPartition

from agents.demo.counts import OutputCounts
from agents.demo.latency import Latency
from stream.alerts import Alert
from stream.decisions import Decision
from stream.topics import Topics

_decision: Final = msgspec.json.Decoder(Decision).decode
_alert: Final = msgspec.json.Decoder(Alert).decode


class OutputReader:
    """Counts the output; `consumer` is a started aiokafka consumer without a group."""

    def __init__(
        self, consumer: AIOKafkaConsumer, topics: Topics, partitions: int, tally: OutputCounts, latency: Latency
    ) -> None:
        self._consumer = consumer
        self._tally = tally
        self._latency = latency
        self._takers = {
            topics.decisions: self._take_decision,
            topics.alerts: self._take_alert,
            topics.dead_letters: self._take_dead_letter,
        }
        self._partitions = [TopicPartition(topic, number) for topic in self._takers for number in range(partitions)]

    async def open(self) -> None:
        """Start at the beginning of each partition."""
        self._consumer.assign(self._partitions)
        await self._consumer.seek_to_beginning()

    async def run(self) -> None:
        """Read for ever."""
        while True:
            self._take(await self._consumer.getmany(timeout_ms=500))

    async def finish(self) -> None:
        """Read everything that is in the topics now; `run` must have ended."""
        ends = await self._consumer.end_offsets(self._partitions)
        for partition, end in ends.items():
            while await self._consumer.position(partition) < end:
                self._take(await self._consumer.getmany(timeout_ms=500))

    def _take(self, fetched: Mapping[TopicPartition, list[Any]]) -> None:
        moment = time.monotonic()
        for partition, records in fetched.items():
            take = self._takers[partition.topic]
            for record in records:
                take(record, moment)

    def _take_decision(self, record: Any, moment: float) -> None:
        decision = _decision(record.value)
        self._tally.decision(decision)
        cause = decision.data.cause
        self._latency.decided(cause.partition, cause.offset, moment)

    def _take_alert(self, record: Any, _moment: float) -> None:
        self._tally.alert(_alert(record.value))

    def _take_dead_letter(self, record: Any, _moment: float) -> None:
        self._tally.dead_letter(dict(record.headers)["x-error"].decode())
