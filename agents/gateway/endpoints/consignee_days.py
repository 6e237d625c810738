"""`GET /v1/consignees/{key}/days/{day}`: the ledgers that a day falls into, as an officer sees them."""

import re
from collections.abc import Iterable
from datetime import date, datetime
from typing import Any, Final

import msgspec
from aiohttp import web

from agents.gateway.endpoints.answering import answer_freshness, away
from agents.gateway.endpoints.asked_bill import enabled_programme
from agents.gateway.endpoints.day_table import COLUMNS, TABLE_BILLS, day_rows
from agents.gateway.endpoints.views import AnswerFreshness, AuditBillView, BillView, verdict
from agents.gateway.http.auth import require
from agents.gateway.http.csv_reply import csv_reply, wants_csv
from agents.gateway.http.parts import parts_of
from agents.gateway.http.problems import Problem
from agents.gateway.http.replies import reply
from agents.readmodel.keys import ledger_parts
from agents.readmodel.queries import DayReading
from agents.readmodel.store import StoreError
from state.rules import Programme
from stream.alerts import Alert, AlertKind
from stream.canonical import NAME_TAG
from stream.decisions import Measure
from stream.periods import CONVEYANCE, Period, period_of
from stream.pub28 import FORM_VERSION

KEY: Final = f"^(na|id){FORM_VERSION}:[A-Za-z0-9:]{{1,40}}$"
DAY: Final = "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"
PROGRAMME: Final = "^[a-z0-9][a-z0-9-]{1,38}$"
AFTER: Final = "^[0-9]{1,9}$"
PAGE: Final = 200
PAGE_MAX: Final = 1_000


class AlertView(msgspec.Struct, frozen=True):
    """An alert; what does not apply to its kind is null. Amounts are hundredths of `currency`."""

    kind: AlertKind
    day: date | None
    bill: str | None
    conveyance: str | None
    order: str | None
    total_cents: int | None
    limit_cents: int | None
    time: datetime
    programme: str
    period: str | None
    currency: str


class LedgerView(msgspec.Struct, frozen=True, kw_only=True):
    """What is summed for a consignee under a programme; amounts are hundredths of `currency`."""

    programme: str
    period: str
    """As decisions state it: one day, first and last of several, or `conveyance`."""
    currency: str
    seller: str | None
    """Seller key, where the programme sums per seller."""
    conveyance: str | None
    """Where the programme sums per conveyance."""
    total_cents: int
    """The released total now."""
    limit_cents: int | None
    """Null where the programme does not limit value, or has no limits then."""
    headroom_cents: int | None
    """Limit less total; below zero only under `all_or_none`."""
    measures: tuple[Measure, ...]
    """Limits on something other than value, as the latest decision states them."""
    bills_count: int
    """Bills whose current decision is in the ledger, on all pages."""
    bills: tuple[AuditBillView, ...]
    """In the order in which they were first stated."""
    alerts: tuple[AlertView, ...]
    """Those of the ledger, and those of the programme that concern no single ledger."""
    next: str | None
    """`after` of the next page of bills; null: these were the last."""


class ConsigneeDay(LedgerView, frozen=True, kw_only=True):
    """The ledger of a programme that a day falls into. Of `us-321` it is the consignee's day."""

    consignee: str
    day: date
    certainty: str
    """How certain the programme's rules are: A, B, C or D."""
    as_of: datetime | None
    """Everything decided up to then is in it."""
    stale: bool
    next: str | None
    """Return it as `after` for the bills that follow; null: these were the last."""
    further: tuple[LedgerView, ...]
    """The other ledgers that the day falls into, where the programme sums per seller or per conveyance."""


def day_of(text: str) -> date:
    """Read a day. Raise Problem 400."""
    try:
        day = date.fromisoformat(text) if re.fullmatch(DAY, text) else None
    except ValueError:
        day = None
    if day is None or not 1 < day.year < 9999:
        raise Problem(400, "Not a day", "expected a date such as 2025-08-20, of the years 2 to 9998")
    return day


