"""A gateway by script, for what a real one does only once in a while: silence, staleness, refusals, odd answers."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestServer

from agents.client import Gateway
from agents.client.link import Link, Listener, ScannedBill

Script = Callable[[web.WebSocketResponse], Awaitable[None]]
HELLO: dict[str, Any] = {"type": "hello", "heartbeat_seconds": 5, "stale": False, "as_of": None}


def verdict(bill: str, action: str = "GO", **more: Any) -> dict[str, Any]:
    """Return a verdict as a gateway sends it, with fields that we do not read."""
    return {"type": "verdict", "bill": bill, "action": action, "line": "A line.", "outcome": "release", **more}


class Noted(Listener):
    """Notes what it is told, and lets tests wait for it."""

    def __init__(self) -> None:
        self.told: list[tuple[str, str]] = []
        self._came = asyncio.Event()

    def _note(self, *what: str) -> None:
        self.told.append((what[0], what[1]))
        self._came.set()

    def verdict(self, verdict: ScannedBill) -> None:
        self._note(verdict.bill, verdict.action)

    def live(self) -> None:
        self._note("live", "")

    def lost(self, why: str) -> None:
        self._note("lost", why)

    async def wait_for(self, *what: str) -> None:
        """Wait until it has been told so."""
        async with asyncio.timeout(60):
            while not any(each[: len(what)] == what for each in self.told):
                self._came.clear()
                await self._came.wait()


@asynccontextmanager
async def scripted(*scripts: Script, status: int = 101) -> AsyncIterator[Gateway]:
    """Return a gateway whose connections follow these scripts, one after another, the last for all that come later."""
    turns = list(scripts)

    async def scan(request: web.Request) -> web.StreamResponse:
        assert request.headers["Authorization"] == "Bearer a-token"
        if status != 101:
            return web.Response(status=status)
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        await (turns.pop(0) if len(turns) > 1 else turns[0])(socket)
        return socket

    app = web.Application()
    app.router.add_get("/v1/scan", scan)
    async with TestServer(app) as server, Gateway(str(server.make_url("")), "a-token") as gateway:
        yield gateway


@asynccontextmanager
async def linked(gateway: Gateway, listener: Listener) -> AsyncIterator[Link]:
    """Return a running link that does not pause before it connects again."""
    link = Link(gateway, listener, lambda _seconds: asyncio.sleep(0.01))
    running = asyncio.create_task(link.run())
    try:
        yield link
    finally:
        running.cancel()
        await asyncio.wait([running])


async def answering(socket: web.WebSocketResponse) -> None:
    """Say hello, and GO to every bill."""
    await socket.send_json(HELLO)
    async for message in socket:
        asked = message.json()
        if "bill" in asked:
            await socket.send_json(verdict(asked["bill"]))
