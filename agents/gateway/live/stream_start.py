"""Where a subscriber of `GET /v1/decisions` begins: now, at its id, at the topic's beginning, or at a time."""

from datetime import datetime
from typing import Final, Literal

from aiohttp import web

from agents.gateway.http.asked_instants import instant_of
from agents.gateway.http.problems import Problem
from agents.gateway.live.feed import Feed
from agents.gateway.live.places import PlaceError, decode_places
from stream.instants import to_micros

BEGINNING: Final = "beginning"
Start = list[int] | Literal["beginning"] | datetime | None
"""Places to resume from, the beginning, a time, or None: now."""


def start_of(request: web.Request) -> Start:
    """Return where a request wants to begin; a browser's `Last-Event-ID` comes first. Raise Problem 400."""
    header = request.headers.get("Last-Event-ID")
    after, since = request.query.get("after"), request.query.get("since")
    if not header and after and since:
        raise Problem(400, "Not understood", "query: expected `after` or `since`, not both")
    text = header or after
    if text == BEGINNING and not header:
        return BEGINNING
    try:
        if text:
            return decode_places(text)
    except PlaceError as error:
        raise Problem(400, "Not an id", f"`Last-Event-ID` or `after`: {error}") from None
    return instant_of(since) if since else None


async def places_from(start: Start, feed: Feed) -> list[int] | None:
    """Return the places that a subscriber begins at; None: now. Raise KafkaError while Kafka is away."""
    if start == BEGINNING:
        return [*(await feed.bounds()).begins]
    if isinstance(start, datetime):
        return await feed.places_since(max(0, to_micros(start) // 1_000))
    return start
