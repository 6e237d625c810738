"""Replay: what a subscriber missed and the window no longer holds is read from Kafka by a consumer of its own.

Only a few replays run at a time, each for a short turn; then the next one has its turn. A subscriber is handed over to
the window when its place in every partition is at the window's start or later: from there on the window holds all.
"""

import asyncio
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from typing import Any, Final

from aiokafka.errors import OffsetOutOfRangeError

from agents.gateway.live.feed import Feed
from agents.gateway.live.followers import Bounds, Followers

TURN_SECONDS: Final = 10.0
POLL_MS: Final = 200
RECORDS_A_BATCH: Final = 200
TOO_OLD: Final = "the topic no longer goes back to this id"
LOOKS: Final = 3
LOOK_SECONDS: Final = 1.0
"""Between two looks: a broker that has just started may not know its whole end yet."""


class GoneError(Exception):
    """The topic does not hold this place: it is older than the log, or of another topic of this name."""


class Replays:
    """The slots in which subscribers are replayed."""

    def __init__(self, source: Followers, feed: Feed, slots: int) -> None:
        self._source = source
        self._feed = feed
        self._window = feed.window
        self._slots = asyncio.Semaphore(slots)

    def needed(self, places: Sequence[int]) -> bool:
        """Return whether the window alone does not hold all that follows these places."""
        window = self._window
        return len(places) != window.partitions or any(
            not start <= place <= end for start, place, end in zip(window.starts, places, window.ends, strict=True)
        )

    def reached(self, places: Sequence[int]) -> bool:
        """Return whether the window holds everything that follows these places."""
        starts = self._window.starts
        return len(places) == len(starts) and all(map(int.__ge__, places, starts))

    async def turn(self, places: list[int]) -> AsyncGenerator[list[Any], None]:
        """Read on from `places` for one turn, in batches of records; moves `places` on before each next batch.

        Ends when the window is reached, or the turn is over. Raise GoneError, KafkaError; waits for a slot.
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
        """Check that the topic holds what follows these places. Raise GoneError, KafkaError."""
        await check_held(places, self._feed.bounds)


async def check_held(places: Sequence[int], bounds_of: Callable[[], Awaitable[Bounds]]) -> None:
    """Check that the topic holds what follows these places. Raise GoneError, and what `bounds_of` raises."""
    for look in range(LOOKS):
        bounds = await bounds_of()
        if len(bounds.begins) != len(places):
            raise GoneError("this id belongs to a topic with another number of partitions")
        if any(map(int.__lt__, places, bounds.begins)):
            raise GoneError(TOO_OLD)
        if not any(map(int.__gt__, places, bounds.ends)):
            return
        if look < LOOKS - 1:
            await asyncio.sleep(LOOK_SECONDS)
    raise GoneError("this id lies beyond the end of the topic, so it belongs to another topic")
