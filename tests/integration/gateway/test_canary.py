"""Names, addresses and identifiers go in at the gateway and come out nowhere, over the whole path, logs at DEBUG."""

import asyncio
import time
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession

from tests.integration.gateway.gateway_setup import GatewayProcess, GatewaySetup
from tests.integration.gateway.test_ingest import PAUSE_SECONDS
from tests.integration.readmodel.projections import read_model_on
from tests.integration.readmodel.test_canary import CANARIES, events
from tests.kafka.harness import KafkaHarness
from tests.redis.contents import contents
from tests.redis.server import RedisServer
from tests.waiting import HANG_SECONDS, ended

pytestmark = [pytest.mark.kafka, pytest.mark.redis]


async def publish(client: ClientSession, setup: GatewaySetup, batch: list[Any]) -> tuple[int, str]:
    headers = setup.bearer("publish") | {"Content-Type": "application/cloudevents-batch+json"}
    async with client.post("/v1/events", json=batch, headers=headers) as response:
        return response.status, await response.text()


async def answers(client: ClientSession, setup: GatewaySetup, requests: list[tuple[str, str, Any]]) -> dict[str, str]:
    """Return what each of these says, by scope, method and path."""
    found = {}
    for method, path, body in requests:
        for scope in ("scan", "audit", "plan", "publish"):
            async with client.request(method, path, json=body, headers=setup.bearer(scope)) as response:
                found[f"{scope} {method} {path} {response.status}"] = await response.text()
    return found


async def test_canaries_are_found_nowhere(harness: KafkaHarness, own_redis: RedisServer, tmp_path: Path) -> None:
    """Published through the gateway, judged, projected and asked after, people are in no answer, no log and no key."""
    setup = GatewaySetup(tmp_path, harness.broker.address, harness.topics.prefix, own_redis.url)
    secret = setup.environment["TALLYGATE_KEY__SECRET_FILE"]
    bad = [event | {"time": "Canarina Quill", "subject": "Featherton"} for event in events()]
    bad += [event | {"data": event["data"] | {"consignee": {"name": "Canarina Quill"}}} for event in events()]
    with (
        read_model_on(harness, own_redis) as read_model,
        GatewayProcess(setup, tmp_path / "log", log__level="DEBUG") as process,
    ):
        workers = [harness.worker(step, step, key__secret_file=secret) for step in ("manifest", "withholding")]
        projection = read_model.project()
        async with ClientSession(process.address()) as client:
            refused = await publish(client, setup, bad)
            status, said = 503, ""
            while status == 503:
                status, said = await publish(client, setup, events())
                await asyncio.sleep(PAUSE_SECONDS)
            assert (refused[0], status, said) == (400, 202, '{"accepted":3}')
            body: dict[str, Any] = {}
            deadline = time.monotonic() + HANG_SECONDS
            while body.get("reason") != "daily-limit" or body.get("stale"):
                assert time.monotonic() < deadline, (body, [worker.log()[-2000:] for worker in workers])
                assert not (gone := ended(*workers, projection)()), gone
                async with client.get("/v1/bills/ACME0002", headers=setup.bearer("audit")) as response:
                    body = await response.json(content_type=None)
                await asyncio.sleep(PAUSE_SECONDS)
            person = events()[0]["data"]["consignee"]
            question = {"consignee": person, "value_cents": 80_001, "day": "2025-08-20"}
            day = f"/v1/consignees/{body['consignee']}/days/2025-08-20"
            heard = await answers(client, setup, [
                ("GET", "/v1/bills/ACME0002", None), ("GET", day, None),
                ("GET", "/v1/bills/ACME0002/history", None), ("POST", "/v1/headroom", question),
                ("POST", "/v1/headroom", question | {"day": "Canarina Quill"}), ("POST", "/v1/events", events()[0]),
                ("GET", "/metrics", None), ("GET", "/readyz", None),
            ])  # fmt: skip
        assert process.stop() == 0
        logs = process.log() + projection.log() + "".join(worker.log() for worker in workers)
        held = repr(contents(own_redis, harness.topics.prefix))
    everything = refused[1] + repr(heard) + logs + held
    assert [word for word in CANARIES if word.casefold() in everything.casefold()] == []
    assert "single-value-over-limit" in heard["plan POST /v1/headroom 200"]
    assert "order-7" in heard["audit GET /v1/bills/ACME0002 200"]
    assert [who for who, text in heard.items() if "order-7" in text and not who.startswith("audit")] == []
    assert f"headroom asked: token={setup.ids['plan']} consignee={body['consignee']}" in logs
