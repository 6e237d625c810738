"""Which answers can be counted: those of every route, so that each counter shows 0 before the first request."""

from collections.abc import Iterator
from typing import Final

from aiohttp import web

from agents.gateway.endpoints.openapi import errors_of
from agents.gateway.endpoints.operations import OPERATIONS
from agents.gateway.http.gateway_metrics import requests_begin

PAGE_STATUSES: Final = (200, 304, 404, 500)
"""Of the pages and their files, which are no operations."""
_STATUSES: Final = {
    (operation.path, operation.method.upper()): (*operation.answers, *errors_of(operation)) for operation in OPERATIONS
}


def begin_counting(app: web.Application) -> None:
    """Show every answer of the application's routes as 0."""
    requests_begin(_answers(app), {operation.path for operation in OPERATIONS if operation.needs_token})


def _answers(app: web.Application) -> Iterator[tuple[str, str, int]]:
    for route in app.router.routes():
        path = "" if route.resource is None else route.resource.canonical
        described = "GET" if route.method == "HEAD" else route.method
        for status in _STATUSES.get((path, described), PAGE_STATUSES):
            yield path, route.method, status
