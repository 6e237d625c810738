"""Reading bodies within limits of size and time."""

import asyncio

from aiohttp import web

from agents.gateway.http.gzip_bodies import CODINGS, NotGzipError, UnpackedTooLargeError, Unpacking
from agents.gateway.http.parts import parts_of
from agents.gateway.http.problems import Problem


def media_type(request: web.Request) -> str:
    """Return the media type of a body without its parameters, in small letters; empty where none is given.

    aiohttp's `content_type` reads the parameters too, and takes more than a second for 8 kB of them.
    """
    return request.headers.get("Content-Type", "").partition(";")[0].strip().lower()


async def read_body(request: web.Request, most: int, *, unpacks: bool = False) -> bytes:
    """Return the body, unpacked if it is gzip and `unpacks` is true; `most` limits it packed and unpacked.

    Raise Problem 400 when it is no gzip, 408 when it is too slow, 413 when it is too large, 415 for other codings.
    """
    unpacking = _unpacking(request, most, unpacks=unpacks)
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
                if unpacking is None:
                    parts.append(part)
                    continue
                for piece in unpacking.pieces(part):
                    parts.append(piece)
                    await asyncio.sleep(0)
    except TimeoutError:
        raise Problem(408, "Too slow", "the body did not come in time", headers={"Connection": "close"}) from None
    except UnpackedTooLargeError:
        raise _too_large(most) from None
    except NotGzipError:
        raise _not_gzip() from None
    if unpacking is not None and not unpacking.whole:
        raise _not_gzip()
    return b"".join(parts)


def _unpacking(request: web.Request, most: int, *, unpacks: bool) -> Unpacking | None:
    """Return what unpacks the body; None: it is sent as it is."""
    coding = ",".join(request.headers.getall("Content-Encoding", ["identity"])).strip().lower()
    if coding == "identity":
        return None
    if unpacks and coding in CODINGS:
        return Unpacking(most)
    taken = "gzip" if unpacks else "identity"
    detail = "send the body uncompressed, or as gzip" if unpacks else "send the body uncompressed"
    raise Problem(415, "Unsupported encoding", detail, headers={"Accept-Encoding": taken})


def _too_large(most: int) -> Problem:
    detail = f"a body has at most {most} bytes here, unpacked if it is gzip"
    return Problem(413, "Too large", detail, headers={"Connection": "close"})


def _not_gzip() -> Problem:
    detail = "`Content-Encoding` says gzip: expected one whole gzip member, with nothing behind it"
    return Problem(400, "Bad encoding", detail, headers={"Connection": "close"})
