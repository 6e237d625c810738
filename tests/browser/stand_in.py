"""A gateway of a hundred lines: the real pages, and answers, silences and closings as a test wants them."""

import asyncio
import threading
from collections.abc import Coroutine
from typing import Any, Self

from aiohttp import WSMessage, web

from agents.gateway.pages import page_server
from tests.kafka.broker import free_ports

TOKEN = "tg_of-the-tests"
HEARTBEAT_SECONDS = 0.2
ANNOUNCED_SECONDS = 4.0
"""What pages are told: so much more that on a busy machine no heartbeat is missed by chance."""
COOKIE = "stand_in"
OF_RULES = ("/pages/rules.json", "/pages/programmes.json")
"""Files that the gateway makes of its rulebook."""


def verdict(bill: str, action: str = "GO", line: str = "Within the consignee's limit for the day.") -> dict[str, Any]:
    """Return a verdict as the gateway words it, as far as the scanner looks at it."""
    return {"bill": bill, "action": action, "line": line, "outcome": "release", "stale": False}


class StandIn:
    """Runs in a thread; `answers` and the flags may be changed at any time."""

    def __init__(self) -> None:
        (self.port,) = free_ports(1)
        self.address = f"http://127.0.0.1:{self.port}"
        self.answers: dict[str, dict[str, Any]] = {}
        """Bill -> its verdict over the WebSocket; of others nothing is known."""
        self.documents: dict[str, tuple[int, Any]] = {}
        """Path -> status and JSON."""
        self.queries: dict[str, dict[str, str]] = {}
        """Path -> its latest query."""
        self.scopes = ["scan", "audit"]
        self.announced = ANNOUNCED_SECONDS
        self.silent = False
        """Neither heartbeats nor answers, on connections that stay open."""
        self.stale = False
        self.refusing = False
        """No WebSocket is let in."""
        self.asked: list[str] = []
        """Bills, in the order in which they were asked for."""
        self._sockets: set[web.WebSocketResponse] = set()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._runner: web.AppRunner | None = None

    def __enter__(self) -> Self:
        self._thread.start()
        self.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self.stop()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def start(self) -> None:
        """Listen."""
        self._do(self._start())

    def stop(self) -> None:
        """Close every connection and listen no more."""
        if self._runner is not None:
            self._do(self._stop(self._runner))
            self._runner = None

    def push(self, message: dict[str, Any]) -> None:
        """Send a message to every open page."""
        self._do(self._push(message))

    def change(self, bill: str, action: str, line: str) -> None:
        """Let a decision change, and tell."""
        self.answers[bill] = verdict(bill, action, line)
        self.push({"type": "verdict", "changed": True, **self.answers[bill]})

    def cut(self, code: int) -> None:
        """Close every WebSocket with a code."""
        self._do(self._cut(code))

    def _do(self, work: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result(30)

    async def _start(self) -> None:
        app = web.Application()
        for path in OF_RULES:
            app.router.add_get(path, self._document)
        app.add_routes(route for route in page_server.routes() if route.path not in OF_RULES)
        for method in ("GET", "POST", "DELETE"):
            app.router.add_route(method, "/session", self._session)
        app.add_routes([web.get("/v1/scan", self._scan), web.get("/{path:.+}", self._document)])
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self.port).start()

    async def _stop(self, runner: web.AppRunner) -> None:
        await self._cut(1001)
        await runner.cleanup()

    async def _session(self, request: web.Request) -> web.Response:
        known = COOKIE in request.cookies
        if request.method == "POST":
            known = (await request.json())["token"] == TOKEN
        answer = web.json_response({"scopes": self.scopes} if known else {}, status=200 if known else 401)
        if known and request.method == "POST":
            answer.set_cookie(COOKIE, "1", httponly=True)
        if request.method == "DELETE":
            answer.del_cookie(COOKIE)
        return answer

    async def _document(self, request: web.Request) -> web.Response:
        self.queries[request.path] = dict(request.query)
        status, body = self.documents.get(
            request.path, (404, {"title": "Not found", "detail": "there is nothing here"})
        )
        return web.json_response(body, status=status)

    async def _scan(self, request: web.Request) -> web.StreamResponse:
        if self.refusing or COOKIE not in request.cookies:
            return web.Response(status=503 if self.refusing else 401)
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        self._sockets.add(socket)
        beating = asyncio.create_task(self._beat(socket))
        async for message in socket:
            await self._answer(socket, message)
        beating.cancel()
        self._sockets.discard(socket)
        return socket

    async def _beat(self, socket: web.WebSocketResponse) -> None:
        kind = "hello"
        while True:
            if not self.silent:
                await socket.send_json({"type": kind, "heartbeat_seconds": self.announced, "stale": self.stale})
                kind = "heartbeat"
            await asyncio.sleep(HEARTBEAT_SECONDS)

    async def _answer(self, socket: web.WebSocketResponse, message: WSMessage) -> None:
        bill = message.json().get("bill")
        if bill is None or self.silent:
            return
        self.asked.append(bill)
        found = self.answers.get(bill) or verdict(bill, "HOLD", "Nothing is known of this bill.")
        stale = {"action": "HOLD", "stale": True} if self.stale else {}
        await socket.send_json({"type": "verdict", "changed": False, **found, **stale})

    async def _push(self, message: dict[str, Any]) -> None:
        for socket in self._sockets:
            await socket.send_json(message)

    async def _cut(self, code: int) -> None:
        for socket in list(self._sockets):
            await socket.close(code=code)
