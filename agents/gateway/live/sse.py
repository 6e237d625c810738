"""`GET /v1/decisions`: decisions as server-sent events, from now on, from an id, from a time or from the beginning."""

import asyncio
from collections.abc import Iterable
from contextlib import aclosing, suppress
from typing import Final

import msgspec
from aiohttp import web
from aiokafka.errors import KafkaError

from agents.gateway.http.auth import require
from agents.gateway.http.parts import parts_of
from agents.gateway.http.problems import Problem, retry_later
from agents.gateway.live.live_side import LIVE, Live
from agents.gateway.live.replay import GoneError
from agents.gateway.live.sse_reader import SseReader
from agents.gateway.live.stream_start import Start, places_from, start_of
from agents.gateway.live.streams import (
    TOO_MANY,
    TOO_SLOW,
    EndedError,
    Ending,
    Stream,
    TooManyStreamsError,
    bound_buffer,
    gone,
)
from agents.gateway.live.wanted import FilterError, WantedDecisions, checked_filters
from state.rules import Rulebook

HEADERS: Final = {
    "Content-Type": "text/event-stream",
    "Cache-Control": "no-store",
    "X-Accel-Buffering": "no",  # a proxy that buffers would hold events back
}
RETRY: Final = b"retry: 2000\n\n"
LAST_SECONDS: Final = 1.0
"""How long a subscriber that is cut off has to take the reason."""


def wanted_of(request: web.Request, rulebook: Rulebook, *, audit: bool) -> WantedDecisions:
    """Return the filters of the query. Raise Problem 400."""
    conveyances, outcomes, programmes = (
        request.query.getall(name, []) for name in ("conveyance", "outcome", "programme")
    )
    try:
        wanted = checked_filters(conveyances, outcomes, programmes, rulebook)
    except FilterError as error:
        raise Problem(400, error.title, error.detail) from None
    return msgspec.structs.replace(wanted, audit=audit)


async def decisions(request: web.Request) -> web.StreamResponse:
    """Serve a subscriber until it disconnects, or the gateway ends the stream."""
    caller = require(request, "scan")
    live = request.app[LIVE]
    wanted, start = wanted_of(request, parts_of(request).rulebook, audit="audit" in caller.scopes), start_of(request)
    places = await _checked(live, start)
    try:
        with live.streams.opened("sse", caller) as stream:
            reader = SseReader(live.feed, live.replays, wanted, live.heartbeat_seconds, places)
            return await _serve(request, stream, reader)
    except TooManyStreamsError:
        raise retry_later(TOO_MANY.title, TOO_MANY.detail, 10, TOO_MANY.status) from None


async def _checked(live: Live, start: Start) -> list[int] | None:
    """Return the places that a subscriber begins at; None: now. Raise Problem 410, 503."""
    if not live.feed.window.partitions:
        raise retry_later("The live feed is not ready yet", "Kafka has not answered since the gateway started", 2)
    try:
        places = await places_from(start, live.feed)
        if places is not None and live.replays.needed(places):
            await live.replays.check(places)
    except GoneError as error:
        raise gone(error).problem() from None
    except (KafkaError, OSError):
        raise retry_later("Kafka is away", "the place to begin at cannot be looked up; try again", 2) from None
    return places


async def _serve(request: web.Request, stream: Stream, reader: SseReader) -> web.StreamResponse:
    response = web.StreamResponse(headers=HEADERS)
    bound_buffer(request)
    await response.prepare(request)
    sending = asyncio.create_task(_send(response, reader, request.app[LIVE].settings.write_seconds))
    try:
        await asyncio.wait({sending, stream.ending}, return_when=asyncio.FIRST_COMPLETED)
        if not stream.ending.done():
            stream.end(sending.result())
    finally:
        sending.cancel()
        with suppress(asyncio.CancelledError, ConnectionError):
            await sending
    await _end(request, response, stream.ending.result())
    return response


async def _send(response: web.StreamResponse, reader: SseReader, write_seconds: float) -> Ending:
    """Send the reader's blocks; return why they end. Raise ConnectionError if the subscriber has gone."""
    try:
        await response.write(RETRY)
        async with aclosing(reader.blocks()) as blocks:
            async for block in blocks:
                async with asyncio.timeout(write_seconds):
                    await response.write(block)
    except TimeoutError:
        ending = TOO_SLOW
    except EndedError as error:
        ending = error.ending
    else:
        raise AssertionError("decisions never end")
    return ending


async def _end(request: web.Request, response: web.StreamResponse, ending: Ending) -> None:
    """Send the reason as the last event, wait a moment until the subscriber takes it, and close in any case."""
    document = msgspec.json.encode(ending.problem().document())
    try:
        async with asyncio.timeout(LAST_SECONDS):
            await response.write(b"event: error\ndata: %s\n\n" % document)
            await response.write_eof()
    except (TimeoutError, ConnectionError):
        if request.transport is not None:
            request.transport.abort()


def routes() -> Iterable[web.RouteDef]:
    """Return the routes of this module."""
    return [web.get("/v1/decisions", decisions, allow_head=False)]
