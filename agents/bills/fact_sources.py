"""Sources of the facts about a bill: Redis and Kafka, or a gateway."""

import time
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import msgspec

from agents.bills.facts import DayFacts, Facts, TimedDecision, timed
from agents.bills.history import HistoryAwayError, read_history
from agents.client import Gateway, GatewayAwayError, GatewayError
from agents.readmodel.keys import ledger_name
from agents.readmodel.queries import BillReading, ReadModel
from agents.readmodel.store import StoreError, store_settings
from agents.settings.settings import Settings
from stream.answers import choose
from stream.decisions import DecisionData

HISTORY_SECONDS: Final = 60.0
BILLS_SHOWN: Final = 200
BAD_REQUEST: Final = 400
NOT_FOUND: Final = 404

NO_REDIS: Final = "Redis does not answer, so what else is on the day is not known: is TALLYGATE_REDIS__URL right?"
NO_KAFKA: Final = "the history is not known: {error}"
NOT_READ: Final = "the history is too long to be read now; ask again at a quieter time"


class NothingAnswersError(Exception):
    """Neither Redis nor Kafka answers, or the gateway does not; the text says why."""


class Stores:
    """Redis and Kafka, as the settings name them."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    async def facts(self, bill: str) -> Facts:
        """Return the facts from the decisions in both. Raise NothingAnswersError."""
        missing: list[str] = []
        async with ReadModel(store_settings(self._settings.redis, self._settings.kafka.prefix)) as model:
            try:
                reading: BillReading | None = await model.bill(bill)
            except StoreError:
                reading = None
                missing.append(NO_REDIS)
            history, complete = await self._history(bill, reading, missing)
            if reading is None and not complete and not history:
                raise NothingAnswersError("; ".join(missing))
            known = (*history, *(timed(each) for each in (reading.decisions if reading else ())))
            chosen, others = choose(known)
            day = None if reading is None or chosen is None else await _day(model, chosen.data)
        freshness = reading.freshness if reading else None
        as_of = freshness.as_of if freshness and not freshness.sweeping else None
        limit = timedelta(seconds=self._settings.gateway.stale_seconds)
        stale = as_of is None or datetime.now(UTC) - as_of > limit
        return Facts(bill, chosen, others, day, history, complete, as_of, stale, tuple(missing))

    async def _history(
        self, bill: str, reading: BillReading | None, missing: list[str]
    ) -> tuple[tuple[TimedDecision, ...], bool]:
        kafka = self._settings.kafka
        connection, topic = kafka.connection(), kafka.topics().decisions
        past: list[TimedDecision] = []
        deadline, after = time.monotonic() + HISTORY_SECONDS, None
        try:
            while True:
                page = await read_history(connection, topic, bill, reading.stated if reading else None, after=after)
                past += [timed(each.decision) for each in page.past]
                if page.complete or time.monotonic() > deadline:
                    break
                after = page.next
        except HistoryAwayError as error:
            missing.append(NO_KAFKA.format(error=error))
            return tuple(past), False
        if not page.complete:
            missing.append(NOT_READ)
        return tuple(past), page.complete


async def _day(model: ReadModel, data: DecisionData) -> DayFacts | None:
    if data.day is None:
        return None
    try:
        ledger = ledger_name(data.programme, data.period, data.day.isoformat(), data.seller, data.conveyance)
        found = await model.ledger(data.consignee, ledger, 0, BILLS_SHOWN, data.programme)
    except StoreError:
        return None
    return DayFacts(found.total_cents, found.limit_cents, tuple(each.data for each in found.bills), found.bills_count)


class OverGateway:
    """A gateway, with a token of the scope audit."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway

    async def facts(self, bill: str) -> Facts:
        """Return the facts. Raise NothingAnswersError, GatewayError."""
        missing: list[str] = []
        try:
            body = await self._answer(bill)
            history, complete = await self._history(bill, missing)
            known = tuple(_timed(each) for each in (body, *body.get("conveyances", ())) if "conveyance" in each)
            chosen, others = choose((*history, *known))
            day = await self._day(chosen.data) if chosen else None
        except GatewayAwayError as error:
            raise NothingAnswersError(str(error)) from None
        as_of = msgspec.convert(body.get("as_of"), datetime | None)
        return Facts(bill, chosen, others, day, history, complete, as_of, bool(body.get("stale")), tuple(missing))

    async def _answer(self, bill: str) -> dict[str, Any]:
        try:
            return await self._gateway.get(f"/v1/bills/{bill}")
        except GatewayError as error:
            if error.status != NOT_FOUND:
                raise
            return error.document

    async def _history(self, bill: str, missing: list[str]) -> tuple[tuple[TimedDecision, ...], bool]:
        past: list[TimedDecision] = []
        deadline = time.monotonic() + HISTORY_SECONDS
        query: dict[str, str] = {}
        while True:
            try:
                page = await self._gateway.get(f"/v1/bills/{bill}/history", **query)
            except GatewayAwayError as error:
                missing.append(f"the history is not known: {error}")
                return tuple(past), False
            past += [_timed(each) for each in page["decisions"]]
            if page["complete"] or time.monotonic() > deadline:
                break
            query = {"after": page["next"]}
        if not page["complete"]:
            missing.append(NOT_READ)
        return tuple(past), bool(page["complete"])

    async def _day(self, data: DecisionData) -> DayFacts | None:
        if data.day is None:
            return None
        query = {"limit": str(BILLS_SHOWN), "programme": data.programme}
        path = f"/v1/consignees/{data.consignee}/days/{data.day}"
        try:
            body = await self._gateway.get(path, **query)
        except GatewayError as error:
            if error.status != BAD_REQUEST:
                raise
            return None  # the programme is enabled no longer, or never was
        own = (each for each in body.get("further", ()) if _is_ledger_of(each, data))
        body = body if _is_ledger_of(body, data) else next(own, body)
        bills = tuple(msgspec.convert(each, DecisionData) for each in body["bills"])
        return DayFacts(body["total_cents"], body["limit_cents"], bills, body["bills_count"])


def _is_ledger_of(body: dict[str, Any], data: DecisionData) -> bool:
    """Whether a ledger of a day is the one that a bill is in."""
    return body.get("seller") == data.seller and body.get("conveyance") in {None, data.conveyance}


def _timed(body: dict[str, Any]) -> TimedDecision:
    """Return the decision in an answer; only with the scope audit it is whole. Raise GatewayError."""
    try:
        return TimedDecision(msgspec.convert(body["time"], datetime), msgspec.convert(body, DecisionData))
    except (KeyError, msgspec.ValidationError):
        raise GatewayError(403, "Not allowed", "explaining needs a token with the scope audit") from None
