"""Alerts, which show a compliance officer what to look at (DESIGN section 3). The record key is the consignee key."""

from datetime import date, datetime
from typing import Final, Literal

import msgspec

from stream.decisions import SOURCE, Cause
from stream.postings import US_321

TYPE: Final = "tallygate.alert.v1"


AlertKind = Literal["near-limit", "duplicate-bill", "structuring", "release-superseded"]


class AlertData(msgspec.Struct, frozen=True):
    """One alert; what does not apply to its kind is null. Amounts are hundredths of `currency`.

    What has a default is missing in alerts of release 0.1.
    """

    alert: AlertKind
    consignee: str
    day: date | None
    """The bill's day; of `near-limit` the ledger's, where that is one day."""
    bill: str | None
    conveyance: str | None
    order: str | None
    total_cents: int | None
    """`near-limit`: the released total of the ledger; `structuring`: the live bills of the order together."""
    limit_cents: int | None
    epoch: int
    cause: Cause
    programme: str = US_321
    period: str | None = None
    """Of the ledger, as decisions state it; `structuring` is of no ledger."""
    currency: str = "USD"
    seller: str | None = None
    """Seller key of the ledger, where the programme sums per seller."""


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
    parts = (data.bill, data.conveyance, data.order, data.day, *_ledger_parts(data))
    subject = "/".join(str(part) for part in parts if part is not None)
    return Alert("1.0", f"{data.alert}/{data.consignee}/{subject}/{data.epoch}/{place}", SOURCE, TYPE, time, data)


def _ledger_parts(data: AlertData) -> tuple[str | None, ...]:
    """What tells ledgers of one day apart; of us-321 nothing, since its ledger is the day."""
    return () if data.programme == US_321 else (data.programme, data.period, data.seller)
