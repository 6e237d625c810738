"""Many publishers at once, and a gateway that is killed under them: what was acknowledged is there, in order."""

import asyncio
import json
from collections import defaultdict
from pathlib import Path

import pytest
from aiohttp import ClientError, ClientSession

from tests.integration.gateway.gateway_setup import GatewayProcess, GatewaySetup
from tests.integration.gateway.test_ingest import BATCH, SINGLE, arrival
from tests.kafka.broker import free_ports
from tests.kafka.harness import KafkaHarness
from tests.waiting import HANG_SECONDS

pytestmark = pytest.mark.kafka

PUBLISHERS = 6
BATCHES = 25
EVENTS = 10


class Publishing:
    """One fulfilment system: batches of its own conveyance, one after another, each until it is acknowledged."""

    def __init__(self, name: str) -> None:
        self.conveyance = f"air:{name}"
        self.acknowledged = 0
        """Batches."""
        self.repeated = 0
        """Batches that were sent again, since it was not known what had become of them."""

    async def run(self, client: ClientSession, setup: GatewaySetup) -> None:
        """Publish all; raise TimeoutError when it takes too long."""
        headers = setup.bearer("publish") | {"Content-Type": BATCH}
        async with asyncio.timeout(HANG_SECONDS):
            while self.acknowledged < BATCHES:
                if await self._sent(client, headers):
                    self.acknowledged += 1
                else:
                    self.repeated += 1
                    await asyncio.sleep(0.1)

    async def _sent(self, client: ClientSession, headers: dict[str, str]) -> bool:
        first = self.acknowledged * EVENTS
        batch = [arrival(self.conveyance, number) for number in range(first, first + EVENTS)]
        try:
            async with client.post("/v1/events", json=batch, headers=headers) as response:
                assert response.status in {202, 503}
                return response.status == 202
        except ClientError:
            return False


def arrived(harness: KafkaHarness) -> dict[str, list[int]]:
    """Return the numbers of the events in the topic by conveyance, in its order."""
    found = defaultdict(list)
    for value in harness.values(harness.topics.shipments):
        event = json.loads(value)
        found[event["data"]["conveyance"]].append(int(event["id"].removeprefix("e-")))
    return found


async def test_publishers_side_by_side_each_keep_their_order(harness: KafkaHarness, tmp_path: Path) -> None:
    """Batches of many publishers at once are all there, each conveyance in the order in which it was sent."""
    setup = GatewaySetup(tmp_path, harness.broker.address, harness.topics.prefix)
    publishers = [Publishing(str(number)) for number in range(PUBLISHERS)]
    async with setup.serving() as client:
        await asyncio.gather(*(each.run(client, setup) for each in publishers))
    found = arrived(harness)
    assert found == {each.conveyance: list(range(BATCHES * EVENTS)) for each in publishers}


async def test_many_publishers_of_one_conveyance_are_all_served(harness: KafkaHarness, tmp_path: Path) -> None:
    """Hundreds of requests at once for one partition are all acknowledged; none waits so long that it is given up."""
    setup = GatewaySetup(tmp_path, harness.broker.address, harness.topics.prefix)
    async with setup.serving(requests_per_second=9999, requests_burst=9999, open_bodies=500) as client:
        await Publishing("first").run(client, setup)
        headers = setup.bearer("publish") | {"Content-Type": SINGLE}

        async def publish(number: int) -> int:
            async with client.post("/v1/events", json=arrival("air:busy", number), headers=headers) as response:
                return response.status

        statuses = [
            await asyncio.gather(*(publish(number) for number in range(start, start + 300))) for start in (0, 300)
        ]
    assert {status for each in statuses for status in each} == {202}
    assert sorted(arrived(harness)["air:busy"]) == list(range(600))


async def test_killed_gateway_loses_nothing_acknowledged(harness: KafkaHarness, tmp_path: Path) -> None:
    """After a gateway was killed twice every event is there in order; what was not acknowledged may be there again."""
    setup = GatewaySetup(tmp_path, harness.broker.address, harness.topics.prefix)
    (port,) = free_ports(1)
    publishers = [Publishing(str(number)) for number in range(PUBLISHERS)]
    async with ClientSession(f"http://127.0.0.1:{port}") as client:
        running = asyncio.gather(*(each.run(client, setup) for each in publishers))
        for kill_at in (BATCHES // 4, BATCHES // 2, None):
            log = tmp_path / f"log-{kill_at}"
            with GatewayProcess(setup, log, gateway__port=str(port)) as process:
                while not running.done() and (kill_at is None or publishers[0].acknowledged < kill_at):
                    await asyncio.sleep(0.01)
                    assert process.process.poll() is None
                if kill_at is None:
                    await running
                    assert process.stop() == 0
                else:
                    process.process.kill()
    found = arrived(harness)
    for each in publishers:
        numbers = found[each.conveyance]
        first_seen = list(dict.fromkeys(numbers))
        assert first_seen == list(range(BATCHES * EVENTS))
        assert len(numbers) - len(first_seen) <= each.repeated * EVENTS
    assert sum(each.repeated for each in publishers) > 0
