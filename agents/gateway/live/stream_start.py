"""Where a subscriber of `GET /v1/decisions` begins: now, at its id, at the topic's beginning, or at a time."""

import re
from datetime import datetime
from typing import Final, Literal

from aiohttp import web

from agents.gateway.http.problems import Problem
from agents.gateway.live.feed import Feed
from agents.gateway.live.places import PlaceError, decode_places
from stream.instants import to_micros

BEGINNING: Final = "beginning"
SINCE: Final = r"^\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}:\d{2}(\.\d{1,6})?([Zz]|[+-]\d{2}:\d{2})$"
"""An instant of RFC 3339."""

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
    return _instant(since) if since else None


def _instant(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text.upper() if re.fullmatch(SINCE, text) else "")
    except ValueError:
        detail = "`since`: expected an instant such as 2025-08-20T12:00:00Z; in an address `+` is written %2B"
        raise Problem(400, "Not an instant", detail) from None


async def places_from(start: Start, feed: Feed) -> list[int] | None:
    """Return the places that a subscriber begins at; None: now. Raise KafkaError while Kafka is away."""
    if start == BEGINNING:
        return [*(await feed.bounds()).begins]
    if isinstance(start, datetime):
        return await feed.places_since(max(0, to_micros(start) // 1_000))
    return start
