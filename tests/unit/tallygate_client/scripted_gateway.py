"""A gateway by script, and both clients behind one face: what holds for one must hold for the other."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, NamedTuple

from aiohttp import web
from aiohttp.test_utils import TestServer

from agents.gateway.http.problems import has_hung_up
from agents.tallygate_client import AsyncClient, Client

TOKEN = "a-token"


class Said(NamedTuple):
    """One answer; the last of a script stands for all that follow."""

    status: int = 200
    body: Any = None
    headers: dict[str, str] = {}  # noqa: RUF012 - never changed
    stream: tuple[str, ...] = ()
    """Pieces of a stream, sent one after another."""
    holds: bool = False
    """The stream stays open, and nothing more comes."""


class Asked(NamedTuple):
    """One request."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


class Both:
    """One client, with or without an event loop; a client without one runs in a thread of its own."""

    def __init__(self, kind: str, url: str, **options: Any) -> None:
        self.waits: list[float] = []
        """How long the client would have waited."""
        self.slept: Callable[[], None] = lambda: None
        """Called at each wait."""
        self._async = kind == "async"
        sleep = self._sleep_async if self._async else self._sleep
        made: Any = AsyncClient if self._async else Client
        self.client: Any = made(url, TOKEN, sleep=sleep, **options)

    def _sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.slept()

    async def _sleep_async(self, seconds: float) -> None:
        self._sleep(seconds)

    async def call(self, name: str, *arguments: Any, **options: Any) -> Any:
        """Call a method of the client."""
        return await self.run(getattr(self.client, name), *arguments, **options)

    async def run(self, call: Callable[..., Any], *arguments: Any, **options: Any) -> Any:
        """Call something of the client's, or of its decisions'."""
        if self._async:
            return await call(*arguments, **options)
        return await asyncio.to_thread(call, *arguments, **options)

    async def next(self, decisions: Any) -> Any:
        """Return the next decision."""
        if self._async:
            return await anext(decisions)
        return await asyncio.to_thread(next, decisions)


@asynccontextmanager
async def gateway(*script: Said) -> AsyncIterator[tuple[str, list[Asked]]]:
    """Return the address of a gateway that answers so, and what it was asked."""
    turns, asked = list(script), []

    async def answer(request: web.Request) -> web.StreamResponse:
        asked.append(Asked(request.method, request.raw_path, dict(request.headers), await request.read()))
        said = turns.pop(0) if len(turns) > 1 else turns[0]
        if said.stream:
            response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
            await response.prepare(request)
            for piece in said.stream:
                await response.write(piece.encode())
                await asyncio.sleep(0)
            while said.holds and not has_hung_up(request):  # noqa: ASYNC110 - a hang-up has no event
                await asyncio.sleep(0.01)
            return response
        if isinstance(said.body, str):
            return web.Response(status=said.status, text=said.body, headers=said.headers)
        return web.json_response(said.body, status=said.status, headers=said.headers)

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answer)
    async with TestServer(app) as server:
        yield str(server.make_url("/")), asked


@asynccontextmanager
async def client_of(kind: str, url: str, **options: Any) -> AsyncIterator[Both]:
    """Return a client that is closed at the end."""
    both = Both(kind, url, **options)
    try:
        yield both
    finally:
        await both.call("close")


def decision(number: int) -> str:
    """Return a decision of a stream, as the gateway writes it."""
    data = json.dumps({"bill": f"ACME{number:04d}", "action": "GO"})
    return f"id: 1.{number:x}\nevent: decision\ndata: {data}\n\n"


def problem(status: int, title: str = "Refused", detail: str = "because", **more: Any) -> dict[str, Any]:
    """Return a problem document."""
    return {"type": "about:blank", "status": status, "title": title, "detail": detail, **more}
