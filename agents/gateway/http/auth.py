"""Who asks, by bearer token or session cookie, and what they may do. A refusal does not say why a token fails."""

import logging
from datetime import datetime
from typing import Final

import msgspec
from aiohttp import web

from agents.gateway.http.counting import route_of
from agents.gateway.http.gateway_metrics import rate_limited, token_refused
from agents.gateway.http.parts import Parts, parts_of
from agents.gateway.http.problems import Problem, retry_later
from agents.gateway.http.sessions import COOKIE, SECURE_COOKIE
from agents.gateway.http.tokens import Refusal, Scope, Token, Tokens

log = logging.getLogger(__name__)

SAFE: Final = frozenset({"GET", "HEAD"})
CHALLENGE: Final = {"WWW-Authenticate": 'Bearer realm="tallygate"'}
TOKEN_LENGTH_MAX: Final = 200


class Caller(msgspec.Struct, frozen=True):
    """Who asks."""

    id: str
    """Id of the token."""
    scopes: frozenset[Scope]
    """With those that are implied."""
    expires: datetime
    sources: tuple[str, ...]
    """The sources whose events it may publish; empty: any."""
    _tokens: Tokens

    def is_live(self) -> bool:
        """Whether the token is still valid, neither revoked nor expired; streams that stay open ask this."""
        return self._tokens.by_id(self.id) is not None

    async def ended(self) -> None:
        """Wait until the token is revoked or expires; that is noticed within about a second."""
        await self._tokens.ended(self.id)


def require(request: web.Request, scope: Scope) -> Caller:
    """Return the caller if its token has the scope and is within its rate. Raise Problem 401, 403, 429."""
    caller = authenticate(request)
    if scope not in caller.scopes:
        token_refused("scope")
        log.info("refused: token %s has no scope %s", caller.id, scope)
        challenge = f'{CHALLENGE["WWW-Authenticate"]}, error="insufficient_scope", scope="{scope}"'
        detail = f"this needs a token with the scope {scope}"
        raise Problem(403, "Not allowed", detail, headers={"WWW-Authenticate": challenge})
    return caller


def authenticate(request: web.Request) -> Caller:
    """Return the caller, whatever scopes its token has. Raise Problem 401, 403 for another site's page, 429."""
    parts = parts_of(request)
    given = request.headers.getall("Authorization", [])
    token = _of_bearer(given, parts) if given else _of_cookie(request, parts)
    if not isinstance(token, Token):
        token_refused(token)
        log.info("refused: no valid token (%s)", token)
        raise Problem(
            401, "Not signed in", "give a valid token as `Authorization: Bearer ...`, or sign in", headers=CHALLENGE
        )
    wait = parts.buckets.take(token.id)
    if wait:
        rate_limited(route_of(request))
        log.info("refused: token %s asks too often", token.id)
        raise retry_later(
            "Too many requests", "this token has sent too many requests; wait as `Retry-After` says", wait, 429
        )
    return Caller(token.id, token.allowed(), token.expires, token.sources, parts.tokens)


def _of_bearer(given: list[str], parts: Parts) -> Token | Refusal:
    scheme, _, text = given[0].partition(" ")
    if len(given) > 1 or scheme.lower() != "bearer" or len(text) > TOKEN_LENGTH_MAX:
        return "unknown"
    return parts.tokens.find(text.strip())


def _of_cookie(request: web.Request, parts: Parts) -> Token | Refusal:
    value = request.cookies.get(cookie_name(request))
    token = parts.sessions.find(value, parts.tokens, parts.clock()) if value else "missing"
    changes = request.method not in SAFE or "Upgrade" in request.headers
    if isinstance(token, Token) and changes and not same_origin(request):
        log.info("refused: a page of another site used the session of token %s", token.id)
        raise Problem(403, "Another site's page", "a session works only for this gateway's own pages")
    return token


def is_secure(request: web.Request) -> bool:
    """Whether the browser speaks TLS, with us or with the proxy in front."""
    return request.secure or (parts_of(request).gateway.public_origin or "").startswith("https:")


def cookie_name(request: web.Request) -> str:
    """Return the name of the session cookie."""
    return SECURE_COOKIE if is_secure(request) else COOKIE


def same_origin(request: web.Request) -> bool:
    """Whether one of this gateway's own pages asks; a request without an origin does not come from one."""
    origin = request.headers.get("Origin", "")
    expected = parts_of(request).gateway.public_origin or f"{request.scheme}://{request.host}"
    return origin.lower() == expected.lower()
