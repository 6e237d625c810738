"""Reading a bill's decisions: read-committed, one partition, from when the bill was first stated, in bounded time.

A decision is written after its event, and an event's time lies at most 24 hours ahead of the broker's clock. So no
decision of a bill is older, by the topic's clock, than a day before the earliest time that any of its events states.
"""

import asyncio
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any, Final

import msgspec
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError, KafkaTimeoutError

from agents.kafka.connection import Connection
from agents.kafka.probing import explained
from agents.kafka.topic_admin import find_topics
from stream.decisions import Decision
from stream.partition import partition_of

BEFORE: Final = timedelta(hours=25)
"""Time of an event ahead of the broker at most, and an hour in which clocks may differ."""

DECISIONS_MAX: Final = 500
"""Of one page."""

READ_SECONDS: Final = 5.0
FETCH_BYTES: Final = 4 * 1024 * 1024

_decode: Final = msgspec.json.Decoder(Decision).decode


class HistoryAwayError(Exception):
    """Kafka does not answer, or the topic is not there; the text says which."""


class Past(msgspec.Struct, frozen=True):
    """A decision, and where it stands."""

    decision: Decision
    partition: int
    offset: int


class History(msgspec.Struct, frozen=True):
    """What was found of a bill's decisions, oldest first by the topic's order."""

    past: tuple[Past, ...]
    next: int | None
    """Offset to go on from: there was more to read than was allowed; None: everything that is committed was read."""

    @property
    def complete(self) -> bool:
        """Whether everything that was committed when it was asked for has been read from where it began."""
        return self.next is None


async def read_history(
    connection: Connection,
    topic: str,
    bill: str,
    since: datetime | None = None,
    *,
    after: int | None = None,
    most: int = DECISIONS_MAX,
    seconds: float = READ_SECONDS,
) -> History:
    """Read a bill's decisions, `most` of them, for `seconds` at most, beside connecting.

    `since` is the earliest time that an event of the bill is known to state; None: the topic is read from its
    beginning. `after` goes on where an earlier page ended (`History.next`). Raise HistoryAwayError.
    """
    reader = AIOKafkaConsumer(
        isolation_level="read_committed",
        enable_auto_commit=False,
        auto_offset_reset="none",
        max_partition_fetch_bytes=FETCH_BYTES,
        **connection.arguments(),
    )
    try:
        partition = await _partition(connection, topic, bill)
        await reader.start()
        start, end = await _span(reader, partition, since, after)
        return await _Search(reader, partition, bill, most).run(start, end, seconds)
    except (KafkaError, OSError, TimeoutError) as error:
        asked = error if isinstance(error, KafkaError) else KafkaTimeoutError()
        raise HistoryAwayError(str(await explained(connection, asked))) from None
    finally:
        with suppress(KafkaError):
            await reader.stop()


async def _partition(connection: Connection, topic: str, bill: str) -> TopicPartition:
    # Asked of an admin client: a consumer would have a missing topic created where the broker allows it.
    found = await find_topics(connection, [topic], configs=False)
    if topic not in found:
        raise HistoryAwayError(f"no topic {topic}: is TALLYGATE_KAFKA__PREFIX right?")
    return TopicPartition(topic, partition_of(bill.encode(), found[topic].partitions))


async def _span(
    reader: AIOKafkaConsumer, partition: TopicPartition, since: datetime | None, after: int | None
) -> tuple[int, int]:
    """Return the first offset to read, and the last stable one, at which to stop."""
    end = (await reader.end_offsets([partition]))[partition]
    start = (await reader.beginning_offsets([partition]))[partition]
    if after is not None:
        return max(start, after), end
    if since is not None:
        # Years long past, of a back-test, come before everything.
        millis = max(0, int((since - BEFORE).timestamp() * 1000))
        found = (await reader.offsets_for_times({partition: millis}))[partition]
        start = max(start, found.offset if found else end)
    return start, end


class _Search:
    """One pass over a partition."""

    def __init__(self, reader: AIOKafkaConsumer, partition: TopicPartition, bill: str, most: int) -> None:
        self._reader = reader
        self._partition = partition
        self._key = bill.encode()
        self._most = most
        self._past: list[Past] = []
        self._reached = 0

    async def run(self, start: int, end: int, seconds: float) -> History:
        """Read from `start` up to `end`, or as far as is allowed."""
        self._reached = start
        if start < end:
            self._reader.assign([self._partition])
            self._reader.seek(self._partition, start)
            with suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    await self._read(end)
        done = self._reached >= end
        return History(tuple(self._past), None if done else self._reached)

    async def _read(self, end: int) -> None:
        while self._reached < end and len(self._past) < self._most:
            batches = await self._reader.getmany(self._partition, timeout_ms=200)
            for record in batches.get(self._partition, ()):
                if record.offset >= end or len(self._past) == self._most:
                    # Past the end, or past the page; of the page's own end what follows is for the next one.
                    self._reached = min(record.offset, end)
                    return
                self._take(record)
                self._reached = record.offset + 1
            # The last offsets may be control records only, so the reader's position counts as well.
            self._reached = max(self._reached, await self._reader.position(self._partition))

    def _take(self, record: Any) -> None:
        if record.key == self._key and record.value is not None:
            with suppress(ValueError, RecursionError):  # not a decision of ours
                self._past.append(Past(_decode(record.value), record.partition, record.offset))
