"""Checks of clocks against the broker's, from records alone: nothing is written to find out.

A shipment record has two times: `time`, by its producer's clock, and the broker's, stamped as it came in.
"""

import asyncio
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Iterable, Iterator
from datetime import datetime
from typing import Any, Final

import msgspec
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from agents.kafka.connection import Connection
from agents.kafka.topic_admin import find_topics
from agents.ops.doctor.finding import Finding, right, unknown, wrong
from agents.settings.settings import Settings

LOOKED_AT: Final = 200
"""Newest records of each partition."""
WAIT_SECONDS: Final = 3.0
"""So long a fresh record is waited for, whose stamp tells the broker's time now."""
SKEW_SECONDS: Final = 60.0
REMEDY: Final = "set that machine's clock by NTP (chronyc tracking, timedatectl)"


class _Event(msgspec.Struct):
    source: str
    time: datetime


async def clocks(settings: Settings, connection: Connection) -> AsyncIterator[Finding]:
    """Compare producers' clocks and our own with the broker's."""
    topic = settings.kafka.topics().shipments
    try:
        old, fresh = await _records(connection, topic)
    except KafkaError as error:
        yield unknown(
            "clock", f"this login may not read {topic} ({type(error).__name__})", "run it with a manifest login"
        )
        return
    for finding in producers((*old, *fresh)):
        yield finding
    yield own(old, fresh, time.time())


def producers(records: Iterable[Any]) -> Iterator[Finding]:
    """Name the sources whose events are ahead of the broker's time."""
    ahead: dict[str, float] = defaultdict(float)
    count = 0
    for record in records:
        try:
            event = msgspec.json.decode(record.value or b"", type=_Event)
            skew = event.time.timestamp() - record.timestamp / 1000
        except (ValueError, RecursionError):
            continue  # a dead letter, and counted as one elsewhere
        count += 1
        if skew > SKEW_SECONDS:
            ahead[event.source] = max(ahead[event.source], skew)
    for source, skew in sorted(ahead.items()):
        yield wrong("clock", f"events of {source} are up to {skew:,.0f} s ahead of the broker's clock", REMEDY)
    if count and not ahead:
        yield right("clock", f"the newest {count} events are not ahead of the broker's clock")


def own(old: list[Any], fresh: list[Any], now: float) -> Finding:
    """Say how our own clock stands; without a fresh record only that it is not behind."""
    if fresh:
        skew = now - max(record.timestamp for record in fresh) / 1000
        if abs(skew) > SKEW_SECONDS:
            return wrong("clock", f"this machine is {skew:+,.0f} s from the broker's clock", REMEDY)
        return right("clock", f"this machine is {skew:+.1f} s from the broker's clock")
    newest = max((record.timestamp for record in old), default=0) / 1000
    if newest - now > SKEW_SECONDS:
        return wrong("clock", f"this machine is at least {newest - now:,.0f} s behind the broker's clock", REMEDY)
    says = f"not compared with this machine's clock: no event came within {WAIT_SECONDS:.0f} s"
    return unknown("clock", says, "run it again while events come")


async def _records(connection: Connection, topic: str) -> tuple[list[Any], list[Any]]:
    """Return the newest records, and those that come while we wait. Raise KafkaError."""
    found = await find_topics(connection, [topic], configs=False)
    partitions = [TopicPartition(topic, number) for number in range(found[topic].partitions)] if found else []
    old: list[Any] = []
    fresh: list[Any] = []
    if not partitions:
        return old, fresh
    reader = AIOKafkaConsumer(isolation_level="read_committed", enable_auto_commit=False, **connection.arguments())
    await reader.start()
    try:
        ends, begins = await reader.end_offsets(partitions), await reader.beginning_offsets(partitions)
        reader.assign(partitions)
        for each in partitions:
            reader.seek(each, max(begins[each], ends[each] - LOOKED_AT))
        until = asyncio.get_running_loop().time() + WAIT_SECONDS
        while not fresh and (left := until - asyncio.get_running_loop().time()) > 0:
            for where, records in (await reader.getmany(timeout_ms=int(min(left, 0.5) * 1000) + 1)).items():
                old += [record for record in records if record.offset < ends[where]]
                fresh += [record for record in records if record.offset >= ends[where]]
    finally:
        await reader.stop()
    return old, fresh
