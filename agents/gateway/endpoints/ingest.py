"""`POST /v1/events` and `/v1/events/batch`: the code of the manifest step checks events; 202 when Kafka has them."""

import asyncio
import logging
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final

import msgspec
from aiohttp import web

from agents.gateway.endpoints.batch_cutting import NoEventError, TooManyEventsError, cut
from agents.gateway.endpoints.batch_repeats import Subjects
from agents.gateway.endpoints.binary_mode import is_binary, whole_event
from agents.gateway.http.auth import require
from agents.gateway.http.bodies import media_type, read_body
from agents.gateway.http.gateway_metrics import ingested
from agents.gateway.http.parts import Parts, parts_of
from agents.gateway.http.problems import Problem, retry_later
from agents.gateway.http.replies import JSON, reply
from agents.publish.publish_errors import PublishAwayError
from agents.tallygate_client.partition_queues import Keyed
from stream.deadletters import Fault
from stream.faultfinding import FaultFound
from stream.reading import Reader
from stream.records import PlainRecord

log = logging.getLogger(__name__)

SINGLE: Final = "application/cloudevents+json"
BATCH: Final = "application/cloudevents-batch+json"
EVENTS_A_TURN: Final = 200
"""Events that are checked before others get a turn, if they are small."""
BYTES_A_TURN: Final = 64 * 1024
"""Bytes of events likewise."""
AWAY_SECONDS: Final = 5

Reading = Callable[[web.Request, bytes], Sequence[bytes]]
"""Returns the events of a body."""


class BadEvent(msgspec.Struct, frozen=True):
    """What is wrong with one event; nothing of it is quoted."""

    index: int | None
    """Its place in the batch, counted from 0; null: the batch itself."""
    code: Fault
    detail: str


class Accepted(msgspec.Struct, frozen=True, omit_defaults=True):
    """Kafka has all of them."""

    accepted: int
    """How many."""
    repeats: tuple[int, ...] = ()
    """Places in the batch, from 0, of events that repeat an earlier event of the batch: they have no effect."""
    conflicts: tuple[int, ...] = ()
    """Places of events that say otherwise under the version of an earlier event of the batch: `version-conflict`."""


async def publish(request: web.Request) -> web.Response:
    """Take one event in, or a batch of them."""
    return await _take(request, EITHER)


async def publish_batch(request: web.Request) -> web.Response:
    """Take a batch of events in."""
    return await _take(request, BATCHES)


async def _take(request: web.Request, readings: Mapping[str, Reading]) -> web.Response:
    """Take events in: all, or none if one is bad."""
    caller = require(request, "publish")
    parts = parts_of(request)
    reading = readings.get(media_type(request))
    if reading is None:
        raise Problem(415, "Unsupported media type", f"send {' or '.join(readings)}, in UTF-8")
    if parts.bodies.locked():
        raise retry_later("Busy", "too many bodies are being read; try again")
    begun = time.monotonic()
    async with parts.bodies:
        body = await read_body(request, parts.gateway.body_mib * 1024 * 1024, unpacks=True)
        subjects, now_ms = Subjects(), int(parts.clock().timestamp() * 1000)
        events = await _check(reading(request, body), now_ms, subjects, caller.sources)
        await _send(parts, events)
        repeats, conflicts = await subjects.compare(events, now_ms, parts.rulebook)
    ingested("accepted", len(events), time.monotonic() - begun)
    log.debug("token %s published %d events", caller.id, len(events))
    return reply(Accepted(len(events), tuple(repeats), tuple(conflicts)), 202)


def _one(_request: web.Request, body: bytes) -> Sequence[bytes]:
    return [body]


def _any(request: web.Request, body: bytes) -> Sequence[bytes]:
    """Read plain JSON: the data of an event in binary mode, else one event or an array of events."""
    if not is_binary(request.headers):
        return _batch(request, body) if body.lstrip().startswith(b"[") else [body]
    event = whole_event(request.headers, body)
    if isinstance(event, FaultFound):
        ingested("invalid", 1)
        raise _refused([BadEvent(0, event.fault, event.detail)])
    return [event]


def _batch(request: web.Request, body: bytes) -> Sequence[bytes]:
    return _split(body, parts_of(request).gateway.batch_events)


def _split(body: bytes, most: int) -> Sequence[bytes]:
    try:
        return cut(body, most)
    except TooManyEventsError:
        raise Problem(413, "Too large", f"a batch has at most {most} events here; send several") from None
    except NoEventError as error:
        detail = "expected an event, with all attributes of CloudEvents; the events after it were not checked"
        raise _refused([BadEvent(error.index, Fault.WRONG_ENVELOPE, detail)]) from None
    except (ValueError, RecursionError):
        fault = BadEvent(None, Fault.NOT_JSON, "body: expected one JSON array (RFC 8259) of events")
        raise _refused([fault]) from None


EITHER: Final[Mapping[str, Reading]] = {SINGLE: _one, BATCH: _batch, JSON: _any}
BATCHES: Final[Mapping[str, Reading]] = {BATCH: _batch, JSON: _batch}
"""What each address takes, by media type."""


async def _check(values: Sequence[bytes], now_ms: int, subjects: Subjects, sources: Sequence[str] = ()) -> list[Keyed]:
    """Return the events with their keys. Raise Problem 400, which names every bad event, 403 for another's source."""
    # Without partitions: the gateway sets key and partition, so only the event itself can be wrong.
    reader = Reader(None)
    events, bad, size = [], [], 0
    foreign: int | None = None
    for index, value in enumerate(values):
        read = reader.read(PlainRecord("", 0, index, now_ms, None, value))
        if isinstance(read, FaultFound):
            bad.append(BadEvent(index, read.fault, read.detail))
        else:
            events.append(Keyed(read.data.conveyance.encode(), value))
            subjects.add(read)
            if sources and read.source not in sources and foreign is None:
                foreign = index
        size += len(value) + BYTES_A_TURN // EVENTS_A_TURN
        if size > BYTES_A_TURN:
            size = 0
            await asyncio.sleep(0)
    if bad:
        ingested("invalid", len(values))
        raise _refused(bad)
    if foreign is not None:
        ingested("invalid", len(values))
        detail = f"event {foreign}, counted from 0: this token may not publish events of its `source`; nothing was sent"
        raise Problem(403, "Not allowed", detail)
    return events


def _refused(bad: list[BadEvent]) -> Problem:
    return Problem(400, "Bad events", "nothing was sent; correct what is listed and send all again", errors=bad)


async def _send(parts: Parts, events: Sequence[Keyed]) -> None:
    try:
        await parts.publisher.publish(events)
    except PublishAwayError as error:
        ingested("unavailable", len(events))
        detail = f"{error}; some events may have arrived: send all again, the same event twice has no second effect"
        raise retry_later("Kafka is away", detail, AWAY_SECONDS) from None


def routes() -> Iterable[web.RouteDef]:
    """Return the routes of this module."""
    return [web.post("/v1/events", publish), web.post("/v1/events/batch", publish_batch)]
