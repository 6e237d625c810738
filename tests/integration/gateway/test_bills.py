"""`GET /v1/bills/{bill}`: the answer by scope, unknown bills, and how up to date it is."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from agents.gateway.assembly import make_parts
from agents.gateway.endpoints.answering import RECENT, Answered, answer_bill
from agents.gateway.http.parts import PARTS
from agents.gateway.http.problems import Problem
from agents.readmodel.store import StoreSettings
from agents.readmodel.writing import Writer
from stream.decisions import Decision
from stream.reasons import STALE_LINE
from tests.integration.gateway.gateway_setup import GatewaySetup, setup_on
from tests.redis.events import decision
from tests.redis.server import RedisServer
from tests.unit.readmodel.filling import FRESH_MS, fill

pytestmark = pytest.mark.redis

FRESH = datetime.fromtimestamp(FRESH_MS / 1000, UTC)
LATER = FRESH + timedelta(seconds=60)


@pytest.fixture
def setup(tmp_path: Path, store: StoreSettings) -> GatewaySetup:
    return setup_on(tmp_path, store)


async def filled(store: StoreSettings, *decisions: Decision) -> None:
    async with Writer(store) as writer:
        await fill(writer, decisions)


async def asked(
    setup: GatewaySetup, path: str, scope: str = "scan", moment: datetime = FRESH
) -> tuple[int, dict[str, Any]]:
    """Ask at a moment; return status and answer."""
    async with (
        setup.serving(lambda: moment) as client,
        client.get(f"/v1/bills/{path}", headers=setup.bearer(scope)) as response,
    ):
        return response.status, await response.json(content_type=None)


async def test_answer_by_scope(setup: GatewaySetup, store: StoreSettings) -> None:
    """Scope scan sees what to do; audit sees the order, the consignee's key and the other conveyances as well."""
    await filled(store, decision(order="order-7"), decision(conveyance="air:2", outcome="closed", reason="superseded"))
    status, scanned = await asked(setup, "ACME0001")
    _, audited = await asked(setup, "ACME0001", "audit")
    assert (status, scanned["action"], scanned["as_of"], scanned["stale"]) == (200, "GO", "2025-08-20T14:26:40Z", False)
    assert {"order", "consignee", "total_cents", "conveyances"}.isdisjoint(scanned)
    assert scanned.items() <= audited.items()
    assert (audited["order"], audited["consignee"]) == ("order-7", "na2:a")
    assert [other["conveyance"] for other in audited["conveyances"]] == ["air:2"]


@pytest.mark.parametrize("text", ["acme-0001", "ACME%200001", "%02ACME0001%0D%0A", "acme.00_01"])
async def test_bill_is_folded_as_a_scanner_reads_it(setup: GatewaySetup, store: StoreSettings, text: str) -> None:
    """Separators, small letters and what a scanner adds make no other bill."""
    await filled(store, decision())
    assert (await asked(setup, text))[1]["bill"] == "ACME0001"


@pytest.mark.parametrize("text", ["ACME9999", "abc", "A" * 36, "%D0%90CME0001", "..%2F..%2Fpasswd"])
async def test_unknown_bill_is_404(setup: GatewaySetup, store: StoreSettings, text: str) -> None:
    """What is not known, or is no bill number, is 404 and not quoted."""
    await filled(store, decision())
    status, problem = await asked(setup, text)
    assert (status, problem["status"]) == (404, 404)
    assert "passwd" not in str(problem)


async def test_answer_that_may_be_old_is_hold(setup: GatewaySetup, store: StoreSettings) -> None:
    """To the second up to which the read model may lag it is GO, from then on HOLD for that very reason."""
    await filled(store, decision())
    _, good = await asked(setup, "ACME0001", moment=FRESH + timedelta(seconds=10))
    _, old = await asked(setup, "ACME0001", moment=FRESH + timedelta(seconds=10, microseconds=1))
    assert (good["action"], good["stale"]) == ("GO", False)
    assert (old["action"], old["stale"], old["line"], old["outcome"]) == ("HOLD", True, STALE_LINE, "release")


