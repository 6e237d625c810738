"""`POST /v1/headroom`: would a value still fit a person's day? Asked in clear, answered and logged by key only."""

import logging
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Annotated, Final, Literal

import msgspec
from aiohttp import web
from msgspec import Meta

from agents.gateway.endpoints.answering import away, standing
from agents.gateway.http.auth import require
from agents.gateway.http.bodies import media_type, read_body
from agents.gateway.http.counting import route_of
from agents.gateway.http.gateway_metrics import rate_limited
from agents.gateway.http.parts import Parts, parts_of
from agents.gateway.http.problems import Problem, retry_later
from agents.gateway.http.replies import reply
from agents.readmodel.queries import BILLS_A_PAGE, DayReading
from agents.readmodel.store import StoreError
from state.manifest.content import consignee_key
from stream.deadletters import Fault
from stream.events import LocalDay, NamedOrIdentified
from stream.faultfinding import misfit, place_of
from stream.money import whole_dollars
from stream.reading import consignee_misfit

audit_log = logging.getLogger("agents.gateway.audit")

BODY_BYTES: Final = 16_384
ACTUAL: Final = "actual"

Misfit = Literal["suspended", "single-value-over-limit", "daily-limit"]


class HeadroomQuestion(msgspec.Struct, frozen=True, kw_only=True):
    """A person in clear, a value, a day."""

    consignee: NamedOrIdentified
    value_cents: Annotated[int, Meta(ge=0, lt=10**14, description="US cents.")]
    day: LocalDay


class Headroom(msgspec.Struct, frozen=True, kw_only=True):
    """Whether the value fits, as things stand; amounts are US cents. Never the key: it opens what `audit` is for."""

    day: date
    fits: bool
    """A bill of this value that arrived on the day would be released, unless its goods, origin or filing forbid it."""
    headroom_cents: int
    limit_cents: int
    total_cents: int
    """The day's released total."""
    next_day: date | None
    """Where it does not fit: the first of the next 14 days on which it would."""
    reason: Misfit | None
    as_of: datetime | None
    """Everything decided up to then was taken into account."""
    stale: bool


async def ask(request: web.Request) -> web.Response:
    """Answer for a consignee, a value and a day."""
    caller = require(request, "plan")
    parts = parts_of(request)
    if parts.keys is None:
        detail = "this gateway has no secret for consignee keys; set TALLYGATE_KEY__SECRET_FILE"
        raise Problem(501, "Not offered here", detail)
    if wait := parts.planning.take(caller.id):
        rate_limited(route_of(request))
        detail = "this token has asked for headroom too often; wait as `Retry-After` says"
        raise retry_later("Too many requests", detail, wait, 429)
    question = _read(request, await read_body(request, BODY_BYTES))
    key = consignee_key(parts.keys, question.consignee)
    audit_log.info("headroom asked: token=%s consignee=%s day=%s", caller.id, key, question.day)
    first, value = question.day, question.value_cents
    days = [first + timedelta(days=ahead) for ahead in range(parts.rulebook.advice_days + 1)]
    days = [day for day in days if day.year < 9999]
    try:
        # Whether an earlier bill did not fit matters to the policies that stop there; they need the bills.
        bills = 0 if parts.settings.policy.overflow == "skip" else BILLS_A_PAGE
        readings = await parts.read_model.days(key, days, bills)
    except StoreError:
        raise away() from None
    reasons = [_misfit(parts, day, reading, value) for day, reading in zip(days, readings, strict=True)]
    limit, total = parts.rulebook.on(first).limit_cents, readings[0].total_cents
    found = standing(request.app, readings[0].freshness, bridged=False)
    later = next((day for day, reason in zip(days[1:], reasons[1:], strict=True) if reason is None), None)
    body = Headroom(
        day=first, fits=reasons[0] is None, headroom_cents=limit - total, limit_cents=limit,
        total_cents=total, next_day=later if reasons[0] else None, reason=reasons[0],
        as_of=found.as_of, stale=found.stale,
    )  # fmt: skip
    return reply(body)


def _read(request: web.Request, body: bytes) -> HeadroomQuestion:
    """Read the question. Raises Problem 400, which says where it is wrong and quotes nothing, 415."""
    if media_type(request) != "application/json":
        raise Problem(415, "Unsupported media type", "send application/json")
    try:
        question = msgspec.json.decode(body, type=HeadroomQuestion)
    except msgspec.ValidationError as error:
        raise _wrong(place_of(error)) from None
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        raise Problem(400, "Not understood", "the body is not one JSON text (RFC 8259) in UTF-8") from None
    if path := consignee_misfit(question.consignee):
        raise _wrong(path.replace("$.data", "$"))
    if not 1 < question.day.year < 9999:
        raise _wrong("$.day")
    return question


def _wrong(path: str) -> Problem:
    return Problem(400, "Not understood", misfit(Fault.WRONG_SHAPE, HeadroomQuestion, path).detail)


def _misfit(parts: Parts, day: date, reading: DayReading, value_cents: int) -> Misfit | None:
    """Say why a bill of this value would not be released on the day, by the rules and what is on it."""
    rules = parts.rulebook.on(day)
    exact = parts.settings.policy.rounding == "cents"
    counted = value_cents if exact else whole_dollars(value_cents)
    if rules.suspended_rule is not None:
        return "suspended"
    if rules.single_cents is not None and counted > rules.single_cents:
        return "single-value-over-limit"
    blocked = any(bill.data.basis == ACTUAL and bill.data.reason == "daily-limit" for bill in reading.bills)
    return "daily-limit" if blocked or reading.total_cents + counted > rules.limit_cents else None


def routes() -> Iterable[web.RouteDef]:
    """Give the routes."""
    return [web.post("/v1/headroom", ask)]
