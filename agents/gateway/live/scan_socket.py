"""`GET /v1/scan`: a WebSocket; a scanner sends a bill and sees its verdict at once, and every change of it."""

import asyncio
import contextlib
from collections import deque
from collections.abc import Iterable
from typing import Any, Final

import msgspec
from aiohttp import WSMsgType, web

from agents.gateway.http.auth import require
from agents.gateway.live.live import LIVE, Live
from agents.gateway.live.streams import TOO_MANY, TOO_SLOW, Ending, Stream, TooManyStreamsError, bound_buffer
from stream.bills import fold_bill

MESSAGE_BYTES: Final = 4_096
PING_SECONDS: Final = 30.0
CLOSE_SECONDS: Final = 3.0
"""How long we wait for a scanner to take what is on its way, and to say goodbye."""


class Asked(msgspec.Struct, frozen=True):
    """A message of a scanner."""

    bill: str | None = None
    """To be watched from now on."""
    forget: str | None = None
    """To be watched no longer."""


class Told(msgspec.Struct, frozen=True, tag="error", tag_field="type"):
    """A message to a scanner that something was wrong; the connection goes on."""

    status: int
    title: str
    detail: str
    bill: str | None = None
    """The bill that is watched no longer."""


_asked: Final = msgspec.json.Decoder(Asked).decode

NOT_UNDERSTOOD: Final = Told(400, "Not understood", 'send {"bill": "..."} or {"forget": "..."}')
NO_BILL: Final = Told(400, "Not a bill number", "a bill number has 4 to 35 letters and digits")


class Scanner:
    """One WebSocket: what it watches, and what waits to be sent to it, bounded."""

    def __init__(self, live: Live, stream: Stream, socket: web.WebSocketResponse, request: web.Request) -> None:
        self.audit = "audit" in stream.caller.scopes
        self._live = live
        self._stream = stream
        self._socket = socket
        self._request = request
        self._watched: dict[str, None] = {}
        """Bills, the one scanned longest ago first."""
        self._queue: deque[bytes] = deque()
        self._queued = 0
        self._sending: asyncio.Task[None] | None = None

    def show(self, message: bytes) -> None:
        """Send a message, in its turn; a scanner with too much waiting is cut off."""
        limits = self._live.settings
        if self._stream.ending.done():
            return
        self._queue.append(message)
        self._queued += len(message)
        if len(self._queue) > limits.queue_messages or self._queued > limits.queue_bytes:
            self._stream.end(TOO_SLOW)
        elif self._sending is None:
            self._sending = asyncio.create_task(self._send())

    async def serve(self) -> None:
        """Serve until it goes, or is ended from our side."""
        self.show(self._live.hello())
        listening = asyncio.create_task(self._listen())
        try:
            either: set[asyncio.Future[Any]] = {listening, self._stream.ending}
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
            if self._stream.ending.done():
                await self._close(self._stream.ending.result())
            else:
                listening.result()
        finally:
            for task in (listening, self._sending):
                if task is not None:
                    task.cancel()
            for bill in self._watched:
                self._live.watches.leave(bill, self)
            # What refers to a request refers to it in circles, and is found much later.
            self._queue.clear()

    async def _listen(self) -> None:
        async for message in self._socket:
            if message.type is not WSMsgType.TEXT:
                self.show(msgspec.json.encode(NOT_UNDERSTOOD))
                continue
            try:
                asked = _asked(message.data)
            except (ValueError, RecursionError):
                asked = Asked()
            await self._answer(asked)

    async def _answer(self, asked: Asked) -> None:
        text = asked.forget if asked.bill is None else asked.bill
        bill = None if text is None else fold_bill(text)
        if bill is None:
            self.show(msgspec.json.encode(NOT_UNDERSTOOD if text is None else NO_BILL))
        elif asked.bill is None:
            self._leave(bill)
        else:
            self._watched.pop(bill, None)
            self._watched[bill] = None
            await self._live.watches.join(bill, self)
            if len(self._watched) > self._live.settings.watched_bills:
                self._let_go(next(iter(self._watched)))

    def _leave(self, bill: str) -> None:
        self._watched.pop(bill, None)
        self._live.watches.leave(bill, self)

    def _let_go(self, bill: str) -> None:
        self._leave(bill)
        detail = "too many bills are watched, so the one scanned longest ago is watched no longer"
        self.show(msgspec.json.encode(Told(429, "Too many watched bills", detail, bill)))

    async def _send(self) -> None:
        try:
            while self._queue:
                message = self._queue.popleft()
                self._queued -= len(message)
                await self._socket.send_frame(message, WSMsgType.TEXT)
        except ConnectionError:
            pass  # it has gone, which `_listen` notices
        finally:
            self._sending = None

    async def _close(self, ending: Ending) -> None:
        """Say why, give it a moment to take what is on its way, and end the connection whatever it does."""
        if self._sending is not None:
            self._sending.cancel()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(CLOSE_SECONDS):
                await self._socket.close(code=ending.code, message=ending.title.encode())
        if self._request.transport is not None:
            self._request.transport.abort()


async def scan(request: web.Request) -> web.WebSocketResponse:
    """Serve a scanner."""
    caller = require(request, "scan")
    live = request.app[LIVE]
    bound_buffer(request)
    socket = web.WebSocketResponse(
        heartbeat=PING_SECONDS, compress=False, max_msg_size=MESSAGE_BYTES, writer_limit=0, timeout=CLOSE_SECONDS
    )
    await socket.prepare(request)
    try:
        with live.streams.opened("scan", caller) as stream:
            scanner = Scanner(live, stream, socket, request)
            with live.beating(scanner):
                await scanner.serve()
    except TooManyStreamsError:
        await socket.close(code=TOO_MANY.code, message=TOO_MANY.title.encode())
    return socket


def routes() -> Iterable[web.RouteDef]:
    """Give the routes."""
    return [web.get("/v1/scan", scan, allow_head=False)]
