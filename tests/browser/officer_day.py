"""A consignee's day as the gateway gives it, made by the gateway's own views out of decisions."""

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from agents.gateway.endpoints.views import AnswerFreshness, verdict
from agents.gateway.pages.page_server import programmes_file, rules_file
from state.rules import load_rulebook
from stream.decisions import Advice, Code, Decision
from tests.browser.stand_in import StandIn
from tests.redis.events import DAY, decision

CONSIGNEE = "na2:i5utnow25z333mnuix5pmn4hfz"
HOSTILE = "<img src=x onerror=\"document.title='run'\">"
HELD = "ACME0003"
PROGRAMMES = ("us-321", "us-gift", "ec", "kr", "ge")
AS_OF = datetime(2025, 8, 20, 18, 4, 11, tzinfo=UTC)


def day_of_decisions() -> list[Decision]:
    """Return a day's decisions: two released, one withheld, one hostile, one refused, expected, returned."""
    common: dict[str, Any] = {"conveyance": "air:AF0066:2025-08-20", "consignee": CONSIGNEE}
    excluded: dict[str, Any] = {
        "outcome": "reject",
        "reason": "origin-excluded",
        "rule": "origin-cn-hk-2025-05",
        "counts": False,
    }
    withheld: dict[str, Any] = {
        "outcome": "withhold", "reason": "daily-limit", "counts": False, "total_cents": 55_950,
        "headroom_cents": 24_050, "advice": Advice("11", DAY + timedelta(days=2)),
        "code": Code("manifest-status", "4M", "Withhold Entry Release – De Minimis Met"),
    }  # fmt: skip
    return [
        decision("ACME0001", cents=24_950, order="A-1001", **common),
        decision("ACME0002", cents=31_000, order="A-1002", minutes=1, **common),
        decision(HELD, cents=25_900, order="A-1002", minutes=2, **common, **withheld),
        decision("ACME0004", cents=5_290, order=HOSTILE, minutes=3, **common),
        decision("ACME0005", cents=4_000, minutes=4, **common, **excluded),
        decision("ACME0006", cents=9_900, minutes=5, **common, outcome="clear", basis="estimated", counts=False),
        decision("ACME0007", cents=3_600, minutes=6, **common, outcome="closed", reason="returned"),
    ]


def plain(value: Any) -> Any:
    """Return plain data, as in JSON."""
    return msgspec.json.decode(msgspec.json.encode(value))


def prepare(stand_in: StandIn, *, stale: bool = False) -> None:
    """Let the scripted gateway know the day, its bills, one history and the shipped rules."""
    freshness = AnswerFreshness(AS_OF, stale)
    made = day_of_decisions()
    bills = [plain(verdict(each, audit=True, freshness=freshness)) for each in made]
    alert = {"kind": "structuring", "day": None, "bill": None, "order": HOSTILE, "time": "2025-08-20T12:04:00Z"}
    stand_in.documents[f"/v1/consignees/{CONSIGNEE}/days/{DAY}"] = 200, {
        "consignee": CONSIGNEE, "day": str(DAY), "total_cents": 64_840, "limit_cents": 80_000,
        "headroom_cents": 15_160, "bills_count": len(bills), "bills": bills, "alerts": [alert],
        "as_of": AS_OF.isoformat(), "stale": stale, "next": None,
    }  # fmt: skip
    for each, shown in zip(made, bills, strict=True):
        others = plain([verdict(made[5], audit=True, freshness=freshness)])
        stand_in.documents[f"/v1/bills/{each.data.bill}"] = 200, {**shown, "conveyances": others}
    past = [{**plain(each.data), "time": plain(each.time), "action": action, "partition": 0, "offset": 7}
            for each, action in ((made[5], "WAIT"), (made[2], "HOLD"))]  # fmt: skip
    history = {"bill": HELD, "decisions": past, "complete": True, "next": None}
    stand_in.documents[f"/v1/bills/{HELD}/history"] = 200, history
    rulebook = load_rulebook().with_programmes(PROGRAMMES, "us-321")
    stand_in.documents["/pages/rules.json"] = 200, msgspec.json.decode(rules_file(rulebook).body)
    stand_in.documents["/pages/programmes.json"] = 200, msgspec.json.decode(programmes_file(rulebook).body)
