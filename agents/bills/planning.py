"""Planning: ask a gateway on which days a value would fit. The consignee is in a file, never in an argument."""

from collections.abc import AsyncIterator, Mapping
from datetime import date, timedelta
from typing import Any, NamedTuple

import msgspec

from agents.client import Gateway
from stream.events import Consignee
from stream.reading import consignee_misfit


class ConsigneeFileError(Exception):
    """The text is not a consignee; the message does not quote it."""


class DayPlan(msgspec.Struct, frozen=True):
    """A gateway's answer for one day; amounts are hundredths of `currency`."""

    day: date
    fits: bool
    total_cents: int
    limit_cents: int | None
    headroom_cents: int | None
    reason: str | None
    next_day: date | None
    stale: bool
    currency: str = "USD"


class Question(NamedTuple):
    """What is asked of each day."""

    consignee: Consignee
    value_cents: int
    more: Mapping[str, str | int | None] = {}
    """Programme, seller, conveyance and weight, as `POST /v1/headroom` takes them."""


def read_consignee(text: bytes) -> Consignee:
    """Return a consignee, written as in an event. Raise ConsigneeFileError."""
    expected = 'expected JSON such as {"name": "...", "address": {"lines": ["..."], "country": "US"}}, as in an event'
    try:
        found = msgspec.json.decode(text, type=Consignee)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        raise ConsigneeFileError(expected) from None
    if path := consignee_misfit(found):
        raise ConsigneeFileError(f"{path.replace('$.data.', '')} is not right: {expected}")
    return found


async def plan_days(gateway: Gateway, asked: Question, first: date, days: int) -> AsyncIterator[DayPlan]:
    """Yield the answers for the days from `first` on, one request each. Raise GatewayError, GatewayAwayError."""
    for ahead in range(days):
        day = first + timedelta(days=ahead)
        question: dict[str, Any] = {"consignee": asked.consignee, "value_cents": asked.value_cents, "day": day}
        question |= {name: value for name, value in asked.more.items() if value is not None}
        answer = await gateway.post("/v1/headroom", msgspec.json.encode(question))
        yield msgspec.convert(answer, DayPlan)
