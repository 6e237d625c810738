"""What is shown of a decision, by scope and by how up to date it is."""

import json
from datetime import UTC, date, datetime
from typing import Any

import msgspec
import pytest

from agents.gateway.endpoints.views import AUDIT_FIELDS, AnswerFreshness, unknown, verdict
from stream.decisions import Advice, Code, DecisionData
from stream.reasons import REASON_LINES, STALE_LINE, UNKNOWN_LINE
from tests.redis.events import START, decision

FRESH = AnswerFreshness(datetime(2025, 8, 20, 12, tzinfo=UTC), stale=False)
STALE = AnswerFreshness(None, stale=True)
FOR_ALL = {"bill", "conveyance", "action", "line", "outcome", "reason", "basis", "day", "code", "entry_type"}


def shown(made: Any) -> dict[str, Any]:
    """Return what is sent."""
    found: dict[str, Any] = json.loads(msgspec.json.encode(made))
    return found


def test_scanner_sees_what_to_do() -> None:
    """Scope scan gets action, line, code and entry type, and how up to date they are; nothing else."""
    made = decision(
        outcome="withhold", reason="daily-limit", code=Code("ACE", "74", "HELD"), order="order-7",
        advice=Advice("11", date(2025, 8, 21)),
    )  # fmt: skip
    assert shown(verdict(made, audit=False, freshness=FRESH)) == {
        "bill": "ACME0001", "conveyance": "air:1", "action": "HOLD", "line": REASON_LINES["daily-limit"],
        "outcome": "withhold", "reason": "daily-limit", "basis": "actual", "day": "2025-08-20",
        "code": {"channel": "ACE", "code": "74", "text": "HELD"}, "entry_type": "11",
        "as_of": "2025-08-20T12:00:00Z", "stale": False,
    }  # fmt: skip


def test_the_line_names_a_programme_that_is_not_the_default() -> None:
    """One word stays one word; why it is so names the programme, on every conveyance, unless it is the usual one."""
    made = decision(programme="uz", outcome="withhold", reason="period-limit", conveyance="air:1")
    other = decision(programme="uz", conveyance="air:2")
    body = shown(verdict(made, audit=True, freshness=FRESH, others=[other]))
    assert (body["action"], body["line"]) == ("HOLD", f"{REASON_LINES['period-limit']} (uz)")
    assert body["conveyances"][0]["line"] == f"{REASON_LINES['within-limit']} (uz)"
    usual = shown(verdict(made, audit=False, freshness=FRESH, default="uz"))
    assert usual["line"] == REASON_LINES["period-limit"]
    assert shown(verdict(made, audit=False, freshness=STALE))["line"] == STALE_LINE
    assert shown(verdict(decision(), audit=False, default="uz"))["line"].endswith(" (us-321)")


def test_the_line_says_period_where_it_is_longer_than_a_day() -> None:
    """Of a month, a year or a conveyance no line speaks of the day; of a day under another programme it does."""
    for period in ("2025-08-01/2025-08-31", "conveyance"):
        line = shown(verdict(decision(programme="uz", period=period), audit=False))["line"]
        assert line == "Within the consignee's limit for the period. (uz)"
    line = shown(verdict(decision(programme="us-gift"), audit=False))["line"]
    assert line == "Within the consignee's limit for the day. (us-gift)"


def test_auditor_sees_everything() -> None:
    """Scope audit gets each field of the decision, its time, and the other conveyances without theirs."""
    made, other = decision(order="order-7"), decision(conveyance="air:2", outcome="closed", reason="superseded")
    body = shown(verdict(made, audit=True, freshness=FRESH, others=[other]))
    assert set(body) == FOR_ALL | set(AUDIT_FIELDS) | {"time", "as_of", "stale", "conveyances"}
    assert set(AUDIT_FIELDS) | FOR_ALL - {"action", "line", "entry_type"} == set(DecisionData.__struct_fields__)
    assert (body["order"], body["time"], body["total_cents"]) == ("order-7", f"{START:%Y-%m-%dT%H:%M:%SZ}", 1_200)
    (nested,) = body["conveyances"]
    assert (nested["conveyance"], nested["action"], "conveyances" in nested) == ("air:2", "DONE", False)


def test_verdict_of_a_stream_says_nothing_of_freshness() -> None:
    """Without a freshness neither `as_of` nor `stale` nor `conveyances` is sent, whatever the scope."""
    for audit in (False, True):
        assert {"as_of", "stale", "conveyances"}.isdisjoint(shown(verdict(decision(), audit=audit)))


@pytest.mark.parametrize("audit", [False, True])
@pytest.mark.parametrize("outcome", ["release", "withhold", "reject", "closed"])
def test_stale_is_always_hold(outcome: Any, audit: bool) -> None:
    """What may be old is HOLD with the line that says so, on every conveyance."""
    body = shown(verdict(decision(outcome=outcome), audit=audit, freshness=STALE, others=[decision()]))
    assert (body["action"], body["line"], body["stale"], body["as_of"]) == ("HOLD", STALE_LINE, True, None)
    assert all(nested["action"] == "HOLD" for nested in body.get("conveyances", ()))


def test_unknown_bill_is_hold() -> None:
    """Nothing known is HOLD, with a line of its own unless what is known may be old."""
    fresh, stale = shown(unknown("ACME0001", FRESH)), shown(unknown("ACME0001", STALE))
    assert (fresh["action"], fresh["outcome"], fresh["line"]) == ("HOLD", None, UNKNOWN_LINE)
    assert (stale["action"], stale["line"], stale["stale"]) == ("HOLD", STALE_LINE, True)
    assert set(fresh) == FOR_ALL | {"as_of", "stale"}
