"""What a test of open streams stands on: Kafka, Redis with its projection, and a gateway in the test's own loop."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from aiohttp import web

from agents.gateway.assembly import make_parts
from agents.gateway.http.parts import now
from agents.gateway.live.live_side import LIVE, Live
from agents.gateway.server import build_app, make_runner
from tests.integration.gateway.gateway_setup import GatewaySetup, nothing_born_late, setup_on
from tests.integration.gateway_live.decision_writer import DecisionWriter
from tests.integration.gateway_live.listening import Scanner, Subscriber
from tests.kafka.harness import KafkaHarness
from tests.redis.server import RedisServer
from tests.waiting import HANG_SECONDS


async def until(condition: Callable[[], object], what: str) -> None:
    """Wait until something holds."""
    try:
        async with asyncio.timeout(HANG_SECONDS):
            while not condition():  # noqa: ASYNC110 - what is waited for has no event
                await asyncio.sleep(0.02)
    except TimeoutError:
        raise TimeoutError(f"waited {HANG_SECONDS} s for {what}") from None


class LiveGateway:
    """A gateway that serves, and clients that do not outlive it."""

    def __init__(self, address: str, setup: GatewaySetup, live: Live, harness: KafkaHarness) -> None:
        self.address = address
        self.setup = setup
        self.live = live
        self.writer = DecisionWriter(harness, rate=0)
        self._tasks: list[asyncio.Task[None]] = []

    def subscriber(self, query: str = "", last: str = "", scope: str = "audit") -> Subscriber:
        """Return one that follows from now on."""
        made = Subscriber(self.address, self.setup.bearer(scope), query, last)
        self._tasks.append(asyncio.create_task(made.follow()))
        return made

    def scanner(self, *bills: str, scope: str = "scan", again: bool = True) -> Scanner:
        """Return one that watches from now on."""
        made = Scanner(self.address, self.setup.bearer(scope), list(bills))
        self._tasks.append(asyncio.create_task(made.watch(again=again)))
        return made

    async def commit(self, count: int) -> None:
        """Commit so many decisions, and wait until the feed has read them."""
        await asyncio.to_thread(self.writer.commit, count)
        await until(lambda: self.live.feed.window.next >= self.writer.sent, "the feed to read them")

    async def leave(self) -> None:
        """Let all clients go."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


@asynccontextmanager
async def live_gateway_on(
    harness: KafkaHarness, redis: RedisServer, folder: Path, **live: Any
) -> AsyncIterator[LiveGateway]:
    """Return a gateway that has found its place in the topic; `live` are settings of open streams."""
    setup = setup_on(folder, redis.store(harness.topics.prefix), harness.broker.address)
    settings = setup.settings(heartbeat_seconds=1, requests_per_second=1_000, requests_burst=1_000)
    settings = settings.model_copy(update={"live": settings.live.model_copy(update=live)})
    async with make_parts(settings, now) as parts:
        app = build_app(parts)
        runner = make_runner(app, parts.gateway)
        await runner.setup()
        try:
            await web.TCPSite(runner, "127.0.0.1", 0).start()
            running = LiveGateway(f"http://127.0.0.1:{runner.addresses[0][1]}", setup, app[LIVE], harness)
            await until(lambda: running.live.feed.live, "the feed")
            with nothing_born_late():
                yield running
            await running.leave()
        finally:
            await runner.cleanup()
