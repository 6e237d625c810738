"""`GET /v1/dead-letters`: what is wrong with events that were published, for the system that published them."""

import asyncio
import logging
import re
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Final

import msgspec
from aiohttp import web

from agents.gateway.endpoints.listed_bills import limit_of
from agents.gateway.endpoints.notice_reading import NoticesAwayError, read_notices
from agents.gateway.http.asked_instants import instant_of
from agents.gateway.http.auth import Caller, require
from agents.gateway.http.parts import parts_of
from agents.gateway.http.problems import Problem, retry_later
from agents.gateway.http.replies import reply
from stream.deadletters import REMEDIES, Fault
from stream.notices import Notice, source_digest

log = logging.getLogger(__name__)

AT_A_TIME: Final = 4
"""Each has a consumer of its own; more would take the broker's time from the live feed."""
WAIT_SECONDS: Final = 10
AFTER: Final = r"^[0-9]{1,18}(\.[0-9]{1,18}){0,999}$"
"""A page's `next`: an offset of each partition."""
LETTERS: Final = 200
LETTERS_MAX: Final = 1_000

GATE: Final = web.AppKey("notices_gate", asyncio.Semaphore)


class LetterView(msgspec.Struct, frozen=True, kw_only=True):
    """An event that became a dead letter."""

    event_id: str | None
    """The event's `id`; null where it cannot be read, or does not look like an identifier."""
    source: str | None
    """The event's `source`, if it is one of your token's; null where your token names none."""
    code: Fault
    detail: str
    """The place in the event, and what was expected there; never a value."""
    remedy: str
    """What to do."""
    partition: int
    """Of the record in the shipments topic."""
    offset: int
    time: datetime
    """When Kafka took the record."""


class LetterPage(msgspec.Struct, frozen=True, kw_only=True):
    """Some dead letters; those of one partition of the shipments topic are in its order."""

    letters: tuple[LetterView, ...]
    """There may be none, though `complete` is false."""
    complete: bool
    """Whether these were all that there are now; if not, go on with `next`."""
    next: str
    """Return it as `after` for the letters that follow, also for those that come later."""


async def open_gate(app: web.Application) -> AsyncIterator[None]:
    """Allow so many pages to be read at a time."""
    app[GATE] = asyncio.Semaphore(AT_A_TIME)
    yield


def _start_of(request: web.Request) -> Sequence[int] | datetime | None:
    after, since = request.query.get("after"), request.query.get("since")
    if after is not None and since is not None:
        raise Problem(400, "Not understood", "query: expected `after` or `since`, not both")
    if since is not None:
        return instant_of(since)
    if after is None:
        return None
    if re.fullmatch(AFTER, after) is None:
        raise _no_next()
    return [int(place) for place in after.split(".")]


def _no_next() -> Problem:
    return Problem(400, "Not understood", "query parameter after: expected the `next` of the page before")


def _codes_of(request: web.Request) -> frozenset[str]:
    codes = frozenset(request.query.getall("code", []))
    if not codes.issubset(Fault):
        raise Problem(400, "Unknown code", f"`code` is one of {', '.join(Fault)}")
    return codes


class _Wanted:
    """Which letters a caller sees: those of its sources, and with scope audit those without a readable source."""

    def __init__(self, caller: Caller, codes: frozenset[str]) -> None:
        self.sources: Mapping[str, str] = {source_digest(source): source for source in caller.sources}
        self._sees_unreadable = "audit" in caller.scopes
        self._codes = codes

    def __call__(self, notice: Notice) -> bool:
        data = notice.data
        if self._codes and data.code not in self._codes:
            return False
        if data.source_digest is None:
            return self._sees_unreadable
        return not self.sources or data.source_digest in self.sources

    def view(self, notice: Notice) -> LetterView:
        """Return what a caller sees of a letter."""
        data = notice.data
        return LetterView(
            event_id=data.event_id, source=self.sources.get(data.source_digest or ""), code=data.code,
            detail=data.detail, remedy=REMEDIES[data.code], partition=data.record.partition,
            offset=data.record.offset, time=notice.time,
        )  # fmt: skip


async def show(request: web.Request) -> web.Response:
    """Show a page of dead letters."""
    caller = require(request, "publish")
    parts = parts_of(request)
    start, wanted, most = (
        _start_of(request),
        _Wanted(caller, _codes_of(request)),
        limit_of(request, LETTERS, LETTERS_MAX),
    )
    gate = request.app[GATE]
    if gate.locked():
        raise retry_later("Busy", "too many pages of dead letters are being read; try again")
    async with gate:
        kafka = parts.settings.kafka
        try:
            found = await read_notices(kafka.connection(), kafka.topics().notices, start, wanted, most)
        except NoticesAwayError as error:
            log.warning("dead letters could not be read: %s", error)
            raise retry_later("Kafka is away", "dead letters are read from there; try again", WAIT_SECONDS) from None
        except ValueError:
            raise _no_next() from None
    letters = tuple(map(wanted.view, found.notices))
    return reply(LetterPage(letters=letters, complete=found.complete, next=".".join(map(str, found.places))))


def routes() -> Iterable[web.RouteDef]:
    """Return the routes of this module."""
    return [web.get("/v1/dead-letters", show)]
