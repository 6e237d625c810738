"""Facts about a bill, made of decisions as the tests of the read model make them."""

from typing import Any

from agents.bills.facts import BillOnDay, DayFacts, Facts, standing_of
from stream.decisions import Advice
from tests.redis.events import DAY, LIMIT, START, decision

WITHHELD: dict[str, Any] = {
    "outcome": "withhold", "reason": "daily-limit", "counts": False, "cents": 40_000, "total_cents": 70_000,
    "headroom_cents": 10_000, "advice": Advice("11", DAY.replace(day=21)),
}  # fmt: skip


def standing(bill: str = "ACME0001", conveyance: str = "air:1", **more: Any) -> BillOnDay:
    """Return a decision and its time."""
    return standing_of(decision(bill, conveyance, **more))


def facts(decided: BillOnDay | None = None, **more: Any) -> Facts:
    """Return facts, fresh and complete unless told otherwise."""
    others = () if decided is None else (decided,)
    day = None if decided is None else DayFacts(70_000, LIMIT, (standing().data, decided.data), 2)
    known: dict[str, Any] = {
        "bill": "ACME0001", "decision": decided, "others": (), "day": day, "history": others,
        "history_complete": True, "as_of": START, "stale": False, "missing": (),
    }  # fmt: skip
    return Facts(**{**known, **more})