async def show(request: web.Request) -> web.Response:
    """Show a page of the ledgers of a programme that the day falls into."""
    require(request, "audit")
    parts = parts_of(request)
    key = request.match_info["key"]
    if not re.fullmatch(KEY, key):
        raise Problem(
            400, "Not a consignee key", f"expected a key such as {NAME_TAG}: and 26 characters, as decisions state it"
        )
    day = day_of(request.match_info["day"])
    programme = enabled_programme(parts.rulebook, request.query.get("programme"))
    as_table, whole = wants_csv(request), "limit" not in request.query
    first, count = _page(request)
    count = TABLE_BILLS if as_table and whole else count
    try:
        names = await parts.read_model.ledgers_on(key, programme, day)
        readings = await parts.read_model.ledgers(key, names, first, count, programme.id)
        # Even of a consignee without a ledger it is said how up to date that is.
        freshness = readings[0].freshness if readings else await parts.read_model.freshness()
    except StoreError:
        raise away() from None
    # The live feed's window is kept by bill, not by day: it cannot cover a lag here.
    found = answer_freshness(request.app, freshness, bridged=False)
    window = programme.window
    period = Period(day.toordinal(), day.toordinal()) if window == CONVEYANCE else period_of(window, day.toordinal())
    limits = parts.rulebook.limits(date.fromordinal(period.first), programme.id)
    limit = None if limits is None or limits.value is None else limits.value.amount
    text = CONVEYANCE if window == CONVEYANCE else period.text
    ledgers = [
        _ledger(programme, text, name, limit, reading, first, found)
        for name, reading in zip(names, readings, strict=True)
    ]
    ledgers = [each for each in ledgers if each["bills_count"] or each["total_cents"] or each["alerts"]] or ledgers[:1]
    shown = ledgers[0] if ledgers else _ledger(programme, text, "", limit, None, first, found)
    body = ConsigneeDay(
        consignee=key, day=day, certainty=programme.certainty, as_of=found.as_of, stale=found.stale,
        further=tuple(LedgerView(**each) for each in ledgers[1:]), **shown,
    )  # fmt: skip
    return _table(body, whole=whole) if as_table else reply(body)


def _table(body: ConsigneeDay, *, whole: bool) -> web.Response:
    """Answer with a table. Raise Problem 400 if it is to be whole, and is too long for that."""
    if whole and any(each.next for each in (body, *body.further)):
        detail = f"a table has at most {TABLE_BILLS} bills of a ledger; ask in pages, with `limit` and `after`"
        raise Problem(400, "Too long", detail)
    return csv_reply(f"{body.programme}-{body.day.isoformat()}.csv", COLUMNS, day_rows(body))


def _ledger(
    programme: Programme,
    period: str,
    name: str,
    limit: int | None,
    reading: DayReading | None,
    first: int,
    found: AnswerFreshness,
) -> dict[str, Any]:
    """Return the fields of a ledger by its name; without a reading, of one that is empty."""
    bills = () if reading is None else reading.bills
    total = 0 if reading is None else reading.total_cents
    if reading is not None and reading.limit_cents:
        limit = reading.limit_cents
    after, bills_count = first + len(bills), 0 if reading is None else reading.bills_count
    # Not those of the first bill: a later page may have none.
    seller, conveyance = (None, None) if reading is None else ledger_parts(name, programme.id, period)
    return {
        "programme": programme.id,
        "period": period,
        "currency": programme.currency,
        "seller": seller,
        "conveyance": conveyance,
        "total_cents": total,
        "limit_cents": limit,
        "headroom_cents": None if limit is None else limit - total,
        "measures": () if reading is None else reading.measures,
        "bills_count": bills_count,
        "bills": tuple(_audited(verdict(bill, audit=True, freshness=found, default=programme.id)) for bill in bills),
        "alerts": () if reading is None else tuple(_alert(alert) for alert in reading.alerts),
        "next": str(after) if bills and after < bills_count else None,
    }


def _audited(shown: BillView) -> AuditBillView:
    assert isinstance(shown, AuditBillView)  # noqa: S101 - `audit=True` returns this type
    return shown


def _alert(alert: Alert) -> AlertView:
    data = alert.data
    return AlertView(
        data.alert,
        data.day,
        data.bill,
        data.conveyance,
        data.order,
        data.total_cents,
        data.limit_cents,
        alert.time,
        data.programme,
        data.period,
        data.currency,
    )


def _page(request: web.Request) -> tuple[int, int]:
    """Return the number of the first bill wanted, counted from 0, and how many. Raise Problem 400."""
    after, limit = request.query.get("after", "0"), request.query.get("limit", str(PAGE))
    if not re.fullmatch(AFTER, after):
        raise Problem(400, "Not understood", "query parameter after: expected the value of `next`")
    if not re.fullmatch(r"^[0-9]{1,4}$", limit) or not 1 <= int(limit) <= PAGE_MAX:
        raise Problem(400, "Not understood", f"query parameter limit: expected an integer from 1 to {PAGE_MAX}")
    return int(after), int(limit)


def routes() -> Iterable[web.RouteDef]:
    """Return the routes of this module."""
    return [web.get("/v1/consignees/{key}/days/{day}", show)]