async def test_read_model_that_is_swept_or_empty_answers_nothing_for_sure(
    setup: GatewaySetup, store: StoreSettings
) -> None:
    """While it is emptied for a rebuild, and while it is filled, what is known may be old, and nothing means little."""
    _, empty = await asked(setup, "ACME0001")
    await filled(store, decision())
    async with Writer(store) as writer:
        await writer._redis.hset(f"{{{store.prefix}}}:v2:positions", "sweeping", "1")
    _, swept = await asked(setup, "ACME0001")
    assert (empty["status"], empty["stale"], empty["as_of"]) == (404, True, None)
    assert (swept["action"], swept["stale"], swept["as_of"]) == ("HOLD", True, None)


class Window:
    """A live feed's window that holds what a test puts there."""

    def __init__(self, until: datetime | None, *decisions: Decision, follows: bool = True) -> None:
        self._until, self._decisions, self._follows = until, decisions, follows
        self.asked: list[tuple[str, dict[int, int]]] = []

    def since(self) -> datetime | None:
        raise AssertionError("clocks say nothing of a bill's answer")

    def as_of(self) -> datetime | None:
        return self._until

    def decisions(self, _bill: str) -> Sequence[Decision]:
        return self._decisions

    def follows(self, bill: str, reached: Mapping[int, int]) -> bool:
        self.asked.append((bill, dict(reached)))
        return self._follows


async def answered(setup: GatewaySetup, window: Window) -> Answered:
    """Ask a minute after the read model's time with such a window."""
    app = web.Application()
    async with make_parts(setup.settings(), lambda: LATER) as parts:
        app[PARTS], app[RECENT] = parts, window
        return await answer_bill(app, "ACME0001")


async def test_live_window_bridges_a_lag(setup: GatewaySetup, store: StoreSettings) -> None:
    """A window that goes on where the read model stands brings the answer up to its own time, with what is newer."""
    await filled(store, decision(), decision(conveyance="air:2", outcome="closed", reason="returned", day=None))
    newer = decision(rank=(1, 1, 2, 1), outcome="withhold", reason="daily-limit")
    window = Window(LATER, newer, decision(rank=(1, 1, 1, 0)))
    found = await answered(setup, window)
    assert (found.decision, found.freshness.as_of, found.freshness.stale) == (newer, LATER, False)
    assert [other.data.conveyance for other in found.others] == ["air:2"]
    [(bill, reached)] = window.asked
    assert bill == "ACME0001"
    assert reached


@pytest.mark.parametrize(("follows", "until"), [(False, LATER), (True, None), (True, FRESH), (False, None)])
async def test_window_with_a_gap_is_no_bridge(
    setup: GatewaySetup, store: StoreSettings, follows: bool, until: datetime | None
) -> None:
    """A window that begins later, or is not up to date itself, leaves the answer as old as the read model is."""
    await filled(store, decision())
    found = await answered(setup, Window(until, follows=follows))
    assert (found.freshness.as_of, found.freshness.stale) == (FRESH, True)


async def test_redis_may_go_and_come_back(tmp_path: Path, own_redis: RedisServer) -> None:
    """While Redis is away a bill is 503 and readiness names it; once it is back and filled there are answers again."""
    store = own_redis.store("t")
    setup = setup_on(tmp_path, store)
    await filled(store, decision())
    own_redis.kill()
    async with setup.serving(lambda: FRESH) as client:
        async with client.get("/v1/bills/ACME0001", headers=setup.bearer("scan")) as response:
            assert (response.status, response.headers["Retry-After"]) == (503, "2")
        async with client.get("/readyz", params={"exclude": "kafka"}) as response:
            assert (response.status, (await response.json(content_type=None))["away"]) == (503, ["redis"])
        own_redis.start()
        await filled(store, decision())
        async with client.get("/v1/bills/ACME0001", headers=setup.bearer("scan")) as response:
            assert (response.status, (await response.json())["action"]) == (200, "GO")
        async with client.get("/readyz", params={"exclude": "kafka"}) as response:
            assert await response.json() == {"ready": True, "as_of": "2025-08-20T14:26:40Z"}


async def test_answer_without_redis_is_a_problem(setup: GatewaySetup, own_redis: RedisServer) -> None:
    """Where the read model cannot be asked no handler guesses."""
    own_redis.kill()
    setup.environment["TALLYGATE_REDIS__URL"] = own_redis.url
    with pytest.raises(Problem) as raised:
        await answered(setup, Window(LATER, decision()))
    assert raised.value.status == 503
