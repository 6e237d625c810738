"""`/session`: a browser gives its token once and gets a cookie that its pages cannot read."""

from collections.abc import Iterable
from datetime import datetime
from typing import Final
from urllib.parse import parse_qsl

import msgspec
from aiohttp import web

from agents.gateway.http.auth import authenticate, cookie_name, is_secure, same_origin
from agents.gateway.http.bodies import media_type, read_body
from agents.gateway.http.gateway_metrics import token_refused
from agents.gateway.http.parts import parts_of
from agents.gateway.http.problems import Problem
from agents.gateway.http.replies import reply
from agents.gateway.http.tokens import Scope, Token

BODY_BYTES: Final = 4_096


class SignIn(msgspec.Struct, frozen=True):
    """What a browser sends."""

    token: str


class Session(msgspec.Struct, frozen=True):
    """Who is signed in."""

    id: str
    """Id of the token."""
    scopes: tuple[Scope, ...]
    expires: datetime


async def sign_in(request: web.Request) -> web.Response:
    """Give a cookie for a token."""
    if "Origin" in request.headers and not same_origin(request):
        raise Problem(403, "Another site's page", "only this gateway's own pages sign in")
    parts = parts_of(request)
    text = await _token(request)
    token = parts.tokens.find(text)
    if not isinstance(token, Token):
        token_refused(token)
        raise Problem(401, "Not signed in", "this is no valid token")
    value, ends = parts.sessions.open(token, parts.clock())
    response = reply(Session(token.id, tuple(sorted(token.allowed())), ends))
    response.set_cookie(
        cookie_name(request),
        value,
        max_age=max(0, int((ends - parts.clock()).total_seconds())),
        path="/",
        secure=is_secure(request),
        httponly=True,
        samesite="Strict",
    )
    return response


async def _token(request: web.Request) -> str:
    body = await read_body(request, BODY_BYTES)
    media = media_type(request)
    if media == "application/json":
        try:
            return msgspec.json.decode(body, type=SignIn).token
        except (ValueError, RecursionError):
            raise Problem(400, "Not understood", 'expected {"token": "..."}') from None
    if media == "application/x-www-form-urlencoded":
        return dict(_pairs(body)).get("token", "")
    raise Problem(415, "Unsupported media type", "send application/json or a form")


def _pairs(body: bytes) -> list[tuple[str, str]]:
    try:
        return parse_qsl(body.decode("ascii"), max_num_fields=10)
    except ValueError:
        raise Problem(400, "Not understood", "expected a form with the field token") from None


async def show(request: web.Request) -> web.Response:
    """Tell who is signed in."""
    caller = authenticate(request)
    return reply(Session(caller.id, tuple(sorted(caller.scopes)), caller.expires))


async def sign_out(request: web.Request) -> web.Response:
    """Take the cookie back."""
    authenticate(request)
    response = web.Response(status=204)
    response.del_cookie(cookie_name(request), path="/", secure=is_secure(request), httponly=True, samesite="Strict")
    return response


def routes() -> Iterable[web.RouteDef]:
    """Give the routes."""
    return [
        web.post("/session", sign_in),
        web.get("/session", show, allow_head=False),
        web.delete("/session", sign_out),
    ]
