"""`GET /v1/bills/{bill}/history`: every decision of a bill, from Kafka itself."""

import asyncio
import logging
import re
from collections.abc import AsyncIterator, Iterable
from datetime import datetime
from typing import Final

from aiohttp import web

from agents.bills.history import HistoryAwayError, read_history
from agents.bills.history_view import history_view
from agents.gateway.endpoints.bill_answers import bill_of
from agents.gateway.http.auth import require
from agents.gateway.http.parts import Parts, parts_of
from agents.gateway.http.problems import Problem, retry_later
from agents.gateway.http.replies import reply
from agents.readmodel.store import StoreError

log = logging.getLogger(__name__)

AT_A_TIME: Final = 4
"""Each reads a partition of its own accord; more would take the broker's time from the live feed."""
WAIT_SECONDS: Final = 10
PLACE: Final = "^[0-9]{1,18}$"
"""A page's `next`: an offset."""

GATE: Final = web.AppKey("history_gate", asyncio.Semaphore)


async def open_gate(app: web.Application) -> AsyncIterator[None]:
    """Let so many histories be read at a time."""
    app[GATE] = asyncio.Semaphore(AT_A_TIME)
    yield


async def show(request: web.Request) -> web.Response:
    """Show a bill's decisions, oldest first; `after` takes the `next` of the page before."""
    require(request, "audit")
    parts = parts_of(request)
    bill, after = bill_of(request), _after(request)
    gate = request.app[GATE]
    if gate.locked():
        raise retry_later("Busy", "too many histories are being read; try again")
    async with gate:
        kafka = parts.settings.kafka
        since = None if after is not None else await _since(parts, bill)
        try:
            found = await read_history(kafka.connection(), kafka.topics().decisions, bill, since, after=after)
        except HistoryAwayError as error:
            log.warning("a history could not be read: %s", error)
            raise retry_later("Kafka is away", "the history is read from there; try again", WAIT_SECONDS) from None
    return reply(history_view(bill, found))


async def _since(parts: Parts, bill: str) -> datetime | None:
    """Give the earliest time known of the bill; where the read model knows none the topic is read from its start."""
    try:
        return (await parts.read_model.bill(bill)).stated
    except StoreError:
        return None


def _after(request: web.Request) -> int | None:
    text = request.query.get("after")
    if text is None:
        return None
    if re.fullmatch(PLACE, text) is None:
        raise Problem(400, "Not understood", "query parameter after: expected the `next` of the page before")
    return int(text)


def routes() -> Iterable[web.RouteDef]:
    """Give the routes."""
    return [web.get("/v1/bills/{bill}/history", show)]
