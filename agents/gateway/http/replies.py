"""Answers: JSON of msgspec types, and the headers that every answer has."""

from collections.abc import Mapping
from typing import Any, Final

import msgspec
from aiohttp import web

from agents.gateway.http.problems import BEGUN

JSON: Final = "application/json"
SECURITY_HEADERS: Final[Mapping[str, str]] = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cache-Control": "no-store",
}
"""Set where the handler has not set its own."""

TRANSPORT_SECURITY: Final = "max-age=31536000"


def reply(body: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> web.Response:
    """Answer with the JSON of a msgspec type or plain data."""
    return web.Response(status=status, body=msgspec.json.encode(body), headers=headers, content_type=JSON)


async def finish_headers(request: web.Request, response: web.StreamResponse) -> None:
    """Add the headers of every answer, and remove those that tell about our software."""
    request[BEGUN] = response.status
    headers = response.headers
    for name, value in SECURITY_HEADERS.items():
        headers.setdefault(name, value)
    if request.secure:
        headers.setdefault("Strict-Transport-Security", TRANSPORT_SECURITY)
    headers.popall("Server", None)
