"""`GET /v1/conveyances` and `/v1/conveyances/{conveyance}`: counts by action, and what to pull, for a board."""

import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final

import msgspec
from aiohttp import web

from agents.gateway.endpoints.answering import answer_freshness, away
from agents.gateway.endpoints.consignee_days import day_of
from agents.gateway.endpoints.listed_bills import CONVEYANCE
from agents.gateway.endpoints.views import BillView, verdict
from agents.gateway.http.auth import require
from agents.gateway.http.parts import parts_of
from agents.gateway.http.problems import Problem
from agents.gateway.http.replies import reply
from agents.readmodel.bill_lists import BillSelection, Counts, PageStart
from agents.readmodel.queries import Freshness, ReadModel
from agents.readmodel.store import StoreError
from stream.decisions import Decision
from stream.outcomes import Action, action

PULLED: Final = ("withhold", "reject", "pending")
"""Outcomes of the bills that must not go."""
PULL_PAGES: Final = 5
"""Pages of a thousand bills: no one pulls more by a list, and one answer must not hold the gateway up."""


class ConveyanceCounts(msgspec.Struct, frozen=True):
    """How many bills of a conveyance have each action now."""

    conveyance: str
    bills: int
    actions: dict[Action, int]
    """Each action, 0 where no bill has it."""


class ConveyancesOfDay(msgspec.Struct, frozen=True):
    """The conveyances that have bills on a day."""

    conveyances: tuple[ConveyanceCounts, ...]
    """By name. All bills of each are counted, whatever their day."""
    as_of: datetime | None
    """Everything decided up to then is in it; null: the read model is being filled again."""
    stale: bool
    """What is known may be old: do not act on it."""


class PulledBill(BillView, frozen=True, kw_only=True):
    """A bill that must not go, and when that was decided."""

    time: datetime
    """Of the shipment event that led to it."""


class ConveyanceBoard(ConveyanceCounts, frozen=True):
    """A conveyance: its counts, and the bills of it that must not go."""

    pull: tuple[PulledBill, ...]
    """Withheld, refused and pending bills, by bill number; actions are as decided, also where `stale` is true."""
    complete: bool
    """False: there are more bills to pull than are listed here."""
    latest: dict[Action, PulledBill]
    """The bill that was decided last among those with the action HOLD, and the action STOP; without one, none."""
    as_of: datetime | None
    stale: bool


def actions_of(counts: Counts) -> dict[Action, int]:
    """Return the number of bills by action."""
    found = dict.fromkeys(Action, 0)
    for (outcome, basis), number in counts.items():
        # The read model tells the basis only where the action depends on it.
        follows = action(outcome, basis or ("estimated" if outcome == "clear" else "actual"))
        found[follows] += number
    return found


def counts_of(conveyance: str, counts: Counts) -> ConveyanceCounts:
    """Return a conveyance's counts by action."""
    return ConveyanceCounts(conveyance, sum(counts.values()), actions_of(counts))


async def show_day(request: web.Request) -> web.Response:
    """Show the conveyances of a day."""
    require(request, "scan")
    days = request.query.getall("day", [])
    if len(days) != 1:
        raise Problem(400, "Not understood", "query: expected one `day`")
    day, read_model = day_of(days[0]), parts_of(request).read_model
    try:
        found = await read_model.counts(await read_model.conveyances_on(day))
    except StoreError:
        raise away() from None
    fresh = answer_freshness(request.app, found.freshness, bridged=False)
    listed = tuple(counts_of(name, counts) for name, counts in found.counts.items())
    return reply(ConveyancesOfDay(listed, fresh.as_of, fresh.stale))


async def show(request: web.Request) -> web.Response:
    """Show a conveyance."""
    require(request, "scan")
    conveyance = request.match_info["conveyance"]
    if re.fullmatch(CONVEYANCE, conveyance) is None:
        raise Problem(400, "Not a conveyance", "expected one as events state it")
    parts = parts_of(request)
    try:
        # The list first: counts that are newer than it may be higher, and the list is read again in seconds.
        decisions, complete, freshness = await _to_pull(parts.read_model, BillSelection(conveyance=conveyance))
        found = await parts.read_model.counts([conveyance])
    except StoreError:
        raise away() from None
    fresh = answer_freshness(request.app, freshness, bridged=False)
    pull = tuple(_pulled(each, parts.rulebook.default_programme) for each in decisions)
    counted = counts_of(conveyance, found.counts[conveyance])
    board = ConveyanceBoard(
        conveyance, counted.bills, counted.actions, pull, complete, _latest(pull), fresh.as_of, fresh.stale
    )
    return reply(board)


async def _to_pull(read_model: ReadModel, selection: BillSelection) -> tuple[list[Decision], bool, Freshness]:
    """Return the bills to pull, whether these are all, and how old the oldest page is. Raise StoreError."""
    page = await read_model.bills(selection, PULLED)
    found, oldest = list(page.answers), page.freshness
    for _ in range(PULL_PAGES - 1):
        if page.next is None:
            break
        page = await read_model.bills(selection, PULLED, PageStart.of(page.next, selection))
        found += page.answers
    return found, page.next is None, oldest


def _pulled(decision: Decision, default: str) -> PulledBill:
    shown = verdict(decision, audit=False, default=default)
    return PulledBill(**{name: getattr(shown, name) for name in BillView.__struct_fields__}, time=decision.time)


def _latest(pull: Sequence[PulledBill]) -> dict[Action, PulledBill]:
    """Return the bill with the latest event, by action; of several, the one with the highest number."""
    return {each.action: each for each in sorted(pull, key=lambda each: (each.time, each.bill))}


def routes() -> Iterable[web.RouteDef]:
    """Return the routes of this module."""
    return [web.get("/v1/conveyances", show_day), web.get("/v1/conveyances/{conveyance}", show)]
