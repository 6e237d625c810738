"""What the gateway counts of itself, and whether it is well: `/metrics`, `/livez`, `/readyz`."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession
from prometheus_client.parser import text_string_to_metric_families

from tests.integration.gateway.gateway_setup import GatewaySetup
from tests.integration.gateway.test_ingest import arrival

BILL = "/v1/bills/{bill}"


@pytest.fixture
def setup(tmp_path: Path) -> GatewaySetup:
    return GatewaySetup(tmp_path)


async def counted(client: ClientSession) -> dict[tuple[str, tuple[str, ...]], float]:
    """Scrape; return samples by name and label values."""
    async with client.get("/metrics") as response:
        assert response.status == 200
        text = await response.text()
    return {
        (sample.name, tuple(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if "le" not in sample.labels
    }


async def risen(client: ClientSession, before: dict[Any, float]) -> dict[tuple[str, ...], float]:
    """Return which of our counters have risen since, by the last words of their name and their labels."""
    after = await counted(client)
    return {
        (name.removeprefix("tallygate_gateway_").removesuffix("_total"), *labels): value - before.get((name, labels), 0)
        for (name, labels), value in after.items()
        if name.startswith("tallygate_gateway_") and name.endswith("_total") and value != before.get((name, labels), 0)
    }


async def test_requests_are_counted_by_pattern_and_status(setup: GatewaySetup) -> None:
    """Each answer is counted once under its route's pattern; what a client typed is in no label."""
    async with setup.serving() as client:
        before = await counted(client)
        for path in ("/v1/bills/CANARY01", "/v1/bills/CANARY02", "/canary", "/livez"):
            async with client.get(path, headers=setup.bearer("scan")):
                pass
        async with client.delete("/v1/events"):
            pass
        found = await risen(client, before)
        async with client.get("/metrics") as response:
            assert "canary" not in (await response.text()).casefold()
    assert found.pop(("requests", "GET", "/metrics", "200")) == 1
    assert found == {
        ("requests", "GET", BILL, "503"): 2, ("requests", "GET", "unmatched", "404"): 1,
        ("requests", "GET", "/livez", "200"): 1, ("requests", "DELETE", "unmatched", "405"): 1,
    }  # fmt: skip


async def test_refusals_are_counted_by_reason(setup: GatewaySetup) -> None:
    """A token that is missing, unknown or of another scope is counted as such, and so is asking too often."""
    async with setup.serving(requests_per_second=1, requests_burst=1) as client:
        before = await counted(client)
        wrong = {"Authorization": "Bearer tg_0_0"}
        for headers in ({}, wrong, wrong, setup.bearer("publish"), setup.bearer("audit"), setup.bearer("audit")):
            async with client.get("/v1/bills/ACME0001", headers=headers):
                pass
        found = await risen(client, before)
    refused = {key[1:]: value for key, value in found.items() if key[0] in {"refused_tokens", "rate_limited"}}
    assert refused == {("missing",): 1, ("unknown",): 2, ("scope",): 1, (BILL,): 1}


async def test_publications_are_counted_by_what_became_of_them(setup: GatewaySetup) -> None:
    """Events that were refused by the check, and those for which Kafka was away, are counted one by one."""
    good = json.dumps(arrival()).encode()
    headers = setup.bearer("publish") | {"Content-Type": "application/cloudevents-batch+json"}
    async with setup.serving() as client:
        before = await counted(client)
        for body, status in ((b"[1,2,3]", 400), (b"[%s,%s]" % (good, good), 503)):
            async with client.post("/v1/events", data=body, headers=headers) as response:
                assert response.status == status
        found = await risen(client, before)
    ingested = {key[1]: value for key, value in found.items() if key[0] == "ingest_events"}
    assert ingested == {"invalid": 3, "unavailable": 2}


async def test_readiness_names_what_is_missing(setup: GatewaySetup) -> None:
    """Without Kafka and Redis readiness names both; what is left out is not asked about; life goes on all the same."""
    async with setup.serving() as client:
        for query, away in (
            ("", ["kafka", "redis"]), ("?exclude=kafka", ["redis"]), ("?exclude=redis&exclude=kafka", []),
            ("?exclude=redis", ["kafka"]), ("?exclude=freshness&exclude=redis&exclude=kafka&exclude=tokens", []),
        ):  # fmt: skip
            async with client.get(f"/readyz{query}") as response:
                assert response.status == (503 if away else 200)
                found = await response.json(content_type=None)
                assert found.get("away", []) == away
                assert all(name in found.get("detail", "") for name in away)
        async with client.get("/readyz?exclude=everything") as response:
            assert response.status == 400
        async with client.get("/livez") as response:
            assert (response.status, await response.json()) == (200, {"alive": True})


async def test_unreadable_tokens_file_is_named(setup: GatewaySetup) -> None:
    """A gateway that refuses every token is not ready, and says why without a word on where its files are."""
    async with setup.serving() as client:
        setup.tokens_file.unlink()
        status, text = 200, ""
        while status == 200:
            async with client.get("/readyz?exclude=kafka&exclude=redis") as response:
                status, text = response.status, await response.text()
        assert (status, re.search(r'"away":\["tokens"\]', text) is not None) == (503, True)
        assert str(setup.folder) not in text
        async with client.get("/session", headers=setup.bearer("scan")) as response:
            assert response.status == 401
