"""The clients of `docs/generated-clients.md`, made and used as the page says, on a real gateway, Kafka and Redis."""

import asyncio
import json
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from aiohttp import ClientSession

from agents.readmodel.writing import Writer
from tests.clients.making import PAGE, fenced, generate, prepared, typed
from tests.integration.gateway.gateway_setup import GatewaySetup, port_of
from tests.kafka.harness import KafkaHarness
from tests.redis.events import decision
from tests.redis.server import RedisServer
from tests.unit.readmodel.filling import fill

pytestmark = [pytest.mark.clients, pytest.mark.kafka, pytest.mark.redis, pytest.mark.slow]

BILL = "ACME00000017"
PROGRAMS = {"Python": ("python", "publish.py"), "TypeScript": ("ts", "publish.mts")}
ACCEPTED, REFUSED = fenced("Python", "text")


@pytest.fixture
async def setup(harness: KafkaHarness, redis_server: RedisServer, tmp_path: Path) -> GatewaySetup:
    """Return a gateway whose read model has the bill that the programs ask for, and is up to date."""
    prefix = harness.topics.prefix
    async with Writer(redis_server.store(prefix)) as writer:
        await fill(writer, [decision(BILL, "air:AF0066:2025-08-20")])
        tomorrow = datetime.now(UTC) + timedelta(days=1)
        await writer._redis.hset(f"{{{prefix}}}:v2:positions", "fresh:decisions/0", int(tomorrow.timestamp() * 1_000))
    return GatewaySetup(tmp_path, harness.broker.address, prefix, redis_server.url)


async def found_kafka(client: ClientSession) -> None:
    """Return once the gateway takes events."""
    while True:
        async with client.get("/readyz?exclude=redis&exclude=freshness") as response:
            if response.status == 200:
                return
        await asyncio.sleep(0.05)


@pytest.fixture(params=PROGRAMS)
def commands(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[str], str]:
    """Generate a client, save the program that uses it, and return the commands that run it at an address."""
    language, name = PROGRAMS[request.param]
    generate(request.param, prepared(tmp_path))
    (program,) = fenced(request.param, language)
    (tmp_path / name).write_text(program)
    run = fenced(request.param, "sh")[-1]
    return lambda address: run.replace("http://localhost:8080", address).replace("npx ", "")


async def test_generated_client_publishes_and_asks(
    harness: KafkaHarness, setup: GatewaySetup, commands: Callable[[str], str], tmp_path: Path
) -> None:
    """The program prints what the page shows; its events are in Kafka; a wrong event is refused in the page's words."""
    (tmp_path / "token").write_text(setup.make_token("both", ["publish", "scan"]))
    async with setup.serving() as client:
        await found_kafka(client)
        script = commands(f"http://127.0.0.1:{port_of(client)}")
        right = await asyncio.to_thread(typed, script, tmp_path)
        assert (right.stdout, right.stderr, right.returncode) == (ACCEPTED, "", 0)
        wrong = await asyncio.to_thread(typed, script.replace("air:AF0066:2025-08-20", "'AF 66'"), tmp_path)
        assert (wrong.stdout, wrong.stderr, wrong.returncode) == ("", REFUSED, 1)
    events = [
        json.loads(value or b"") for rows in harness.read(harness.topics.shipments).values() for *_, value in rows
    ]
    assert Counter(event["id"] for event in events) == {"e-1": 2, "e-2": 1}


def test_page_has_one_program_for_each_generator() -> None:
    """The page's sections are those that are tested, so none of its programs goes unused."""
    assert {title for title in PROGRAMS if f"\n## {title}\n" in PAGE} == set(PROGRAMS)
    assert PAGE.count("\n```python\n") + PAGE.count("\n```ts\n") == len(PROGRAMS)
