"""Reads decisions for one subscriber of server-sent events: from its place, through Kafka if needed, along the window.

One rule keeps it free of gaps and repeats: the reader knows the next offset that it wants of every partition, and takes
a record only if it is not below that. It reads from Kafka until the window holds all that follows. Then it walks the
window from its oldest entry, and leaves out what it has had. It does not wait between that check and its first step.
"""

import asyncio
import logging
import time
from collections.abc import AsyncGenerator, AsyncIterator, Coroutine, Iterable
from contextlib import aclosing, suppress
from typing import Any, Final

import msgspec
from aiokafka.errors import KafkaError

from agents.gateway.endpoints.views import verdict
from agents.gateway.http.gateway_metrics import verdict_written
from agents.gateway.live.feed import Feed, read_decision
from agents.gateway.live.places import encode_places
from agents.gateway.live.replay import GoneError, Replays
from agents.gateway.live.streams import TOO_SLOW, EndedError, gone
from agents.gateway.live.wanted import WantedDecisions
from agents.gateway.live.window import WindowEntry

Step = tuple[bytes, bytes]
"""A block to send, which may be empty, and the place behind it."""

NOTHING: Final[Step] = (b"", b"")
log = logging.getLogger(__name__)

CHUNK_BYTES: Final = 32 * 1024
ENTRIES_A_TURN: Final = 500
AWAY_SECONDS: Final = 1.0


class SseReader:
    """A walk along the decisions; `blocks` yields what to send."""

    def __init__(
        self,
        feed: Feed,
        replays: Replays,
        wanted: WantedDecisions,
        heartbeat_seconds: float,
        places: list[int] | None = None,
    ) -> None:
        self._feed = feed
        self._window = feed.window
        self._replays = replays
        self._wanted = wanted
        self._heartbeat = heartbeat_seconds
        self._news = asyncio.Event()
        self._said = 0.0
        self._cursor = self._window.next
        self._places = [*self._window.ends] if places is None else places
        """The next offset wanted of each partition; looked at only while `_own`."""
        self._own = places is not None
        """Whether its place may differ from that of the feed."""
        self._is_behind = self._own
        """It still gets what it missed, late by nature; from the window's end on each delivery is live."""
        self._last = self._id()
        """The place behind the last block."""

    async def blocks(self) -> AsyncGenerator[bytes, None]:
        """Yield blocks of the event stream, without end. Raise EndedError."""
        self._feed.heard.append(self._hear)
        try:
            yield self._idle("resuming" if self._own else "here you are")
            if self._own:
                async for block in self._resumed():
                    yield block
            while True:
                yield await self._next()
        finally:
            self._feed.heard.remove(self._hear)

    def _hear(self, _came: Iterable[WindowEntry]) -> None:
        self._news.set()

    async def _next(self) -> bytes:
        """Return what has come, or a heartbeat if nothing comes that passes the filters."""
        while True:
            self._news.clear()
            block = self._walk()
            if block:
                self._said = time.monotonic()
                return block
            left = self._said + self._heartbeat - time.monotonic()
            if left <= 0:
                return self._idle("heartbeat")
            if self._cursor == self._window.next:
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._news.wait(), left)
            else:
                await asyncio.sleep(0)  # many entries, none of which passes the filters

    def _walk(self) -> bytes:
        """Take some entries of the window. Raise EndedError if they are trimmed already."""
        window = self._window
        if self._cursor < window.first:
            raise EndedError(TOO_SLOW)
        parts: list[bytes] = []
        size = 0
        for entry in window.after(self._cursor, ENTRIES_A_TURN):
            self._cursor += 1
            if self._own:
                if entry.offset < self._places[entry.partition]:
                    continue  # it has been read from Kafka
                self._places[entry.partition] = entry.offset + 1
            self._last = self._id() if self._own else entry.id
            if self._wanted.wants(entry.decision):
                shown = entry.shown(audit=self._wanted.audit, default=self._wanted.default)
                parts.append(_event(self._last, shown))
                size += len(shown)
                if size > CHUNK_BYTES:
                    break
        if parts and not self._is_behind and not entry.is_past:
            verdict_written("sse", (self._feed.clock() - entry.record_ms) / 1_000)
        if self._cursor == window.next:
            self._is_behind = False
            self._join()
        return b"".join(parts)

    def _join(self) -> None:
        """Take the feed's place at the end of the window, unless Kafka brought the reader further."""
        if self._own:
            self._places = [*map(max, self._places, self._window.ends)]
            self._own = self._places != self._window.ends
        self._last = self._id() if self._own else self._window.id

    def _id(self) -> bytes:
        return encode_places(self._places).encode()

    def _idle(self, comment: str) -> bytes:
        """Return a block without a decision that moves the subscriber's last id on."""
        self._said = time.monotonic()
        return b": %s\nid: %s\n\n" % (comment.encode(), self._last)

    async def _resumed(self) -> AsyncIterator[bytes]:
        """Read from Kafka until the window holds all that follows, then go to the window's oldest entry."""
        # The window moves on while the subscriber takes a block: only the latest check counts.
        while not self._replays.reached(self._places):
            steps: asyncio.Queue[Step] = asyncio.Queue(maxsize=1)
            async for block, last in _until_done(self._read(steps), steps, self._heartbeat):
                self._last = last or self._last
                if block:
                    self._said = time.monotonic()
                    yield block
                elif time.monotonic() - self._said >= self._heartbeat:
                    yield self._idle("heartbeat")
        self._cursor = self._window.first

    async def _read(self, steps: asyncio.Queue[Step]) -> None:
        """Put what Kafka has into `steps`, for a turn. Raise EndedError."""
        try:
            async with aclosing(self._replays.turn(self._places)) as turn:
                async for records in turn:
                    await steps.put(self._shown(records))
        except GoneError as error:
            raise EndedError(gone(error)) from None
        except (KafkaError, OSError) as error:
            log.info("a reader waits for Kafka (%s)", type(error).__name__)
            await asyncio.sleep(AWAY_SECONDS)

    def _shown(self, records: Iterable[Any]) -> Step:
        parts = []
        for record in records:
            if record.offset >= self._places[record.partition]:
                self._places[record.partition] = record.offset + 1
                decision = read_decision(record)
                if decision is not None and self._wanted.wants(decision):
                    shown = msgspec.json.encode(
                        verdict(decision, audit=self._wanted.audit, default=self._wanted.default)
                    )
                    parts.append(_event(self._id(), shown))
        return b"".join(parts), self._id()


def _event(place: bytes, shown: bytes) -> bytes:
    return b"event: decision\nid: %s\ndata: %s\n\n" % (place, shown)


async def _until_done(
    doing: Coroutine[Any, Any, None], steps: asyncio.Queue[Step], heartbeat: float
) -> AsyncIterator[Step]:
    """Run `doing` and yield its steps, an empty one after each heartbeat without any. Raise what it raises."""
    task = asyncio.create_task(doing)
    taking: asyncio.Task[Step] | None = None
    try:
        while not task.done():
            taking = taking or asyncio.create_task(steps.get())
            await asyncio.wait({task, taking}, timeout=heartbeat, return_when=asyncio.FIRST_COMPLETED)
            if taking.done():
                step, taking = taking.result(), None
                yield step
            elif not task.done():
                yield NOTHING
        if taking is not None and taking.done():
            yield taking.result()
        while not steps.empty():
            yield steps.get_nowait()
        task.result()
    finally:
        for each in (task, taking):
            if each is not None:
                each.cancel()
        with suppress(asyncio.CancelledError, EndedError):
            await task
