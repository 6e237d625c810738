"""Decisions for the tests of what the demonstration counts and shows."""

from datetime import UTC, date, datetime
from typing import Any

from stream.decisions import Advice, Cause, Decision, DecisionData, Policy
from tests.decision_event import decision_event

DAY = date(2025, 8, 20)
TIME = datetime(2025, 8, 20, 12, tzinfo=UTC)


def decided(bill: str = "ACME0001", **changes: Any) -> Decision:
    """Return a decision: a release of $100 on an actual basis, except for what is said."""
    fields: dict[str, Any] = {
        "bill": bill, "conveyance": "air:1", "order": None, "epoch": 1, "bill_version": 1, "posting": 1, "revision": 1,
        "outcome": "release", "reason": "within-limit", "basis": "actual", "day": DAY, "consignee": "na2:abcdefghijkl",
        "value_cents": 100_00, "counted_cents": 100_00, "counts": True, "total_cents": 100_00, "limit_cents": 800_00,
        "headroom_cents": 700_00, "code": None, "filing_errors": (), "rule": "limit-800", "policy": Policy(),
        "advice": None, "cause": Cause("shipments", 0, 0),
    }  # fmt: skip
    return decision_event(DecisionData(**fields | changes), TIME)


def withheld(bill: str = "ACME0002", **changes: Any) -> Decision:
    """Return a decision that withholds, with its advice."""
    advice = Advice("11", date(2025, 8, 21))
    return decided(
        bill, **{"outcome": "withhold", "reason": "daily-limit", "counts": False, "advice": advice} | changes
    )
