"""Reading notices of dead letters from Kafka, read-committed, in pages, each in bounded time."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Final

import msgspec
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError, KafkaTimeoutError

from agents.kafka.connection import Connection
from agents.kafka.log_reader import open_reader
from agents.kafka.probing import explained
from agents.kafka.topic_admin import find_topics
from stream.instants import to_micros
from stream.notices import Notice

READ_SECONDS: Final = 5.0
RECORDS_A_TURN: Final = 500

_decode: Final = msgspec.json.Decoder(Notice).decode


class NoticesAwayError(Exception):
    """Kafka does not answer, or the topic is missing; the text says which."""


class NoticePage(msgspec.Struct, frozen=True):
    """Some notices, and where the next page begins."""

    notices: tuple[Notice, ...]
    """Those of one partition are in the order in which they were sent."""
    places: tuple[int, ...]
    """The next offset of each partition."""
    complete: bool
    """Whether everything was read that was committed when the question came."""


async def read_notices(
    connection: Connection,
    topic: str,
    start: Sequence[int] | datetime | None,
    wanted: Callable[[Notice], bool],
    most: int,
    seconds: float = READ_SECONDS,
) -> NoticePage:
    """Return at most `most` notices, read in at most `seconds` after connecting.

    They begin at these places, at a time, or at the topic's beginning. Raise NoticesAwayError; ValueError if the places
    are not of this topic.
    """
    try:
        partitions = await _partitions(connection, topic)
        async with open_reader(connection) as reader:
            ends = await reader.end_offsets(partitions)
            places = await _places(reader, partitions, start, ends)
            search = _NoticeSearch(reader, places, ends, wanted, most)
            with suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    await search.run()
    except (KafkaError, OSError, TimeoutError) as error:
        asked = error if isinstance(error, KafkaError) else KafkaTimeoutError()
        raise NoticesAwayError(str(await explained(connection, asked))) from None
    done = all(places[where] >= ends[where] for where in partitions)
    return NoticePage(tuple(search.notices), tuple(places[where] for where in partitions), done)


async def _partitions(connection: Connection, topic: str) -> list[TopicPartition]:
    # An admin client asks: a consumer could make the broker create a missing topic.
    found = await find_topics(connection, [topic], configs=False)
    if topic not in found:
        raise NoticesAwayError(f"no topic {topic}: `tallygate topics create` makes it")
    return [TopicPartition(topic, number) for number in range(found[topic].partitions)]


async def _places(
    reader: AIOKafkaConsumer,
    partitions: list[TopicPartition],
    start: Sequence[int] | datetime | None,
    ends: dict[TopicPartition, int],
) -> dict[TopicPartition, int]:
    begins: dict[TopicPartition, int] = await reader.beginning_offsets(partitions)
    if start is None:
        return begins
    if isinstance(start, datetime):
        found = await reader.offsets_for_times(dict.fromkeys(partitions, max(0, to_micros(start) // 1_000)))
        return {where: ends[where] if found[where] is None else found[where].offset for where in partitions}
    if len(start) != len(partitions):
        raise ValueError("not of this topic")
    # What is older than the topic is gone; the rest is read.
    return {where: max(begins[where], place) for where, place in zip(partitions, start, strict=True)}


class _NoticeSearch:
    """One pass over the partitions that have more; `places` moves on with what was read."""

    def __init__(
        self,
        reader: AIOKafkaConsumer,
        places: dict[TopicPartition, int],
        ends: dict[TopicPartition, int],
        wanted: Callable[[Notice], bool],
        most: int,
    ) -> None:
        self._reader = reader
        self._places = places
        self._ends = ends
        self._wanted = wanted
        self._most = most
        self.notices: list[Notice] = []

    async def run(self) -> None:
        """Read on until the ends are reached, or there are enough."""
        left = [where for where, place in self._places.items() if place < self._ends[where]]
        if left:
            self._reader.assign(left)
        for where in left:
            self._reader.seek(where, self._places[where])
        while left and len(self.notices) < self._most:
            fetched = await self._reader.getmany(*left, timeout_ms=200, max_records=RECORDS_A_TURN)
            for records in fetched.values():
                if not all(map(self._take, records)):
                    return
            for where in left:
                # The last offsets may be control records only, so the reader's position counts too.
                self._places[where] = max(self._places[where], await self._reader.position(where))
            left = [where for where in left if self._places[where] < self._ends[where]]

    def _take(self, record: object) -> bool:
        """Take a record, unless there are enough notices."""
        if len(self.notices) >= self._most:
            return False
        where = TopicPartition(record.topic, record.partition)  # type: ignore[attr-defined]  # aiokafka has no types
        self._places[where] = record.offset + 1  # type: ignore[attr-defined]
        with suppress(ValueError, RecursionError):  # not a notice of ours
            notice = _decode(record.value or b"")  # type: ignore[attr-defined]
            if self._wanted(notice):
                self.notices.append(notice)
        return True
