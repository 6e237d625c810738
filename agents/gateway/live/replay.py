"""Replay: what a reader missed and the window no longer holds is read for him from Kafka, by a consumer of his own.

Only a few are read for at a time, each for a short turn; then the next one has his. A reader is handed over to the
window as soon as, in every partition, he stands where the window begins or later: from there on it holds everything.
"""

import asyncio
import time
from collections.abc import AsyncGenerator, Sequence
from typing import Any, Final

from aiokafka.errors import OffsetOutOfRangeError

from agents.gateway.live.feed import Feed
from agents.gateway.live.source import Source

TURN_SECONDS: Final = 10.0
POLL_MS: Final = 200
RECORDS_A_BATCH: Final = 200
TOO_OLD: Final = "the topic no longer goes back to this id"
LOOKS: Final = 3
LOOK_SECONDS: Final = 1.0
"""Between two looks: a broker that has just come up may not know its whole end yet."""


class GoneError(Exception):
    """The topic does not hold this place: it is older than the log, or of another topic of this name."""


class Replays:
    """The places where readers are replayed for."""

    def __init__(self, source: Source, feed: Feed, slots: int) -> None:
        self._source = source
        self._feed = feed
        self._window = feed.window
        self._slots = asyncio.Semaphore(slots)

    def needed(self, places: Sequence[int]) -> bool:
        """Tell whether the window alone cannot say how it goes on from here."""
        window = self._window
        return len(places) != window.partitions or any(
            not start <= place <= end for start, place, end in zip(window.starts, places, window.ends, strict=True)
        )

    def reached(self, places: Sequence[int]) -> bool:
        """Tell whether the window holds everything that follows these places."""
        starts = self._window.starts
        return len(places) == len(starts) and all(map(int.__ge__, places, starts))

    async def turn(self, places: list[int]) -> AsyncGenerator[list[Any], None]:
        """Read on from `places` for one turn, in batches of records; moves `places` on before each next batch.

        Ends when the window is reached, or the turn is over. Raises GoneError, KafkaError; waits for a slot.
        """
        async with self._slots, self._source.consumer() as consumer:
            until = time.monotonic() + TURN_SECONDS
            starts = self._window.starts
            behind = [number for number, place in enumerate(places) if number < len(starts) and place < starts[number]]
            wanted = [self._source.partition(number) for number in behind]
            for where in consumer.assignment():
                consumer.seek(where, places[where.partition])
            consumer.pause(*consumer.assignment().difference(wanted))
            while wanted and not self.reached(places) and time.monotonic() < until:
                try:
                    fetched = await consumer.getmany(timeout_ms=POLL_MS, max_records=RECORDS_A_BATCH)
                except OffsetOutOfRangeError:
                    raise GoneError(TOO_OLD) from None
                yield [record for records in fetched.values() for record in records]
                for where in wanted:
                    places[where.partition] = max(places[where.partition], await consumer.position(where))

    async def check(self, places: Sequence[int]) -> None:
        """Look whether the topic holds what follows these places. Raises GoneError, KafkaError."""
        for look in range(LOOKS):
            bounds = await self._feed.bounds()
            if len(bounds.begins) != len(places):
                raise GoneError("this id belongs to a topic with another number of partitions")
            if any(map(int.__lt__, places, bounds.begins)):
                raise GoneError(TOO_OLD)
            if not any(map(int.__gt__, places, bounds.ends)):
                return
            if look < LOOKS - 1:
                await asyncio.sleep(LOOK_SECONDS)
        raise GoneError("this id lies beyond the end of the topic, so it belongs to another topic")
