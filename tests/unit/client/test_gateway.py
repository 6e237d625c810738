"""Requests to a gateway: its problems in its own words, patience while it is busy, and tokens from files."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from agents.client import Gateway, GatewayAwayError, GatewayError, read_token
from agents.tallygate_client import exchange

PROBLEM = {"title": "Not allowed", "detail": "this needs a token with the scope plan", "status": 403}


@asynccontextmanager
async def answering(*answers: tuple[int, Any]) -> AsyncIterator[tuple[Gateway, list[web.Request]]]:
    """Return a gateway that answers so, one after another, the last for all that follow; and what it was asked."""
    turns, asked = list(answers), []

    async def answer(request: web.Request) -> web.StreamResponse:
        asked.append(request)
        await request.read()
        status, body = turns.pop(0) if len(turns) > 1 else turns[0]
        headers = {"Retry-After": "0"} if status in {429, 503} else {}
        if isinstance(body, str):
            return web.Response(status=status, text=body, headers=headers)
        return web.json_response(body, status=status, headers=headers)

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answer)
    async with TestServer(app) as server, Gateway(str(server.make_url("/")), "a-token") as gateway:
        yield gateway, asked


async def test_requests_carry_token_query_and_body() -> None:
    """A request has the token as a header and never in the address, and what it was given."""
    async with answering((200, {"a": 1})) as (gateway, asked):
        assert await gateway.get("/v1/x", after="7") == {"a": 1}
        assert await gateway.post("/v1/y", b"[]", "application/x") == {"a": 1}
    assert [each.headers["Authorization"] for each in asked] == ["Bearer a-token"] * 2
    assert [each.rel_url.raw_path_qs for each in asked] == ["/v1/x?after=7", "/v1/y"]
    assert asked[1].content_type == "application/x"


async def test_problem_is_an_error_in_the_gateways_words() -> None:
    """Title, status and detail of a problem are in the error, and the whole document is there."""
    async with answering((403, PROBLEM)) as (gateway, _asked):
        with pytest.raises(GatewayError, match=r"Not allowed \(403\): this needs a token") as caught:
            await gateway.get("/v1/x")
    assert (caught.value.status, caught.value.document) == (403, PROBLEM)


@pytest.mark.parametrize("status", [429, 503])
async def test_busy_gateway_is_asked_again(status: int) -> None:
    """A gateway that is busy is asked again after as long as it says, and then its answer counts."""
    async with answering((status, PROBLEM), (status, PROBLEM), (200, {"a": 1})) as (gateway, asked):
        assert await gateway.get("/v1/x") == {"a": 1}
    assert len(asked) == 3


@pytest.mark.parametrize("status", [429, 503])
async def test_gateway_that_stays_busy_is_away(status: int) -> None:
    """Patience has an end, and then the gateway counts as away: trying later helps."""
    async with answering((status, PROBLEM)) as (gateway, asked):
        with pytest.raises(GatewayAwayError, match="cannot answer now"):
            await gateway.get("/v1/x")
    assert len(asked) == exchange.TRIES


@pytest.mark.parametrize("body", ["<html>", "[1]", ""])
async def test_answer_that_is_no_problem_document_is_still_an_error(body: str) -> None:
    """Whatever a proxy between says instead, the status counts."""
    async with answering((502, body)) as (gateway, _asked):
        with pytest.raises(GatewayAwayError, match="502"):
            await gateway.get("/v1/x")


async def test_absent_gateway_is_away() -> None:
    """If no process listens, it is away, and what cannot be an address is said to be none."""
    async with Gateway("http://127.0.0.1:9", "t") as gateway:
        with pytest.raises(GatewayAwayError, match=r"http://127\.0\.0\.1:9 does not answer"):
            await gateway.get("/v1/x")
    async with Gateway("localhost", "t") as gateway:
        with pytest.raises(GatewayError, match="no address"):
            await gateway.get("/v1/x")


def test_token_is_the_one_line_of_its_file(tmp_path: Path) -> None:
    """A token is read without the line's end."""
    path = tmp_path / "token"
    path.write_text("tg_abc_def\n")
    assert read_token(path) == "tg_abc_def"


@pytest.mark.parametrize("text", [b"", b"\n", b"two words", b"two\nlines", b"\xff", "tökén".encode()])
def test_file_that_holds_no_token_is_refused(text: bytes, tmp_path: Path) -> None:
    """A file with anything else is refused without quoting it; it may be the wrong secret."""
    path = tmp_path / "token"
    path.write_bytes(text)
    with pytest.raises(GatewayError, match="token") as caught:
        read_token(path)
    assert not any(word in str(caught.value) for word in ("two", "words", "lines", "tök"))
    with pytest.raises(GatewayError, match="No such file"):
        read_token(tmp_path / "none")


def test_gateway_is_used_as_a_context() -> None:
    """Without entering it there is no session to ask with."""
    with pytest.raises(RuntimeError, match="async with"):
        _ = Gateway("http://x", "t").session
