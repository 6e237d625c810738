"""What `POST /v1/headroom` foretells is what the steps decide when such a bill then arrives."""

import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import msgspec
import pytest

from agents.judge.offline_judge import JudgeOptions, open_judge
from agents.readmodel.store import StoreSettings
from agents.readmodel.writing import Writer
from stream.decisions import Decision, Overflow, Policy, Rounding
from stream.records import Outgoing, Sink
from tests.integration.gateway.gateway_setup import SECRET, setup_on
from tests.integration.gateway.test_planning import PERSON, ask
from tests.unit.readmodel.filling import fill

pytestmark = pytest.mark.redis

FIRST = date(2025, 8, 16)
DAYS = 13
"""The last of them is the day before the exemption is suspended."""
START = datetime(2025, 8, 16, tzinfo=UTC)
BILLS = 30
QUESTIONS = 25


def bill(number: int, day: date, cents: int) -> dict[str, Any]:
    """Return the event of a bill that arrived on a day; a higher number was manifested later."""
    moment = (START + timedelta(minutes=number)).isoformat()
    line = {
        "description": "toy", "hts": "9503.00.00", "origin": "DE", "quantity": 1, "flags": [],
        "value": {"amount": f"{cents // 100}.{cents % 100:02}", "currency": "USD"},
    }  # fmt: skip
    data = {
        "bill": f"ACME{number:04}", "version": 1, "conveyance": f"air:{number % 3}", "sequence": number,
        "manifested_at": moment, "mode": "air", "filing": "manifest", "consignee": PERSON, "lines": [line],
        "shipper": {"name": "Seller", "country": "DE"}, "arrived_at": f"{day}T16:00:00Z",
    }  # fmt: skip
    event = {"specversion": "1.0", "id": f"e-{number}", "source": "/tests", "time": moment}
    return {**event, "type": "tallygate.bill.manifested.v1", "data": data}


def judged(events: list[dict[str, Any]], policy: Policy, programmes: tuple[str, ...] | None = None) -> list[Decision]:
    """Return the decisions on these events, in order, under the gateway's own secret."""
    found: list[Decision] = []

    def emit(outgoing: Outgoing) -> None:
        if outgoing.sink is Sink.DECISIONS:
            found.append(msgspec.json.decode(outgoing.value or b"", type=Decision))

    options = JudgeOptions(policy, secret=SECRET.encode(), programmes=programmes)
    judge = open_judge(options, emit)
    for offset, event in enumerate(events):
        judge.push(json.dumps(event).encode(), offset)
    return found


def told(decision: Decision) -> dict[str, Any]:
    """Return what the answer should have said before this decision."""
    data = decision.data
    fits = data.outcome == "release"
    next_day = data.advice.next_day if data.advice else None
    return {
        "fits": fits,
        "reason": None if fits else data.reason,
        "next_day": next_day.isoformat() if next_day else None,
        "limit_cents": data.limit_cents,
    }


@pytest.mark.parametrize("rounding", ["cents", "whole-dollars"])
@pytest.mark.parametrize("overflow", ["skip", "latch", "all_or_none"])
async def test_headroom_foretells_the_decision(
    tmp_path: Path, store: StoreSettings, overflow: Overflow, rounding: Rounding
) -> None:
    """For a person with many bills each answer, its reason and next day are those of a bill that then arrives."""
    random = Random(f"{overflow} {rounding}")
    days = [FIRST + timedelta(days=ahead) for ahead in range(DAYS)]
    policy = Policy(overflow=overflow, rounding=rounding)
    # Most days fill up somewhat, one is left empty.
    events = [bill(number, random.choice(days[:-1]), random.randrange(1, 50_000)) for number in range(BILLS)]
    setup = setup_on(tmp_path, store)
    setup.environment |= {"TALLYGATE_POLICY__OVERFLOW": overflow, "TALLYGATE_POLICY__ROUNDING": rounding}
    async with Writer(store) as writer:
        await fill(writer, judged(events, policy))
    wrong, reasons = [], set()
    async with setup.serving() as client:
        for _ in range(QUESTIONS):
            day = random.choice([*days, *days, date(2025, 8, 30)])
            cents = random.choice([random.randrange(1, 85_000), random.randrange(1, 20_000)])
            _, answer = await ask(client, setup, cents, day)
            expected = told(judged([*events, bill(BILLS, day, cents)], policy)[-1])
            reasons.add(expected["reason"])
            if {name: answer[name] for name in expected} != expected or "consignee" in answer:
                wrong.append((day, cents, answer, expected))
    assert wrong == []
    assert {None, "daily-limit"} <= reasons


SMALL = {"az": 900, "uz": 600, "pe": 600}
"""Most cents of a bill, where many must fit into a month or a trip."""
CLAIMS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "us-gift": ({}, {}),
    "az": ({}, {}),
    "uz": ({}, {}),
    "ec": ({"weight_grams": 900}, {"weight_grams": 900}),
    "kr": ({"seller": "The Shop"}, {"seller": "THE  SHOP"}),
    "pe": ({"conveyance": "air:trip"}, {"conveyance": "air:trip"}),
}
"""By programme, what a bill says besides, and what the question does."""


@pytest.mark.parametrize("programme", CLAIMS)
async def test_headroom_foretells_decisions_of_programmes(tmp_path: Path, store: StoreSettings, programme: str) -> None:
    """The same of gifts, months and years, under `excess`, per seller and purchase day, and per conveyance."""
    random = Random(programme)
    more, asked = CLAIMS[programme]
    days = [FIRST + timedelta(days=ahead) for ahead in range(DAYS)]
    enabled = ("us-321", programme)

    def claim(number: int, day: date, cents: int) -> dict[str, Any]:
        event = bill(number, day, cents)
        event["data"] |= {"programme": programme, **more}
        if programme == "kr":
            event["data"]["purchased_on"] = str(day)
        return event

    setup = setup_on(tmp_path, store)
    setup.environment["TALLYGATE_PROGRAMMES"] = json.dumps(enabled)
    events = [
        claim(number, random.choice(days), random.randrange(1, SMALL.get(programme, 9_000))) for number in range(BILLS)
    ]
    async with Writer(store) as writer:
        await fill(writer, judged(events, Policy(), enabled))
    wrong, reasons = [], set()
    async with setup.serving() as client:
        for _ in range(QUESTIONS):
            day, most = random.choice(days), random.choice((45_000, 20_000, 3_000))
            cents = random.randrange(1, most)
            _, answer = await ask(client, setup, cents, day, {"programme": programme, **asked})
            decided = judged([*events, claim(BILLS, day, cents)], Policy(), enabled)
            expected = told(next(each for each in decided if each.data.bill == events_bill(BILLS)))
            reasons.add(expected["reason"])
            if {name: answer[name] for name in expected} != expected:
                wrong.append((day, cents, answer, expected))
    assert wrong == []
    assert None in reasons
    assert reasons & {"daily-limit", "period-limit"}


def events_bill(number: int) -> str:
    """Return the number of a bill."""
    found: str = bill(number, FIRST, 1)["data"]["bill"]
    return found
