"""Every error is problem JSON (RFC 9457): what was wrong, where, what to do; it never quotes data."""

import logging
import traceback
from collections.abc import Awaitable, Callable, Mapping
from http import HTTPStatus
from typing import Any, Final

import msgspec
from aiohttp import web

log = logging.getLogger(__name__)

PROBLEM_JSON: Final = "application/problem+json"
BEGUN: Final = web.RequestKey("begun", int)
"""Status of the answer, once its head is on its way: from then on it is too late for a problem."""

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

DETAILS: Final[Mapping[int, str]] = {
    404: "there is nothing at this address; /openapi.json lists what there is",
    405: "this address does not know that method",
    413: "the body is too large",
    505: "send requests of version 1.1",
    500: "something went wrong here; it is in the gateway's log",
}


class Problem(Exception):  # noqa: N818 - the word of RFC 9457
    """An answer other than success; `more` are further members of the document."""

    def __init__(
        self, status: int, title: str, detail: str, *, headers: Mapping[str, str] | None = None, **more: Any
    ) -> None:
        super().__init__(title)
        self.status = status
        self.title = title
        self.detail = detail
        self.headers = dict(headers or {})
        self.more = more

    def document(self) -> dict[str, Any]:
        """Return the document."""
        return {"type": "about:blank", "status": self.status, "title": self.title, "detail": self.detail, **self.more}

    def response(self) -> web.Response:
        """Return the answer."""
        body = msgspec.json.encode(self.document())
        return web.Response(status=self.status, body=body, headers=self.headers, content_type=PROBLEM_JSON)


def problem_of(status: int, headers: Mapping[str, str] | None = None) -> Problem:
    """Return the plain problem of a status."""
    phrase = HTTPStatus(status).phrase
    return Problem(status, phrase, DETAILS.get(status, phrase.lower()), headers=headers)


def retry_later(title: str, detail: str, seconds: float = 1.0, status: int = 503) -> Problem:
    """Return a problem that passes: the client may try again after so many seconds."""
    return Problem(status, title, detail, headers={"Retry-After": str(max(1, int(seconds + 0.999)))})


def _log_failure(request: web.Request, error: Exception) -> None:
    """Log where it failed; neither the path nor the error's own text, since both may quote what was sent."""
    trace = "".join(traceback.format_tb(error.__traceback__))
    log.error("%s failed: %s\n%s", request.match_info.handler.__qualname__, type(error).__name__, trace)


def has_hung_up(request: web.Request) -> bool:
    """Return whether the client has gone, so that nothing can be answered any more."""
    return request.transport is None or request.transport.is_closing()


@web.middleware
async def problems(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Turn what a handler raises into a problem, unless its answer is on its way already."""
    try:
        return await handler(request)
    except Problem as problem:
        found = problem
    except web.HTTPException as error:
        if error.status < HTTPStatus.BAD_REQUEST:
            raise
        allow = error.headers.get("Allow")
        found = problem_of(error.status, {"Allow": allow} if allow else None)
    except Exception as error:  # noqa: BLE001 - whatever it is, the client gets an answer
        if isinstance(error, OSError) and has_hung_up(request):
            raise ConnectionResetError("the client has hung up") from None
        _log_failure(request, error)
        found = problem_of(500)
    if BEGUN in request:
        raise ConnectionResetError("the answer had begun") from None
    return found.response()
