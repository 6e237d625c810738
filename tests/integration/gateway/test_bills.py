"""`GET /v1/bills/{bill}`: the answer by scope, unknown bills, and how up to date it is."""

from pathlib import Path

import pytest

from agents.readmodel.store import StoreSettings
from agents.readmodel.writing import Writer
from tests.integration.gateway.stage import gate_on
from tests.redis.events import decision
from tests.unit.readmodel.filling import fill

pytestmark = pytest.mark.redis


async def test_scanner_sees_what_to_do_and_no_more(tmp_path: Path, store: StoreSettings) -> None:
    """With scope scan the answer has action, line and code, and neither totals nor consignee nor order."""
    gate = gate_on(tmp_path, store)
    async with Writer(store) as writer:
        await fill(writer, [decision(order="order-7")])
    path = "/v1/bills/acme%200001"
    async with gate.serving() as client, client.get(path, headers=gate.bearer("scan")) as response:
        assert response.status == 200
        body = await response.json()
    assert body["bill"] == "ACME0001"
    assert {"order", "consignee", "total_cents"}.isdisjoint(body)
