"""`POST /v1/events`: events checked by the very code of the manifest step, then Kafka's word before ours."""

import asyncio
import logging
import time
from collections.abc import Iterable, Sequence
from typing import Final

import msgspec
from aiohttp import web

from agents.gateway.endpoints.batch_cutting import NoEventError, TooManyEventsError, cut
from agents.gateway.http.auth import require
from agents.gateway.http.bodies import media_type, read_body
from agents.gateway.http.gateway_metrics import ingested
from agents.gateway.http.parts import Parts, parts_of
from agents.gateway.http.problems import Problem, retry_later
from agents.gateway.http.replies import reply
from agents.publish.partition_queues import Keyed
from agents.publish.publish_errors import PublishAwayError
from stream.deadletters import Fault
from stream.faultfinding import FaultFound
from stream.reading import Reader
from stream.records import PlainRecord

log = logging.getLogger(__name__)

SINGLE: Final = "application/cloudevents+json"
BATCH: Final = "application/cloudevents-batch+json"
SLICE: Final = 200
"""Events that are checked before others get a turn, if they are small."""
SLICE_BYTES: Final = 64 * 1024
"""Bytes of events likewise."""
AWAY_SECONDS: Final = 5


class BadEvent(msgspec.Struct, frozen=True):
    """What is wrong with one event; nothing of it is quoted."""

    index: int | None
    """Its place in the batch, counted from 0; null: the batch itself."""
    code: Fault
    detail: str


class Accepted(msgspec.Struct, frozen=True):
    """Kafka has all of them."""

    accepted: int
    """How many."""


async def publish(request: web.Request) -> web.Response:
    """Take events in: all or, where one is bad, none."""
    caller = require(request, "publish")
    parts = parts_of(request)
    media = media_type(request)
    if media not in (SINGLE, BATCH):
        raise Problem(415, "Unsupported media type", f"send {SINGLE} or {BATCH}, in UTF-8")
    if parts.bodies.locked():
        raise retry_later("Busy", "too many bodies are being read; try again")
    begun = time.monotonic()
    async with parts.bodies:
        body = await read_body(request, parts.gateway.body_mib * 1024 * 1024)
        values = [body] if media == SINGLE else _split(body, parts.gateway.batch_events)
        events = await _check(values, int(parts.clock().timestamp() * 1000))
        await _send(parts, events)
    ingested("accepted", len(events), time.monotonic() - begun)
    log.debug("token %s published %d events", caller.id, len(events))
    return reply(Accepted(len(events)), 202)


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


async def _check(values: Sequence[bytes], now_ms: int) -> list[Keyed]:
    """Give the events with their keys. Raises Problem 400 that names every bad one."""
    # Without partitions: key and partition are ours to give, so only the event itself can be wrong.
    reader = Reader(None)
    events, bad, size = [], [], 0
    for index, value in enumerate(values):
        read = reader.read(PlainRecord("", 0, index, now_ms, None, value))
        if isinstance(read, FaultFound):
            bad.append(BadEvent(index, read.fault, read.detail))
        else:
            events.append(Keyed(read.data.conveyance.encode(), value))
        size += len(value) + SLICE_BYTES // SLICE
        if size > SLICE_BYTES:
            size = 0
            await asyncio.sleep(0)
    if bad:
        ingested("invalid", len(values))
        raise _refused(bad)
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
    """Give the routes."""
    return [web.post("/v1/events", publish)]
