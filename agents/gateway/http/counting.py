"""Counts every request, by the pattern of its route and never by its path; `/metrics` shows the counts."""

import time
from collections.abc import Iterable
from typing import Final

from aiohttp import web

from agents.gateway.http.gateway_metrics import GATEWAY, UNMATCHED, request_done
from agents.gateway.http.problems import BEGUN, Handler

WAITED: Final = web.RequestKey("waited", float)
"""Seconds that the client had asked the request to wait; they say nothing of how fast it was answered."""


def route_of(request: web.Request) -> str:
    """Return the pattern of the request's route."""
    resource = request.match_info.route.resource
    return UNMATCHED if resource is None else resource.canonical


@web.middleware
async def counting(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Count an answered request, or a stream that its client left; it wraps the middleware that makes problems."""
    begun = time.monotonic()
    try:
        response = await handler(request)
    except ConnectionError:
        if BEGUN in request:
            request_done(route_of(request), request.method, request[BEGUN], None)
        raise
    waited = request.get(WAITED, 0.0)
    seconds = time.monotonic() - begun - waited if isinstance(response, web.Response) else None
    request_done(route_of(request), request.method, response.status, seconds)
    return response


async def metrics(request: web.Request) -> web.Response:
    """Show what the gateway has counted; it holds no data of persons."""
    body, content_type = GATEWAY.exposition(request.headers.get("Accept", ""))
    return web.Response(body=body, headers={"Content-Type": content_type})


def routes() -> Iterable[web.RouteDef]:
    """Return the routes of this module."""
    return [web.get("/metrics", metrics)]
