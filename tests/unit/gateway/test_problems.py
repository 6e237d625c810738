"""Problems: what becomes of what a handler raises."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from aiohttp import ClientError, web
from aiohttp.test_utils import TestClient, TestServer

from agents.gateway.http.problems import Problem, problem_of, problems, retry_later
from agents.gateway.http.replies import finish_headers

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def client_of(handler: Handler) -> TestClient[web.Request, web.Application]:
    """Give a client of an application with this one handler."""
    app = web.Application(middlewares=[problems])
    app.router.add_get("/", handler)
    app.on_response_prepare.append(finish_headers)
    return TestClient(TestServer(app))


async def answer(error: BaseException) -> tuple[int, dict[str, Any], dict[str, str]]:
    """Give what a client sees of an error that a handler raises: status, document, headers."""

    async def handler(_request: web.Request) -> web.StreamResponse:
        raise error

    async with client_of(handler) as client, client.get("/") as response:
        assert response.content_type == "application/problem+json"
        return response.status, await response.json(content_type=None), dict(response.headers)


async def test_problem_is_sent_with_its_members_and_headers() -> None:
    """What a handler says is the document, with further members and headers."""
    status, document, headers = await answer(Problem(410, "Gone", "it has gone", headers={"X-A": "b"}, since=["a", 1]))
    assert status == 410
    assert document == {
        "type": "about:blank", "status": 410, "title": "Gone", "detail": "it has gone", "since": ["a", 1],
    }  # fmt: skip
    assert headers["X-A"] == "b"


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (web.HTTPNotFound(text="canary"), 404), (web.HTTPForbidden(reason="canary"), 403),
        (web.HTTPRequestEntityTooLarge(1, 2), 413), (ValueError("canary"), 500), (TimeoutError("canary"), 500),
        (KeyError("canary"), 500), (web.HTTPMethodNotAllowed("canary", ["GET"]), 405),
    ],
    ids=lambda value: type(value).__name__,
)  # fmt: skip
async def test_other_errors_say_nothing_of_their_own(error: Exception, status: int) -> None:
    """Errors of aiohttp and unexpected ones keep their status, and what they quote is not sent."""
    found, document, _headers = await answer(error)
    assert (found, document["status"]) == (status, status)
    assert "canary" not in repr(document)
    assert document["title"]
    assert document["detail"]


async def test_redirects_are_no_errors() -> None:
    """What leads elsewhere is left as it is."""

    async def handler(_request: web.Request) -> web.StreamResponse:
        raise web.HTTPSeeOther("/elsewhere")

    async with client_of(handler) as client, client.get("/", allow_redirects=False) as response:
        assert (response.status, response.headers["Location"]) == (303, "/elsewhere")


async def test_answer_that_has_begun_is_broken_off() -> None:
    """After the head is sent no problem is appended to it: the client sees that the answer is not whole."""

    async def handler(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Length": "100"})
        await response.prepare(request)
        await response.write(b"some")
        raise Problem(503, "Away", "too late")

    async with client_of(handler) as client:
        with pytest.raises(ClientError):
            async with client.get("/") as response:
                await response.read()


@pytest.mark.parametrize(("seconds", "said"), [(0, "1"), (0.2, "1"), (1, "1"), (1.01, "2"), (30, "30")])
def test_time_to_wait_is_whole_and_never_too_short(seconds: float, said: str) -> None:
    """Seconds to wait are rounded up, and at least one."""
    assert retry_later("Busy", "try again", seconds).headers == {"Retry-After": said}


@pytest.mark.parametrize("status", [400, 403, 404, 405, 408, 413, 500, 503])
def test_plain_problems_have_words(status: int) -> None:
    """Each status has a title and a detail."""
    made = problem_of(status)
    assert made.title
    assert made.detail
    assert made.document()["status"] == status
