"""`/livez` and `/readyz`: whether the process lives, and whether all it needs is there; what is not is named."""

from collections.abc import Iterable
from datetime import datetime
from typing import Final

import msgspec
from aiohttp import web

from agents.gateway.endpoints.answering import standing
from agents.gateway.http.parts import parts_of
from agents.gateway.http.problems import Problem
from agents.gateway.http.replies import reply
from agents.readmodel.store import StoreError

EXCLUDABLE: Final = ("freshness", "kafka", "redis", "tokens")


class Alive(msgspec.Struct, frozen=True):
    """The process serves."""

    alive: bool = True


class Ready(msgspec.Struct, frozen=True):
    """All that was asked about is there."""

    ready: bool
    as_of: datetime | None
    """How far the read model has come; null where that was not asked."""


async def live(_request: web.Request) -> web.Response:
    """Say that the process serves, whoever else is away."""
    return reply(Alive())


async def ready(request: web.Request) -> web.Response:
    """Say whether Kafka, Redis, the tokens file and an up-to-date read model are there; `exclude` leaves some out."""
    parts = parts_of(request)
    excluded = set(request.query.getall("exclude", []))
    if not excluded <= set(EXCLUDABLE):
        raise Problem(400, "Not understood", f"query parameter exclude: expected one of {', '.join(EXCLUDABLE)}")
    away: dict[str, str] = {}
    as_of = None
    if parts.publisher.problem is not None:
        away["kafka"] = "nothing can be published"
    if parts.tokens.problem is not None:
        away["tokens"] = "the tokens file cannot be read: every token is refused"
    if not {"redis", "freshness"} <= excluded:
        try:
            found = standing(request.app, await parts.read_model.freshness())
            as_of = found.as_of
            if found.stale:
                away["freshness"] = "the read model is behind, or is being filled: is the projection running?"
        except StoreError:
            away["redis"] = "the read model does not answer"
    away = {name: why for name, why in away.items() if name not in excluded}
    if away:
        detail = "; ".join(f"{name}: {why}" for name, why in away.items())
        raise Problem(503, "Not ready", detail, headers={"Retry-After": "5"}, away=sorted(away), as_of=as_of)
    return reply(Ready(ready=True, as_of=as_of))


def routes() -> Iterable[web.RouteDef]:
    """Give the routes."""
    return [web.get("/livez", live), web.get("/readyz", ready)]
