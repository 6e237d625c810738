"""One client's connection: bytes that are not HTTP get a problem too, and no client keeps its place for ever."""

import asyncio
import contextlib
import logging
import socket
from http import HTTPStatus
from typing import Any, Final

from aiohttp import HttpVersion10, HttpVersion11, web
from aiohttp.streams import EMPTY_PAYLOAD
from aiohttp.web_protocol import ERROR, RequestHandler

from agents.gateway.http.problems import problem_of
from agents.gateway.http.replies import SECURITY_HEADERS

log = logging.getLogger(__name__)

VERSIONS: Final = frozenset({HttpVersion10, HttpVersion11})
LINGER_SECONDS: Final = 2.0
"""How long the rest of a body is still read after the answer, so that its sender sees the answer."""
LINGER_BYTES: Final = 4 * 1024 * 1024
"""And so much of it at most: a body without end is cut off."""
ANSWER_SECONDS: Final = 60.0
"""A client that has not taken its answer by then is cut off."""

TAKE_SECONDS: Final = 10.0
"""A client has so long, once its last answer has gone out, to take what is on its way."""
SEND_BUFFER: Final = 64 * 1024
"""What the system keeps for a client that does not read; else it would be megabytes."""
LINE_BYTES: Final = 16 * 1024
"""Of a request line; the parser takes half as much."""
WORDS: Final = 3
"""Of a request line, with one space between two: method, target, version."""
NO_LINE: Final = b"\0"
"""The parser refuses it wherever a request line may be at."""
HEAD_ENDS: Final = (b"\r\n\r\n", b"\n\n")
LOOK_SECONDS: Final = 0.05
LAST_SECONDS: Final = 1.0
"""For a request that is cancelled at the very end."""


class ClientConnection(RequestHandler):
    """aiohttp's protocol, with problems for errors below the application."""

    __slots__ = ("_blank", "_heard", "_line")

    def __init__(self, manager: "GatewayServer", **more: Any) -> None:
        super().__init__(manager, **more)
        self._heard = 0
        """Bytes that have come since the answer to the latest request began."""
        self._line: bytes | None = b""
        """What has come of a request line; None: the next bytes may not belong to one."""
        self._blank = False
        """Whether the latest bytes end with an empty line, so that no part of another head is behind them."""

    def data_received(self, data: bytes) -> None:
        """Take what comes, unless it is too much for one request: chunk headers may be endless too."""
        self._heard += len(data)
        server = self._manager
        endless = isinstance(server, GatewayServer) and self._heard > server.most_bytes and not self._upgraded
        if endless and self.transport is not None:
            log.info("refused: more bytes than any request needs")
            self.transport.abort()
        else:
            self._blank = data.endswith(HEAD_ENDS)
            super().data_received(data if self._well_lined(data) else NO_LINE)

    def _well_lined(self, data: bytes) -> bool:
        """Whether a request line is valid as far as it has come; the parser accepts other protocols and more spaces."""
        if self._line is None:
            return True
        line, ended, _ = (self._line + data[:LINE_BYTES]).lstrip(b"\r\n").partition(b"\n")
        self._line = None if ended or len(line) > LINE_BYTES else line
        if not ended:
            return True
        words = line.removesuffix(b"\r").split(b" ")
        return all(words) and len(words) <= WORDS and all(each.startswith(b"HTTP/") for each in words[WORDS - 1 :])

    async def start(self) -> None:
        """Serve, and abort the transport soon after: its buffers would stay until the client takes them."""
        line = self.transport
        try:
            await super().start()
        finally:
            if line is not None:
                self._loop.call_later(TAKE_SECONDS, line.abort)

    @property
    def busy(self) -> bool:
        """Whether a request is under way."""
        return self._request_in_progress

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """Answer what the application never saw; aiohttp's own text and log would quote the request."""
        del message
        if isinstance(exc, ConnectionError):
            log.debug("a client hung up")
            raise ConnectionResetError("the client has hung up") from None
        if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            log.error("a request failed below the application: %s", type(exc).__name__)
        else:
            log.info("refused: not valid HTTP (%s)", type(exc).__name__)
        if request.writer.output_size > 0:
            raise ConnectionError("the answer had begun")
        return _closing(status)

    async def _handle_request(
        self, request: web.BaseRequest, start_time: float | None, request_handler: Any
    ) -> tuple[web.StreamResponse, bool]:
        """Answer a request; one of another HTTP version is refused before anything looks at it."""
        self._heard = 0
        if request.version not in VERSIONS and self._request_factory is not None:
            request = self._request_factory(ERROR, EMPTY_PAYLOAD, self, request.writer, request.task)
            request_handler = self._refuse_version
        if request.content is EMPTY_PAYLOAD and self._blank and not self._messages and not self._upgraded:
            # Behind a body, or within what was sent ahead, only the parser knows where a line begins.
            self._line = b""
        return await super()._handle_request(request, start_time, request_handler)

    async def _refuse_version(self, _request: web.BaseRequest) -> web.StreamResponse:
        log.info("refused: neither HTTP/1.1 nor HTTP/1.0")
        return _closing(HTTPStatus.HTTP_VERSION_NOT_SUPPORTED)

    async def finish_response(
        self, request: web.BaseRequest, resp: web.StreamResponse, start_time: float | None
    ) -> tuple[web.StreamResponse, bool]:
        """Send what is left of the answer, within a time limit."""
        if isinstance(self._manager, GatewayServer) and self._manager.stopping:
            resp.force_close()
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                finished = await super().finish_response(request, resp, start_time)
        except TimeoutError:
            if self.transport is not None:
                self.transport.abort()
            return resp, True
        await _let_go(request)
        return finished


