"""`GET /v1/bills`: the bills of a conveyance or a day in pages, by scope, and what is refused."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from agents.readmodel.store import StoreSettings
from agents.readmodel.writing import Writer
from stream.reasons import STALE_LINE
from tests.integration.gateway.gateway_setup import GatewaySetup, setup_on
from tests.redis.events import decision
from tests.redis.server import RedisServer
from tests.unit.readmodel.filling import FRESH_MS, fill

pytestmark = pytest.mark.redis

FRESH = datetime.fromtimestamp(FRESH_MS / 1000, UTC)
HELD: dict[str, Any] = {"outcome": "withhold", "reason": "daily-limit", "counts": False}


@pytest.fixture
def setup(tmp_path: Path, store: StoreSettings) -> GatewaySetup:
    return setup_on(tmp_path, store)


async def asked(
    setup: GatewaySetup, *questions: str, scope: str = "scan", moment: datetime = FRESH
) -> list[tuple[int, dict[str, Any]]]:
    """Ask one gateway at a moment; return each status and answer."""
    found = []
    async with setup.serving(lambda: moment) as client:
        for question in questions:
            async with client.get(f"/v1/bills?{question}", headers=setup.bearer(scope)) as response:
                found.append((response.status, await response.json(content_type=None)))
    return found


async def test_trip_is_read_in_pages(setup: GatewaySetup, store: StoreSettings) -> None:
    """A lead reads a trip page by page, what to pull alone, and a day; scope audit sees what it sees of one bill."""
    bills = [
        decision(f"ACME000{number}", order=f"order-{number}", **(HELD if number > 3 else {})) for number in range(6)
    ]
    async with Writer(store) as writer:
        await fill(writer, [*bills, decision("ACME0009", "air:2", outcome="reject", reason="suspended")])
    first, last, pull, day, none = await asked(
        setup,
        "conveyance=air:1&limit=4", "conveyance=air:1&limit=4&after=0.ACME0003", "conveyance=air:1&outcome=withhold",
        "day=2025-08-20&outcome=reject&outcome=withhold", "day=2025-08-21",
    )  # fmt: skip
    assert first[1]["next"] == "0.ACME0003"
    assert [each["bill"] for page in (first, last) for each in page[1]["bills"]] == [each.data.bill for each in bills]
    assert [(each["bill"], each["action"]) for each in pull[1]["bills"]] == [("ACME0004", "HOLD"), ("ACME0005", "HOLD")]
    assert sorted(each["bill"] for each in day[1]["bills"]) == ["ACME0004", "ACME0005", "ACME0009"]
    assert none == (200, {"bills": [], "as_of": "2025-08-20T14:26:40Z", "stale": False, "next": None})
    assert (first[1]["stale"], last[1]["next"], "order" in str(first)) == (False, None, False)
    [(_, audited)] = await asked(setup, "conveyance=air:1&limit=1", scope="audit")
    assert (audited["bills"][0]["order"], audited["bills"][0]["consignee"]) == ("order-0", "na2:a")


async def test_list_that_may_be_old_is_all_hold(setup: GatewaySetup, store: StoreSettings) -> None:
    """Once the read model is behind no bill of a list is GO, and the page says that it may be old."""
    async with Writer(store) as writer:
        await fill(writer, [decision()])
    [(status, page)] = await asked(setup, "conveyance=air:1", moment=FRESH + timedelta(seconds=11))
    assert (status, page["stale"]) == (200, True)
    assert [(each["action"], each["line"]) for each in page["bills"]] == [("HOLD", STALE_LINE)]


async def test_what_is_no_question_is_400(setup: GatewaySetup) -> None:
    """A missing or doubled selection, an unknown outcome, a wrong page or limit: 400, and nothing is quoted."""
    wrong = [
        "", "conveyance=air:1&day=2025-08-20", "day=2025-08-20&day=2025-08-21", "day=2025-02-30", "conveyance=",
        "conveyance=Ada%20Example", "conveyance=air:1&outcome=stolen", "conveyance=air:1&after=1.ACME0001",
        "day=2025-08-20&after=ACME0001", "conveyance=air:1&limit=0", "conveyance=air:1&limit=1001",
    ]  # fmt: skip
    found = await asked(setup, *wrong)
    assert [status for status, _ in found] == [400] * len(wrong)
    assert all(word not in str(found) for word in ("Ada", "stolen", "02-30"))


async def test_list_needs_the_scope_and_redis(setup: GatewaySetup, own_redis: RedisServer) -> None:
    """A publisher may not list bills, and without Redis the answer is to try again."""
    own_redis.kill()
    setup.environment["TALLYGATE_REDIS__URL"] = own_redis.url
    assert [status for status, _ in await asked(setup, "conveyance=air:1", scope="publish")] == [403]
    assert [status for status, _ in await asked(setup, "conveyance=air:1", "day=2025-08-20")] == [503, 503]
