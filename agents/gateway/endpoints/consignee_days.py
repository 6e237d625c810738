"""`GET /v1/consignees/{key}/days/{day}`: a consignee's day as an officer sees it."""

import re
from collections.abc import Iterable
from datetime import date, datetime
from typing import Final

import msgspec
from aiohttp import web

from agents.gateway.endpoints.answering import away, standing
from agents.gateway.endpoints.views import AuditBillView, BillView, verdict
from agents.gateway.http.auth import require
from agents.gateway.http.parts import parts_of
from agents.gateway.http.problems import Problem
from agents.gateway.http.replies import reply
from agents.readmodel.store import StoreError
from stream.alerts import Alert, AlertKind
from stream.canonical import NAME_TAG
from stream.pub28 import FORM_VERSION

KEY: Final = f"^(na|id){FORM_VERSION}:[A-Za-z0-9:]{{1,40}}$"
DAY: Final = "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"
AFTER: Final = "^[0-9]{1,9}$"
PAGE: Final = 200
PAGE_MAX: Final = 1_000


class AlertView(msgspec.Struct, frozen=True):
    """An alert; what does not apply to its kind is null. Amounts are US cents."""

    kind: AlertKind
    day: date | None
    bill: str | None
    conveyance: str | None
    order: str | None
    total_cents: int | None
    limit_cents: int | None
    time: datetime


class ConsigneeDay(msgspec.Struct, frozen=True):
    """A consignee's day; amounts are US cents."""

    consignee: str
    day: date
    total_cents: int
    """The released total now."""
    limit_cents: int
    headroom_cents: int
    """Limit less total; below zero only under `all_or_none`."""
    bills_count: int
    """Bills whose current decision is on the day, on all pages."""
    bills: tuple[AuditBillView, ...]
    """In the order in which they were first stated."""
    alerts: tuple[AlertView, ...]
    """Those of the day, and those that concern no single day."""
    as_of: datetime | None
    """Everything decided up to then is in it."""
    stale: bool
    next: str | None
    """Give it as `after` for the bills that follow; null: these were the last."""


def day_of(text: str) -> date:
    """Read a day. Raises Problem 400."""
    try:
        day = date.fromisoformat(text) if re.fullmatch(DAY, text) else None
    except ValueError:
        day = None
    if day is None or not 1 < day.year < 9999:
        raise Problem(400, "Not a day", "expected a date such as 2025-08-20, of the years 2 to 9998")
    return day


async def show(request: web.Request) -> web.Response:
    """Show a page of the day."""
    require(request, "audit")
    parts = parts_of(request)
    key = request.match_info["key"]
    if not re.fullmatch(KEY, key):
        raise Problem(
            400, "Not a consignee key", f"expected a key such as {NAME_TAG}: and 26 characters, as decisions state it"
        )
    day = day_of(request.match_info["day"])
    first, count = _page(request)
    try:
        reading = await parts.read_model.day(key, day, first, count)
    except StoreError:
        raise away() from None
    # The window of the live feed is of bills, not of days: it cannot bridge anything here.
    found = standing(request.app, reading.freshness, bridged=False)
    limit = reading.limit_cents or parts.rulebook.on(day).limit_cents
    after = first + len(reading.bills)
    body = ConsigneeDay(
        key, day, reading.total_cents, limit, limit - reading.total_cents, reading.bills_count,
        tuple(_audited(verdict(bill, audit=True, standing=found)) for bill in reading.bills),
        tuple(_alert(alert) for alert in reading.alerts),
        found.as_of, found.stale, str(after) if reading.bills and after < reading.bills_count else None,
    )  # fmt: skip
    return reply(body)


def _audited(shown: BillView) -> AuditBillView:
    assert isinstance(shown, AuditBillView)  # noqa: S101 - what `audit=True` gives
    return shown


def _alert(alert: Alert) -> AlertView:
    data = alert.data
    return AlertView(
        data.alert, data.day, data.bill, data.conveyance, data.order, data.total_cents, data.limit_cents, alert.time
    )


def _page(request: web.Request) -> tuple[int, int]:
    """Give the number of the first bill wanted, from 0, and how many. Raises Problem 400."""
    after, limit = request.query.get("after", "0"), request.query.get("limit", str(PAGE))
    if not re.fullmatch(AFTER, after):
        raise Problem(400, "Not understood", "query parameter after: expected the value of `next`")
    if not re.fullmatch(r"^[0-9]{1,4}$", limit) or not 1 <= int(limit) <= PAGE_MAX:
        raise Problem(400, "Not understood", f"query parameter limit: expected an integer from 1 to {PAGE_MAX}")
    return int(after), int(limit)


def routes() -> Iterable[web.RouteDef]:
    """Give the routes."""
    return [web.get("/v1/consignees/{key}/days/{day}", show)]
