"""Kafka away at the start, coming, going and coming again: publishers hear so, nothing acknowledged is lost."""

import asyncio
import signal
import time
from pathlib import Path

import pytest
from aiohttp import ClientSession

from tests.integration.gateway.gateway_setup import GatewaySetup
from tests.integration.gateway.test_ingest import BATCH, arrival
from tests.kafka.broker import Broker
from tests.kafka.harness import KafkaHarness
from tests.waiting import HANG_SECONDS, wait_for

pytestmark = pytest.mark.kafka


@pytest.fixture(scope="module")
def broker(mortal_broker: Broker) -> Broker:
    """Return a broker that may be killed."""
    return mortal_broker


async def publish(client: ClientSession, setup: GatewaySetup, number: int) -> int:
    headers = setup.bearer("publish") | {"Content-Type": BATCH}
    async with client.post("/v1/events", json=[arrival(number=number)], headers=headers) as response:
        if response.status == 503:
            assert int(response.headers["Retry-After"]) >= 1
            assert "Kafka" in (await response.json(content_type=None))["title"]
        return response.status


def revive(broker: Broker) -> None:
    """Leave the broker running for the tests that follow, whatever this one has done to it."""
    if broker._process is None:
        broker.start()
    else:
        broker._process.send_signal(signal.SIGCONT)


async def until_status(client: ClientSession, setup: GatewaySetup, wanted: int, numbers: list[int]) -> None:
    """Publish one event after another until the answer is as wanted; those acknowledged are noted."""
    deadline = time.monotonic() + HANG_SECONDS
    status = 0
    while status != wanted:
        number = 1 + (numbers[-1] if numbers else 0)
        status = await publish(client, setup, number)
        if status == 202:
            numbers.append(number)
        assert time.monotonic() < deadline
        await asyncio.sleep(0.05)


async def away(client: ClientSession) -> list[str]:
    """Return what readiness names."""
    async with client.get("/readyz", params=[("exclude", "redis"), ("exclude", "freshness")]) as response:
        found: list[str] = (await response.json(content_type=None)).get("away", [])
        assert (response.status == 503) == bool(found)
        return found


async def test_gateway_lives_through_outages(harness: KafkaHarness, broker: Broker, tmp_path: Path) -> None:
    """It starts while Kafka hangs, finds it, loses it and finds it again; each event that was acknowledged is there."""
    setup = GatewaySetup(tmp_path, broker.address, harness.topics.prefix)
    acknowledged: list[int] = []
    assert broker._process is not None
    broker._process.send_signal(signal.SIGSTOP)
    try:
        async with setup.serving(publish_seconds=1) as client:
            assert await publish(client, setup, 0) == 503
            assert await away(client) == ["kafka"]
            async with client.get("/livez") as response:
                assert response.status == 200
            broker._process.send_signal(signal.SIGCONT)
            await until_status(client, setup, 202, acknowledged)
            assert await away(client) == []
            broker.kill()
            await until_status(client, setup, 503, acknowledged)
            assert await away(client) == ["kafka"]
            await asyncio.to_thread(broker.start)
            await until_status(client, setup, 202, acknowledged)
    finally:
        revive(broker)
    values = b"\n".join(harness.values(harness.topics.shipments))
    assert [number for number in acknowledged if b'"e-%d"' % number not in values] == []
    assert len(acknowledged) >= 2


async def test_missing_topic_is_an_outage_too(broker: Broker, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Where there is no shipments topic nothing can be published, and the gateway lives."""
    setup = GatewaySetup(tmp_path, broker.address, "no-such-prefix")
    async with setup.serving(publish_seconds=1) as client:
        assert await publish(client, setup, 1) == 503
        assert await away(client) == ["kafka"]
        await asyncio.to_thread(wait_for, lambda: "is missing" in caplog.text, "a word on the topic")
    assert "no-such-prefix.shipments.v1 is missing: run `tallygate topics check`" in caplog.text
