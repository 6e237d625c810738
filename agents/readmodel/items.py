"""The script's arguments for a decision or an alert: keys, ranks and sums, and the unchanged event."""

from datetime import date, datetime
from typing import Final

import msgspec

from agents.readmodel.keys import ledger_name, list_of
from stream.instants import from_micros, to_micros
from stream.periods import CONVEYANCE
from stream.postings import US_321


class _Decision(msgspec.Struct, frozen=True, gc=False):
    bill: str
    conveyance: str
    epoch: int
    bill_version: int
    posting: int
    revision: int
    consignee: str
    counts: bool
    day: str | None
    counted_cents: int | None
    outcome: str
    basis: str | None
    programme: str = US_321
    period: str | None = None
    seller: str | None = None


class _DecisionEvent(msgspec.Struct, frozen=True, gc=False):
    time: datetime
    data: _Decision


class _Alert(msgspec.Struct, frozen=True):
    consignee: str
    day: date | None
    conveyance: str | None = None
    programme: str = US_321
    period: str | None = None
    seller: str | None = None


class _AlertEvent(msgspec.Struct, frozen=True):
    id: str
    data: _Alert


RANK_DIGITS: Final = 46
STATED_DIGITS: Final = 17

_NO_DAY: Final = "0" * 8
_BASIS_DIGITS: Final = {"actual": 2, "estimated": 1}

_decision: Final = msgspec.json.Decoder(_DecisionEvent).decode
_alert: Final = msgspec.json.Decoder(_AlertEvent).decode


class UnreadableError(ValueError):
    """The record is not a decision or an alert of ours."""


def decision_items(value: bytes, offset: int) -> tuple[str | bytes, ...]:
    """Return the script's arguments for a decision event. Raise UnreadableError, which does not quote it."""
    try:
        event = _decision(value)
        stated = max(0, to_micros(event.time))
    except (ValueError, RecursionError) as error:
        raise UnreadableError(type(error).__name__) from None
    data = event.data
    day = data.day
    cents = (data.counted_cents or 0) if data.counts else 0
    rank = f"{data.epoch:016d}{data.bill_version:010d}{data.posting:010d}{data.revision:010d}"
    place = listed = ""
    if day is not None:
        place = f"{data.consignee}/{ledger_name(data.programme, data.period, day, data.seller, data.conveyance)}"
        if data.seller or data.period == CONVEYANCE:
            period = day if data.period == CONVEYANCE else data.period
            listed = f"{data.consignee}/{data.programme}/{period}"
    return (
        data.bill,
        data.conveyance,
        f"{rank}{stated:017d}{cents}|{place}|{_preference(data)}{list_of(data.outcome, data.basis)}|".encode() + value,
        str(offset),
        listed,
    )


def _preference(data: _Decision) -> str:
    """Return 20 digits, the higher the sooner this is the bill's answer, as `stream.answers` orders decisions.

    Digits only: Lua compares other characters as the locale of Redis wants.
    """
    is_open = int(data.outcome != "closed")
    day = _NO_DAY if data.day is None else data.day.replace("-", "")
    return f"{is_open}{_BASIS_DIGITS.get(data.basis or '', 0)}{data.bill_version:010d}{day}"


def alert_items(value: bytes, _offset: int) -> tuple[str | bytes, ...]:
    """Return the script's arguments for an alert event. Raise UnreadableError, which does not quote it."""
    try:
        event = _alert(value)
    except (ValueError, RecursionError) as error:
        raise UnreadableError(type(error).__name__) from None
    data = event.data
    day = None if data.day is None else data.day.isoformat()
    ledger = ledger_name(data.programme, data.period, day, data.seller, data.conveyance)
    return f"{data.consignee}/{ledger}", event.id, value


def event_of(held: bytes) -> bytes:
    """Return the decision event in the kept value of a bill on a conveyance."""
    return held.split(b"|", 3)[3]


def stated_of(held: bytes) -> datetime:
    """Return when the bill was first stated, from its kept value on a conveyance."""
    return from_micros(int(held[RANK_DIGITS : RANK_DIGITS + STATED_DIGITS]))
