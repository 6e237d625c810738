"""A consignee's day and the headroom left, over a real Redis."""

import json
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession

from agents.readmodel.store import StoreSettings
from agents.readmodel.writing import Writer
from stream.consignee import KeyMaker
from stream.decisions import Decision
from tests.integration.gateway.gateway_setup import SECRET, GatewaySetup, setup_on
from tests.redis.events import DAY, LIMIT, alert, decision
from tests.unit.readmodel.filling import fill

pytestmark = pytest.mark.redis

ADDRESS = {"lines": ["77 Yellowbird Lane"], "city": "Featherton", "state": "NY", "postal": "11201", "country": "US"}
PERSON = {"name": "Canarina Quill", "address": ADDRESS}
CANARIES = ("canarina", "yellowbird", "featherton", "12-3456789")
KEY = KeyMaker(SECRET.encode()).of_name("CANARINA  QUILL", ["77 yellowbird ln"], "Featherton", "NY", "11201-1234", "US")
SUSPENDED = date(2025, 8, 29)


@pytest.fixture
def setup(tmp_path: Path, store: StoreSettings) -> GatewaySetup:
    return setup_on(tmp_path, store)


async def filled(store: StoreSettings, *decisions: Decision) -> None:
    async with Writer(store) as writer:
        await fill(writer, decisions, [alert()])


async def ask(
    client: ClientSession, setup: GatewaySetup, cents: int, day: date = DAY, wrong: dict[str, Any] | None = None
) -> tuple[int, dict[str, Any]]:
    question = {"consignee": PERSON, "value_cents": cents, "day": day.isoformat(), **(wrong or {})}
    async with client.post("/v1/headroom", json=question, headers=setup.bearer("plan")) as response:
        return response.status, await response.json(content_type=None)


def on(day: date, cents: int, **more: Any) -> Decision:
    return decision(f"ACME{day.day:04}", day=day, cents=cents, consignee=KEY, **more)


async def test_day_shows_total_bills_and_alerts(setup: GatewaySetup, store: StoreSettings) -> None:
    """The day has total, headroom, its bills in the order in which they were stated, page by page, and alerts."""
    bills = [decision(f"ACME{number:04}", cents=1_000 * number, minutes=number) for number in (3, 1, 2)]
    await filled(store, *bills, decision("MOVED001", day=DAY + timedelta(1)))
    path = f"/v1/consignees/na2:a/days/{DAY}"
    async with setup.serving() as client:
        async with client.get(path, headers=setup.bearer("audit")) as response:
            whole = await response.json()
        async with client.get(path, params={"limit": "2"}, headers=setup.bearer("audit")) as response:
            first = await response.json()
        async with client.get(path, params={"after": first["next"]}, headers=setup.bearer("audit")) as response:
            rest = await response.json()
    assert [bill["bill"] for bill in whole["bills"]] == ["ACME0001", "ACME0002", "ACME0003"]
    assert (whole["total_cents"], whole["headroom_cents"], whole["bills_count"]) == (6_000, LIMIT - 6_000, 3)
    assert (whole["next"], first["next"] is None, rest["next"]) == (None, False, None)
    assert first["bills"] + rest["bills"] == whole["bills"]
    assert [(each["kind"], each["day"], each["total_cents"]) for each in whole["alerts"]] == [
        ("near-limit", "2025-08-20", 72_100)
    ]


