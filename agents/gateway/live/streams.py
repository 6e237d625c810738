"""Open streams: how many there may be, and why one is ended from our side."""

import asyncio
import socket
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import Final, Literal

import msgspec
from aiohttp import web

from agents.gateway.http.auth import Caller
from agents.gateway.http.gateway_metrics import slow_reader_cut, subscribed
from agents.gateway.http.problems import Problem

Kind = Literal["sse", "scan", "wait"]
"""Subscribers, and requests that wait for a bill's first decision."""


SEND_BUFFER: Final = 64 * 1024


def bound_buffer(request: web.Request) -> None:
    """Bound what the system buffers for a client; else it would keep megabytes for one that does not read."""
    if request.transport is not None:
        request.transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER)


class Ending(msgspec.Struct, frozen=True):
    """Why a stream ends; `code` closes a WebSocket, the rest is the problem that a subscriber of events is told."""

    code: int
    status: int
    title: str
    detail: str

    def problem(self) -> Problem:
        """Return the problem of this ending."""
        return Problem(self.status, self.title, self.detail)


GOING_AWAY: Final = Ending(1001, 503, "Going away", "the gateway stops; connect again")
OTHER_TOPIC: Final = Ending(1012, 410, "Another topic", "the decisions topic was created again; connect without an id")
TOKEN_ENDED: Final = Ending(4401, 401, "Not signed in", "the token was revoked or has expired")
TOO_SLOW: Final = Ending(4408, 408, "Too slow", "you read more slowly than decisions come; connect again")
TOO_MANY: Final = Ending(4429, 429, "Too many streams", "too many streams are open; close some, or try later")


def gone(why: object) -> Ending:
    """Return the ending of a subscriber whose place the topic does not hold."""
    return Ending(1008, 410, "Gone", f"{why}; connect without an id")


class EndedError(Exception):
    """A stream must end."""

    def __init__(self, ending: Ending) -> None:
        super().__init__(ending.title)
        self.ending = ending


class TooManyStreamsError(Exception):
    """No more streams may be open, in all or of this token."""


class Stream:
    """One open stream; its handler waits for `ending` too."""

    def __init__(self, kind: Kind, caller: Caller) -> None:
        self.kind = kind
        self.caller = caller
        self.ending: asyncio.Future[Ending] = asyncio.get_running_loop().create_future()

    def end(self, ending: Ending) -> None:
        """Ask for its end; the first reason counts."""
        if not self.ending.done():
            self.ending.set_result(ending)
            if ending is TOO_SLOW:
                slow_reader_cut(self.kind)


class Streams:
    """All open streams of the process."""

    def __init__(self, streams: int, streams_per_token: int) -> None:
        self._most = streams
        self._most_per_token = streams_per_token
        self._open: dict[Stream, None] = {}
        self._of_token: Counter[str] = Counter()
        self._stopped = False
        self.gone = 0
        """How many have ended so far."""

    def __len__(self) -> int:
        return len(self._open)

    @contextmanager
    def opened(self, kind: Kind, caller: Caller) -> Iterator[Stream]:
        """Yield a stream, counted for as long as it is open. Raise TooManyStreamsError."""
        if len(self._open) >= self._most or self._of_token[caller.id] >= self._most_per_token:
            raise TooManyStreamsError
        stream = Stream(kind, caller)
        self._open[stream] = None
        self._of_token[caller.id] += 1
        if self._stopped:
            stream.end(GOING_AWAY)
        try:
            with nullcontext() if kind == "wait" else subscribed(kind):
                yield stream
        finally:
            del self._open[stream]
            self.gone += 1
            self._of_token[caller.id] -= 1
            if not self._of_token[caller.id]:
                del self._of_token[caller.id]

    def sweep(self) -> None:
        """End those whose token has ended; call it every second or so."""
        for stream in [*self._open]:
            if not stream.caller.is_live():
                stream.end(TOKEN_ENDED)

    def end_all(self, ending: Ending) -> None:
        """End all that are open."""
        for stream in [*self._open]:
            stream.end(ending)

    def stop(self) -> None:
        """End all open streams, and all that are opened later."""
        self._stopped = True
        self.end_all(GOING_AWAY)
