"""Alerts, which show a compliance officer what to look at (DESIGN section 3). The record key is the consignee key."""

from datetime import date, datetime
from typing import Final, Literal

import msgspec

from stream.decisions import SOURCE, Cause

TYPE: Final = "tallygate.alert.v1"

AlertKind = Literal["near-limit", "duplicate-bill", "structuring", "release-superseded"]


class AlertData(msgspec.Struct, frozen=True):
    """One alert. A field that does not apply to its kind is null. Amounts are US cents."""

    alert: AlertKind
    consignee: str
    day: date | None
    bill: str | None
    conveyance: str | None
    order: str | None
    total_cents: int | None
    """`near-limit`: the day's released total; `structuring`: the sum of the order's live bills."""
    limit_cents: int | None
    epoch: int
    cause: Cause


class Alert(msgspec.Struct, frozen=True):
    """The CloudEvents envelope of an alert."""

    specversion: Literal["1.0"]
    id: str
    source: str
    type: Literal["tallygate.alert.v1"]
    time: datetime
    data: AlertData


def alert_event(data: AlertData, time: datetime) -> Alert:
    """Return an alert in its envelope; an alert that is raised again has the same id."""
    place = f"{data.cause.partition}/{data.cause.offset}"
    subject = "/".join(str(part) for part in (data.bill, data.conveyance, data.order, data.day) if part is not None)
    return Alert("1.0", f"{data.alert}/{data.consignee}/{subject}/{data.epoch}/{place}", SOURCE, TYPE, time, data)
