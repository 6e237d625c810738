"""`POST /v1/headroom`: would a value still fit a person's day? The question has the name, the log only the key."""

import logging
from collections.abc import Iterable
from datetime import date, datetime
from typing import Annotated, Final

import msgspec
from aiohttp import web
from msgspec import Meta

from agents.gateway.endpoints.answering import answer_freshness, away
from agents.gateway.endpoints.asked_bill import AskedBill, Misfit, enabled_programme
from agents.gateway.http.auth import require
from agents.gateway.http.bodies import media_type, read_body
from agents.gateway.http.counting import route_of
from agents.gateway.http.gateway_metrics import rate_limited
from agents.gateway.http.parts import parts_of
from agents.gateway.http.problems import Problem, retry_later
from agents.gateway.http.replies import reply
from agents.readmodel.queries import BILLS_A_PAGE
from agents.readmodel.store import StoreError
from agents.settings.settings import PolicySettings
from state.manifest.content import consignee_key
from state.rules import Rulebook
from stream.consignee import KeyMaker
from stream.deadletters import Fault
from stream.events import LocalDay, NamedOrIdentified
from stream.faultfinding import misfit, place_of
from stream.money import whole_dollars
from stream.periods import CONVEYANCE
from stream.reading import consignee_misfit

audit_log = logging.getLogger("agents.gateway.audit")

BODY_BYTES: Final = 16_384


class HeadroomQuestion(msgspec.Struct, frozen=True, kw_only=True):
    """A person in clear, a value, a day, and the programme that a bill would claim."""

    consignee: NamedOrIdentified
    value_cents: Annotated[int, Meta(ge=0, lt=10**14, description="Hundredths of the programme's currency.")]
    day: LocalDay
    programme: str | None = None
    """One of the enabled; missing: the setting `default_programme`."""
    seller: str | None = None
    """Who sold the goods, in clear; needed where the programme sums per seller."""
    conveyance: str | None = None
    """Needed where the programme sums per conveyance."""
    weight_grams: Annotated[int, Meta(ge=0, lt=10**9)] | None = None
    """Looked at where the programme limits weight; missing: 0."""


class Headroom(msgspec.Struct, frozen=True, kw_only=True):
    """Whether the value fits, as things stand; amounts are hundredths of `currency`.

    Never the key: it opens what `audit` is for.
    """

    day: date
    programme: str
    period: str
    """The period of that day, as decisions state it."""
    currency: str
    fits: bool
    """A bill of this value that arrived on the day would be released, unless its goods, origin or filing forbid it.
    Where what is above the limit is dutiable, it would be covered in full."""
    headroom_cents: int | None
    """Null, as is the limit, where the programme does not limit value, or has no limits on the day."""
    limit_cents: int | None
    total_cents: int
    """The released total of the day, or of the longer period."""
    next_day: date | None
    """Where it does not fit: the first of the next 14 days, or else the first day of the next period, on which it
    would; null where the programme goes by purchase date or by conveyance."""
    reason: Misfit | None
    as_of: datetime | None
    """Everything decided up to then was taken into account."""
    stale: bool


async def ask(request: web.Request) -> web.Response:
    """Answer for a consignee, a value, a day and a programme."""
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
    asked = _asked_bill(parts.keys, parts.rulebook, parts.settings.policy, question)
    audit_log.info("headroom asked: token=%s consignee=%s day=%s", caller.id, key, question.day)
    days = asked.days(question.day)
    try:
        readings = await parts.read_model.ledgers(
            key, [asked.ledger(day) for day in days], 0, BILLS_A_PAGE if asked.reads_bills else 0, asked.programme.id
        )
    except StoreError:
        raise away() from None
    reasons = [asked.misfit(day, reading) for day, reading in zip(days, readings, strict=True)]
    reason, total = reasons[0], readings[0].total_cents
    limits = asked.limits(question.day)
    limit = None if limits is None or limits.value is None else limits.value.amount
    later = next((day for day, other in zip(days[1:], reasons[1:], strict=True) if other is None), None)
    found = answer_freshness(request.app, readings[0].freshness, bridged=False)
    body = Headroom(
        day=question.day, programme=asked.programme.id, period=asked.period(question.day),
        currency=asked.programme.currency, fits=reason is None,
        headroom_cents=None if limit is None else limit - total, limit_cents=limit, total_cents=total,
        next_day=later if reason in {"daily-limit", "period-limit", "suspended"} else None, reason=reason,
        as_of=found.as_of, stale=found.stale,
    )  # fmt: skip
    return reply(body)


def _asked_bill(keys: KeyMaker, rulebook: Rulebook, policy: PolicySettings, question: HeadroomQuestion) -> AskedBill:
    """Return what the value would have to fit into. Raise Problem 400."""
    programme = enabled_programme(rulebook, question.programme)
    if programme.per_seller and (question.seller is None or not question.seller.strip()):
        raise Problem(400, "Not understood", f"$.seller: {programme.id} sums per seller, so say who sold the goods")
    if programme.window == CONVEYANCE and question.conveyance is None:
        raise Problem(400, "Not understood", f"$.conveyance: {programme.id} sums per conveyance, so name it")
    seller = keys.of_seller(question.seller) if programme.per_seller and question.seller else None
    value, grams = question.value_cents, question.weight_grams or 0
    counted = value if policy.rounding == "cents" else whole_dollars(value)
    return AskedBill(rulebook, policy.overflow, programme, seller, question.conveyance, counted, grams)


def _read(request: web.Request, body: bytes) -> HeadroomQuestion:
    """Read the question. Raise Problem 415, or 400, which says where the question is wrong and quotes nothing."""
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


def routes() -> Iterable[web.RouteDef]:
    """Return the routes of this module."""
    return [web.post("/v1/headroom", ask)]
