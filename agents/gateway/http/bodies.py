"""Reading bodies: never more than was allowed, never longer than was granted."""

import asyncio

from aiohttp import web

from agents.gateway.http.parts import parts_of
from agents.gateway.http.problems import Problem


def media_type(request: web.Request) -> str:
    """Return the media type of a body without its parameters, in small letters; empty where none is given.

    aiohttp's `content_type` reads the parameters too, and takes more than a second for 8 kB of them.
    """
    return request.headers.get("Content-Type", "").partition(";")[0].strip().lower()


async def read_body(request: web.Request, most: int) -> bytes:
    """Give the body. Raises Problem 413 above `most` bytes, 408 when it is too slow, 415 when it is compressed."""
    if request.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise Problem(415, "Unsupported encoding", "send the body uncompressed")
    if (request.content_length or 0) > most:
        raise _too_large(most)
    parts: list[bytes] = []
    size = 0
    try:
        async with asyncio.timeout(parts_of(request).gateway.body_seconds):
            async for part in request.content.iter_any():
                size += len(part)
                if size > most:
                    raise _too_large(most)
                parts.append(part)
    except TimeoutError:
        raise Problem(408, "Too slow", "the body did not come in time", headers={"Connection": "close"}) from None
    return b"".join(parts)


def _too_large(most: int) -> Problem:
    return Problem(413, "Too large", f"a body has at most {most} bytes here", headers={"Connection": "close"})