def _closing(status: int) -> web.Response:
    """Return the problem of a status, after which the connection is closed."""
    response = problem_of(status).response()
    response.headers.update(SECURITY_HEADERS)
    response.headers["Server"] = "tallygate"  # else aiohttp puts its version there
    response.force_close()
    return response


async def _let_go(request: web.BaseRequest) -> None:
    """Read a little of what is left of a body; aiohttp closes the connection if that was not all."""
    body, left = request.content, LINGER_BYTES
    with contextlib.suppress(TimeoutError, OSError, web.RequestPayloadError):
        async with asyncio.timeout(LINGER_SECONDS):
            while left > 0 and not body.at_eof():
                left -= len(await body.readany())


class GatewayServer(web.Server):
    """aiohttp's server of such connections; it holds a limited number of them."""

    def __init__(self, plain: web.Server, most: int, body_bytes: int) -> None:
        """Take over from a server that has no connections yet."""
        super().__init__(plain.request_handler, request_factory=plain.request_factory, **plain._kwargs)  # noqa: SLF001
        self._most = most
        self.most_bytes = 2 * body_bytes + LINGER_BYTES
        """Of one request, with what stands around and between the chunks of its body."""
        self.stopping = False
        """No answer keeps its connection open any more."""

    def pre_shutdown(self) -> None:
        """Close idle connections only: aiohttp reads nothing more from a closed one, not even the rest of a body."""
        self.stopping = True
        for connection in self._idle():
            connection.close()

    async def shutdown(self, timeout: float | None = None) -> None:  # noqa: ASYNC109 - aiohttp's signature
        """Wait so long for requests under way, then end what is left."""
        ends = self._loop.time() + (timeout or 0.0)
        # aiohttp does not report when a request ends.
        while len(self._idle()) < len(self._connections) and self._loop.time() < ends:  # noqa: ASYNC110
            await asyncio.sleep(LOOK_SECONDS)
        await super().shutdown(LAST_SECONDS)

    def _idle(self) -> list[RequestHandler]:
        return [each for each in self._connections if not (isinstance(each, ClientConnection) and each.busy)]

    def connection_made(self, handler: RequestHandler, transport: asyncio.Transport) -> None:
        """Close at once what is one too many."""
        super().connection_made(handler, transport)
        transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER)
        if len(self._connections) > self._most:
            log.warning("more than %d connections: further ones are closed", self._most)
            transport.abort()

    def __call__(self) -> RequestHandler:
        """Make the protocol of a new connection."""
        return ClientConnection(self, loop=self._loop, **self._kwargs)


class GatewayRunner(web.AppRunner):
    """Runs an application on such a server."""

    __slots__ = ("_body_bytes", "_most")

    def __init__(self, app: web.Application, most: int, body_bytes: int, **more: Any) -> None:
        super().__init__(app, **more)
        self._most = most
        self._body_bytes = body_bytes

    async def _make_server(self) -> web.Server:
        return GatewayServer(await super()._make_server(), self._most, self._body_bytes)