async def test_a_month_is_shown_with_its_bills(tmp_path: Path, store: StoreSettings) -> None:
    """A day of a programme of months shows the month; of one per seller, each of its ledgers; currency stands by."""
    setup = setup_on(tmp_path, store)
    setup.environment["TALLYGATE_PROGRAMMES"] = '["us-321", "uz", "kr"]'
    month, later = "2025-08-01/2025-08-31", DAY + timedelta(days=5)
    uz: dict[str, Any] = {"programme": "uz", "period": month, "limit_cents": 20_000}
    kr: dict[str, Any] = {"programme": "kr", "period": DAY.isoformat(), "limit_cents": 15_000}
    await filled(
        store, decision("ACME0001", cents=900), decision("ACME0002", cents=4_000, **uz),
        decision("ACME0003", cents=5_000, day=later, **uz), decision("ACME0004", cents=100, seller="se2:a", **kr),
        decision("ACME0005", cents=200, seller="se2:b", **kr),
    )  # fmt: skip
    path = f"/v1/consignees/na2:a/days/{DAY}"
    found = {}
    async with setup.serving() as client:
        for programme in ("us-321", "uz", "kr", "us-gift"):
            query = {"programme": programme}
            async with client.get(path, params=query, headers=setup.bearer("audit")) as response:
                found[programme] = response.status, await response.json(content_type=None)
    status, shown = found["uz"]
    assert (status, shown["period"], shown["currency"], shown["certainty"]) == (200, month, "USD", "B")
    assert (shown["total_cents"], shown["headroom_cents"], shown["further"]) == (9_000, 11_000, [])
    assert [bill["bill"] for bill in shown["bills"]] == ["ACME0002", "ACME0003"]
    assert [bill["bill"] for bill in found["us-321"][1]["bills"]] == ["ACME0001"]
    both = [found["kr"][1], *found["kr"][1]["further"]]
    assert [(each["seller"], each["total_cents"]) for each in both] == [("se2:a", 100), ("se2:b", 200)]
    async with setup.serving() as client:
        query = {"programme": "kr", "after": "1"}
        async with client.get(path, params=query, headers=setup.bearer("audit")) as response:
            later_page = await response.json()
    beyond = [(each["seller"], each["bills"], each["next"]) for each in (later_page, *later_page["further"])]
    assert beyond == [("se2:a", [], None), ("se2:b", [], None)]
    assert found["us-gift"][0] == 400
    assert "expected one of kr, us-321, uz" in found["us-gift"][1]["detail"]


async def test_headroom_of_a_programme_needs_what_it_sums_by(tmp_path: Path, store: StoreSettings) -> None:
    """Without seller or conveyance nothing can be said where they matter; the answer names currency and period."""
    setup = setup_on(tmp_path, store)
    setup.environment["TALLYGATE_PROGRAMMES"] = '["us-321", "kr", "pe", "ge"]'
    async with setup.serving() as client:
        answers = [
            await ask(client, setup, 10_000, DAY, wrong)
            for wrong in (
                {"programme": "kr"}, {"programme": "pe"}, {"programme": "az"},
                {"programme": "ge", "seller": "Shop", "conveyance": "air:1"},
            )
        ]  # fmt: skip
    assert [status for status, _ in answers] == [400, 400, 400, 200]
    assert ["seller" in answers[0][1]["detail"], "conveyance" in answers[1][1]["detail"]] == [True, True]
    told = answers[3][1]
    assert (told["currency"], told["period"], told["limit_cents"], told["fits"]) == ("GEL", "conveyance", 30_000, True)


async def test_day_without_bills_is_empty_not_missing(setup: GatewaySetup, store: StoreSettings) -> None:
    """Of an unknown consignee the whole limit is left, by the rules of the day."""
    await filled(store)
    path = "/v1/consignees/na2:b/days/2016-03-09"
    async with setup.serving() as client, client.get(path, headers=setup.bearer("audit")) as response:
        body = await response.json()
    assert (body["total_cents"], body["headroom_cents"], body["bills"]) == (0, 20_000, [])


@pytest.mark.parametrize(
    "path",
    [
        "/v1/consignees/Canarina%20Quill/days/2025-08-20", "/v1/consignees/na2:a/days/20250820",
        "/v1/consignees/na2:a/days/2025-02-30", "/v1/consignees/na2:a/days/9999-01-01",
        "/v1/consignees/na2:a/days/2025-08-20%0A", "/v1/consignees/na2:a/days/2025-08-20?limit=0",
        "/v1/consignees/na2:a/days/2025-08-20?limit=1001", "/v1/consignees/na2:a/days/2025-08-20?after=x",
    ],
)  # fmt: skip
async def test_wrong_questions_for_a_day_are_refused(setup: GatewaySetup, path: str) -> None:
    """What is no key, no day or no page is 400, and is not quoted."""
    async with setup.serving() as client, client.get(path, headers=setup.bearer("audit")) as response:
        assert response.status == 400
        assert "canarina" not in (await response.text()).casefold()


async def test_headroom_counts_what_is_there(setup: GatewaySetup, store: StoreSettings) -> None:
    """Exactly the headroom fits, a cent more does not; the person is found however the name is written."""
    await filled(store, on(DAY, 30_000))
    async with setup.serving() as client:
        status, fits = await ask(client, setup, LIMIT - 30_000)
        _, over = await ask(client, setup, LIMIT - 30_000 + 1)
    assert status == 200
    assert (fits["fits"], fits["reason"], fits["next_day"]) == (True, None, None)
    assert KEY not in json.dumps([fits, over])
    assert (fits["total_cents"], fits["headroom_cents"], fits["limit_cents"]) == (30_000, LIMIT - 30_000, LIMIT)
    assert (over["fits"], over["reason"], over["next_day"]) == (False, "daily-limit", "2025-08-21")


