"""The live side as one object on the application, and what runs beside the requests: feed, heartbeats, sweeps."""

import asyncio
import contextlib
import logging
from collections import deque
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any, Final, Literal

import msgspec
from aiohttp import web

from agents.gateway.endpoints.answering import EXPECTED, RECENT
from agents.gateway.http import gateway_metrics as metrics
from agents.gateway.http.parts import PARTS, Parts
from agents.gateway.live.bill_waits import BillWaits
from agents.gateway.live.feed import Feed
from agents.gateway.live.followers import Followers
from agents.gateway.live.memory import Memory
from agents.gateway.live.replay import Replays
from agents.gateway.live.streams import OTHER_TOPIC, Streams
from agents.gateway.live.tried_totals import TriedTotals
from agents.gateway.live.watches import Viewer, Watches
from agents.gateway.live.window import Window

log = logging.getLogger(__name__)

TICK_SECONDS: Final = 0.1
SWEEP_SECONDS: Final = 1.0
AGAIN_SECONDS: Final = 1.0
YIELD_EVERY: Final = 50


class Heartbeat(msgspec.Struct, frozen=True, kw_only=True):
    """What a scanner is sent at first and then every few seconds; `stale` holds for every verdict it has seen."""

    type: Literal["hello", "heartbeat"]
    heartbeat_seconds: int | msgspec.UnsetType = msgspec.UNSET
    as_of: datetime | None
    stale: bool


class Live:
    """Everything that open streams need; made on a running event loop."""

    def __init__(self, parts: Parts) -> None:
        kafka, gateway = parts.settings.kafka, parts.gateway
        self.settings = parts.settings.live
        self.heartbeat_seconds = gateway.heartbeat_seconds
        source = Followers(kafka.connection(), kafka.topics().decisions, self.settings.fetch_wait_ms)
        window = Window(self.settings.window_records, self.settings.window_bytes)
        self.feed = Feed(source, window, gateway.stale_seconds)
        self.replays = Replays(source, self.feed, self.settings.replays)
        self.watches = Watches(self.feed, parts.read_model, parts.rulebook.default_programme)
        self.streams = Streams(self.settings.streams, self.settings.streams_per_token)
        self.waits = BillWaits(self.feed, self.streams, self.settings.wait_seconds)
        self._beats: deque[Viewer] = deque()
        """Scanners in the order of their next heartbeats."""
        self.feed.restarted.append(self._restart)
        self.feed.heard.append(TriedTotals().hear)

    def hello(self) -> bytes:
        """Return the first message to a scanner."""
        return self._beat("hello", self.heartbeat_seconds)

    @contextmanager
    def beating(self, viewer: Viewer) -> Iterator[None]:
        """Send a scanner heartbeats while the block runs."""
        self._beats.append(viewer)
        try:
            yield
        finally:
            self._beats.remove(viewer)

    async def run(self) -> None:
        """Run until cancelled; what fails is logged and starts again, and until then everything is stale."""
        jobs: tuple[Callable[[], Coroutine[Any, Any, None]], ...] = (
            self.feed.run, self.watches.ask_again, self._tick, self._sweep,
        )  # fmt: skip
        async with asyncio.TaskGroup() as group:
            for job in jobs:
                group.create_task(_for_ever(job))

    def _restart(self) -> None:
        self.watches.forget()
        self.streams.end_all(OTHER_TOPIC)

    def _beat(self, kind: Literal["hello", "heartbeat"], seconds: int | msgspec.UnsetType = msgspec.UNSET) -> bytes:
        feed = self.feed
        beat = Heartbeat(type=kind, heartbeat_seconds=seconds, as_of=feed.as_of(), stale=not feed.live)
        return msgspec.json.encode(beat)

    async def _tick(self) -> None:
        """Send each scanner its heartbeat, a few at a time; tell all at once when the feed becomes stale or live."""
        was_live, due = self.feed.live, 0.0
        while True:
            await asyncio.sleep(TICK_SECONDS)
            if self.feed.live != was_live:
                was_live = self.feed.live
                log.warning("the live feed is %s", "up to date" if was_live else "stale: no answer is GO")
                await self._beat_all()
                await self.watches.tell_all()
            due += len(self._beats) * TICK_SECONDS / self.heartbeat_seconds
            self._beat_next(int(due))
            due -= int(due)

    def _beat_next(self, count: int) -> None:
        """Send a heartbeat to those whose turn it is; a variable in `_tick`, which never ends, would keep one alive."""
        for viewer in [self._beats[number] for number in range(min(count, len(self._beats)))]:
            self._beats.rotate(-1)
            viewer.show(self._beat("heartbeat"))

    async def _beat_all(self) -> None:
        message = self._beat("heartbeat")
        for number, viewer in enumerate([*self._beats]):
            viewer.show(message)
            if number % YIELD_EVERY == 0:
                await asyncio.sleep(0)

    async def _sweep(self) -> None:
        """End streams whose token has ended, free the memory of streams that have gone, and state the feed's lag."""
        memory = Memory()
        while True:
            await asyncio.sleep(SWEEP_SECONDS)
            self.streams.sweep()
            memory.look(self.streams.gone)
            heard_ms = self.feed.fresh_ms
            if heard_ms is not None:
                metrics.feed_stands(self.feed.lag, heard_ms / 1_000)


async def _for_ever(job: Callable[[], Coroutine[Any, Any, None]]) -> None:
    while True:
        try:
            await job()
        except Exception:
            log.exception("a part of the live feed failed and starts again")
        await asyncio.sleep(AGAIN_SECONDS)


LIVE: Final = web.AppKey("live", Live)


async def run_live(app: web.Application) -> AsyncIterator[None]:
    """Run the live side beside the requests."""
    live = Live(app[PARTS])
    app[LIVE], app[RECENT], app[EXPECTED] = live, live.feed, live.waits
    running = asyncio.create_task(live.run())
    yield
    running.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await running


async def end_streams(app: web.Application) -> None:
    """End all open streams, since the gateway stops."""
    app[LIVE].streams.stop()
