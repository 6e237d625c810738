"""Decisions and alerts as they are sent, made of the few things that the read model looks at."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import msgspec

from stream.alerts import AlertData, AlertKind, alert_event
from stream.decisions import Cause, Decision, DecisionData, Policy
from tests.decision_event import decision_event

START = datetime(2025, 8, 20, 12, tzinfo=UTC)
DAY = date(2025, 8, 20)
LIMIT = 80_000


def decision_data(bill: str = "ACME0001", conveyance: str = "air:1", **more: Any) -> DecisionData:
    """Return a decision: a release of twelve dollars, unless told otherwise."""
    rank = more.pop("rank", (1, 1, 1, 1))
    cents = more.pop("cents", 1_200)
    fields: dict[str, Any] = {
        "order": None, "outcome": "release", "reason": "within-limit", "basis": "actual", "day": DAY,
        "consignee": "na2:a", "value_cents": cents, "counted_cents": cents, "counts": True, "total_cents": cents,
        "limit_cents": LIMIT, "headroom_cents": LIMIT - cents, "code": None, "filing_errors": (), "rule": "limit-800",
        "policy": Policy(), "advice": None, "cause": Cause("shipments", 0, 0),
    }  # fmt: skip
    ranked = {"epoch": rank[0], "bill_version": rank[1], "posting": rank[2], "revision": rank[3]}
    return DecisionData(bill=bill, conveyance=conveyance, **ranked, **{**fields, **more})


def decision(bill: str = "ACME0001", conveyance: str = "air:1", *, minutes: int = 0, **more: Any) -> Decision:
    """Return a decision event, so many minutes after the start."""
    return decision_event(decision_data(bill, conveyance, **more), START + timedelta(minutes=minutes))


def alert(
    kind: AlertKind = "near-limit", day: date | None = DAY, epoch: int = 1, offset: int = 0, **more: Any
) -> bytes:
    """Return an alert as it is sent."""
    cause = Cause("shipments", 0, offset)
    data = AlertData(kind, "na2:a", day, None, None, None, 72_100, LIMIT, epoch, cause, **more)
    return msgspec.json.encode(alert_event(data, START))


encode = msgspec.json.encode