async def test_next_day_passes_over_full_and_suspended_days(setup: GatewaySetup, store: StoreSettings) -> None:
    """The next day is the first with room before the exemption is suspended, else there is none."""
    full = [on(DAY + timedelta(days=ahead), LIMIT) for ahead in range(8)]
    await filled(store, *full)
    async with setup.serving() as client:
        _, found = await ask(client, setup, 1)
        _, too_late = await ask(client, setup, 1, DAY + timedelta(days=5))
        _, suspended = await ask(client, setup, 1, SUSPENDED)
        _, large = await ask(client, setup, LIMIT + 1)
        _, early = await ask(client, setup, 1, DAY - timedelta(days=15))
    assert (found["reason"], found["next_day"]) == ("daily-limit", "2025-08-28")
    assert (too_late["reason"], too_late["next_day"]) == ("daily-limit", "2025-08-28")
    assert (suspended["reason"], suspended["next_day"], suspended["fits"]) == ("suspended", None, False)
    assert (large["reason"], large["next_day"]) == ("single-value-over-limit", None)
    assert early["fits"]


@pytest.mark.parametrize(
    ("policy", "cents", "fits"),
    [
        ({"overflow": "latch"}, 1, False), ({"overflow": "all_or_none"}, 1, False), ({}, 1, True),
        ({"rounding": "whole-dollars"}, LIMIT - 30_000 + 49, True),
        ({"rounding": "whole-dollars"}, LIMIT - 30_000 + 50, False), ({"as_of": "2016-03-09"}, 1, False),
    ],
)  # fmt: skip
async def test_headroom_follows_the_policy(
    setup: GatewaySetup, store: StoreSettings, policy: dict[str, str], cents: int, fits: bool
) -> None:
    """Overflow, rounding and the day as of which rules are asked count as they do for the judging."""
    misfit = decision("ACME9999", consignee=KEY, outcome="withhold", reason="daily-limit", counts=False, cents=60_000)
    await filled(store, on(DAY, 30_000), misfit)
    setup.environment |= {f"TALLYGATE_POLICY__{name.upper()}": value for name, value in policy.items()}
    async with setup.serving() as client:
        _, answer = await ask(client, setup, cents)
    assert answer["fits"] == fits


WRONG: list[dict[str, Any]] = [
    {"consignee": {"name": "Canarina Quill"}}, {"consignee": PERSON | {"identifier": "12-3456789"}},
    {"consignee": PERSON | {"name": " "}}, {"consignee": PERSON | {"address": ADDRESS | {"country": "Canarina"}}},
    {"consignee": "Canarina Quill"}, {"value_cents": -1}, {"value_cents": "12"}, {"value_cents": 10**14},
    {"day": "0001-01-01"}, {"day": "canarina"}, {"day": None},
]  # fmt: skip


async def test_wrong_questions_for_headroom_name_the_place(setup: GatewaySetup) -> None:
    """Each wrong question is 400 with the path of what is wrong and no word of what was sent."""
    async with setup.serving() as client:
        for wrong in WRONG:
            status, problem = await ask(client, setup, 1, wrong=wrong)
            assert (status, wrong) == (400, wrong)
            assert problem["detail"].startswith(f"$.{next(iter(wrong))}")
            assert [word for word in CANARIES if word in json.dumps(problem).casefold()] == []


async def test_each_question_is_logged_by_key_and_limited(
    setup: GatewaySetup, store: StoreSettings, caplog: pytest.LogCaptureFixture
) -> None:
    """The audit log has token and key of each question and no name; beyond its share a token waits."""
    await filled(store)
    with caplog.at_level("DEBUG"):
        async with setup.serving(headroom_per_minute=2) as client:
            statuses = [(await ask(client, setup, 1))[0] for _ in range(3)]
    assert statuses == [200, 200, 429]
    lines = [record.getMessage() for record in caplog.records if record.name == "agents.gateway.audit"]
    assert lines == [f"headroom asked: token={setup.ids['plan']} consignee={KEY} day=2025-08-20"] * 2
    assert [word for word in CANARIES if word in caplog.text.casefold()] == []


async def test_gateway_without_the_secret_offers_no_headroom(setup: GatewaySetup) -> None:
    """A gateway that makes no keys says so; all else it serves."""
    del setup.environment["TALLYGATE_KEY__SECRET_FILE"]
    async with setup.serving() as client:
        status, problem = await ask(client, setup, 1)
    assert (status, "TALLYGATE_KEY__SECRET_FILE" in problem["detail"]) == (501, True)
