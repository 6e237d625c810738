"""`GET /v1/bills`: the answers for the bills of a conveyance or of a day, in pages."""

import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final, get_args

import msgspec
from aiohttp import web

from agents.gateway.endpoints.answering import answer_freshness, away
from agents.gateway.endpoints.consignee_days import day_of
from agents.gateway.endpoints.views import AuditBillView, BillView, verdict
from agents.gateway.http.auth import require
from agents.gateway.http.parts import parts_of
from agents.gateway.http.problems import Problem
from agents.gateway.http.replies import reply
from agents.readmodel.bill_lists import BEGINNING, LISTED_MAX, BillSelection, PageStart
from agents.readmodel.store import StoreError
from stream.decisions import Outcome

CONVEYANCE: Final = "^[A-Za-z0-9:._-]{1,100}$"
PAGE: Final = 200
LIMIT: Final = "^[0-9]{1,4}$"
OUTCOMES: Final[tuple[str, ...]] = get_args(Outcome)


class VerdictPage(msgspec.Struct, frozen=True, kw_only=True):
    """Some of the bills of a conveyance or a day, as scope `scan` sees them."""

    bills: tuple[BillView, ...]
    """Each bill's answer. There may be none, though further pages have some."""
    as_of: datetime | None
    """Everything decided up to then is in it; null: the read model is being filled again."""
    stale: bool
    """What is known may be old, and bills may be missing: every action is HOLD."""
    next: str | None
    """Return it as `after` for the bills that follow; null: these were the last."""


class AuditVerdictPage(VerdictPage, frozen=True, kw_only=True):
    """Some of the bills of a conveyance or a day, as scope `audit` sees them."""

    bills: tuple[AuditBillView, ...]


def selection_of(request: web.Request) -> BillSelection:
    """Return which bills are wanted. Raise Problem 400."""
    conveyances, days = request.query.getall("conveyance", []), request.query.getall("day", [])
    if len(conveyances) + len(days) != 1:
        raise Problem(400, "Not understood", "query: expected one `conveyance` or one `day`")
    if days:
        return BillSelection(day=day_of(days[0]))
    if re.fullmatch(CONVEYANCE, conveyances[0]) is None:
        raise Problem(400, "Not a conveyance", "query parameter conveyance: expected one as events state it")
    return BillSelection(conveyance=conveyances[0])


def outcomes_of(request: web.Request) -> Sequence[str]:
    """Return the outcomes that are wanted; none: all. Raise Problem 400."""
    outcomes = request.query.getall("outcome", [])
    if not set(outcomes).issubset(OUTCOMES):
        raise Problem(400, "Unknown outcome", f"`outcome` is one of {', '.join(sorted(OUTCOMES))}")
    return outcomes


def limit_of(request: web.Request, default: int = PAGE, most: int = LISTED_MAX) -> int:
    """Return how many are wanted on a page. Raise Problem 400."""
    text = request.query.get("limit", str(default))
    if re.fullmatch(LIMIT, text) is None or not 1 <= int(text) <= most:
        raise Problem(400, "Not understood", f"query parameter limit: expected an integer from 1 to {most}")
    return int(text)


def _start_of(request: web.Request, selection: BillSelection) -> PageStart:
    text = request.query.get("after")
    try:
        return BEGINNING if text is None else PageStart.of(text, selection)
    except ValueError as error:
        raise Problem(400, "Not understood", f"query parameter after: {error}") from None


async def show(request: web.Request) -> web.Response:
    """Show a page of bills."""
    caller = require(request, "scan")
    parts = parts_of(request)
    selection, outcomes = selection_of(request), outcomes_of(request)
    start, count = _start_of(request, selection), limit_of(request)
    try:
        reading = await parts.read_model.bills(selection, outcomes, start, count)
    except StoreError:
        raise away() from None
    # The live feed's window is kept by bill, not by conveyance or day: it cannot cover a lag here.
    found = answer_freshness(request.app, reading.freshness, bridged=False)
    audit, default = "audit" in caller.scopes, parts.rulebook.default_programme
    bills = tuple(verdict(each, audit=audit, freshness=found, default=default) for each in reading.answers)
    page = VerdictPage(bills=bills, as_of=found.as_of, stale=found.stale, next=reading.next)
    return reply(page)


def routes() -> Iterable[web.RouteDef]:
    """Return the routes of this module."""
    return [web.get("/v1/bills", show)]
