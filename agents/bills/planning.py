"""Planning: would a value fit a person's day, asked of a gateway; the person stands in a file, never in an argument."""

from collections.abc import AsyncIterator
from datetime import date, timedelta
from typing import Any

import msgspec

from agents.client import Gateway
from stream.events import Consignee
from stream.reading import consignee_misfit


class ConsigneeFileError(Exception):
    """The text is no consignee; the message quotes nothing of it."""


class DayPlan(msgspec.Struct, frozen=True):
    """A gateway's answer for one day; amounts are US cents."""

    day: date
    fits: bool
    total_cents: int
    limit_cents: int
    headroom_cents: int
    reason: str | None
    next_day: date | None
    stale: bool


def read_consignee(text: bytes) -> Consignee:
    """Read a consignee as an event has it: name and address, or an identifier. Raise ConsigneeFileError."""
    expected = 'expected JSON such as {"name": "...", "address": {"lines": ["..."], "country": "US"}}, as in an event'
    try:
        found = msgspec.json.decode(text, type=Consignee)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        raise ConsigneeFileError(expected) from None
    if path := consignee_misfit(found):
        raise ConsigneeFileError(f"{path.replace('$.data.', '')} is not right: {expected}")
    return found


async def plan_days(
    gateway: Gateway, consignee: Consignee, value_cents: int, first: date, days: int
) -> AsyncIterator[DayPlan]:
    """Return the days from `first` on, one question each. Raise GatewayError, GatewayAwayError."""
    for ahead in range(days):
        day = first + timedelta(days=ahead)
        question: dict[str, Any] = {"consignee": consignee, "value_cents": value_cents, "day": day}
        answer = await gateway.post("/v1/headroom", msgspec.json.encode(question))
        yield msgspec.convert(answer, DayPlan)
