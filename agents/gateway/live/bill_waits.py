"""Requests that wait for the answer for a bill that was just published: the live feed wakes them, Redis is not asked.

Each counts as an open stream: with the same limits, and it ends when its token does or when the gateway stops.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from agents.gateway.http.auth import CHALLENGE, Caller
from agents.gateway.http.problems import Problem, retry_later
from agents.gateway.live.feed import Feed
from agents.gateway.live.streams import GOING_AWAY, TOKEN_ENDED, TOO_MANY, Streams, TooManyStreamsError
from agents.gateway.live.window import WindowEntry

Waiting = Callable[[float], Awaitable[None]]
"""Waits for the bill's next decision, at most so many seconds."""


class BillWaits:
    """All requests that wait."""

    def __init__(self, feed: Feed, streams: Streams, most_seconds: float) -> None:
        self._streams = streams
        self._most_seconds = most_seconds
        self._wanted: dict[str, dict[asyncio.Event, None]] = {}
        feed.heard.append(self._hear)

    def __len__(self) -> int:
        return len(self._wanted)

    @contextmanager
    def expecting(self, bill: str, caller: Caller) -> Iterator[Waiting]:
        """Yield what waits for a decision of the bill that comes from here on. Raise Problem 429; the wait 401, 503."""
        came = asyncio.Event()
        try:
            with self._streams.opened("wait", caller) as stream:
                self._wanted.setdefault(bill, {})[came] = None

                async def wait(seconds: float) -> None:
                    coming = asyncio.create_task(came.wait())
                    either: set[asyncio.Future[Any]] = {coming, stream.ending}
                    most = min(seconds, self._most_seconds)
                    try:
                        await asyncio.wait(either, timeout=most, return_when=asyncio.FIRST_COMPLETED)
                    finally:
                        coming.cancel()
                    ending = stream.ending.result() if stream.ending.done() else None
                    if ending is TOKEN_ENDED:
                        raise Problem(ending.status, ending.title, ending.detail, headers=CHALLENGE)
                    if ending is GOING_AWAY:
                        raise retry_later(ending.title, ending.detail)

                try:
                    yield wait
                finally:
                    self._forget(bill, came)
        except TooManyStreamsError:
            raise retry_later(TOO_MANY.title, TOO_MANY.detail, 10, TOO_MANY.status) from None

    def _forget(self, bill: str, came: asyncio.Event) -> None:
        waiting = self._wanted[bill]
        del waiting[came]
        if not waiting:
            del self._wanted[bill]

    def _hear(self, entries: Sequence[WindowEntry]) -> None:
        if self._wanted:
            for entry in entries:
                for came in self._wanted.get(entry.decision.data.bill, ()):
                    came.set()
