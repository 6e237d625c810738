"""`docs/client.md` on a real gateway, Kafka and Redis: each program prints what the page shows, and resumes exactly."""

import asyncio
import json
import os
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

import agents.tallygate_client as module
from agents.gateway.live.streams import GOING_AWAY
from agents.readmodel.writing import Writer
from agents.tallygate_client import AsyncClient, Client, NotAllowedError
from tests.integration.gateway_live.decision_writer import told
from tests.integration.gateway_live.live_gateway import LiveGateway, live_gateway_on, until
from tests.integration.tallygate_client.environment import fenced
from tests.kafka.harness import KafkaHarness
from tests.prerequisites import ROOT
from tests.redis.events import decision
from tests.redis.server import RedisServer
from tests.unit.readmodel.filling import fill

pytestmark = [pytest.mark.kafka, pytest.mark.redis]

BILL, CONVEYANCE = "ACME00000017", "air:AF0066:2025-08-20"


class Typed:
    """What is typed in a folder of its own, where the client has its own name."""

    def __init__(self, folder: Path, running: LiveGateway) -> None:
        self.folder = folder
        self._running = running
        (folder / "tallygate_client").symlink_to(Path(module.__file__).parent)
        self.token = running.setup.make_token("both", ["publish", "scan"])

    @contextmanager
    def started(self, command: str, name: str, program: str, *words: str) -> Iterator["subprocess.Popen[str]"]:
        """Save a program and start it; it is killed when the block ends."""
        (self.folder / name).write_text(program)
        path = [str(self.folder), *filter(None, [os.environ.get("PYTHONPATH")])]
        with subprocess.Popen(
            [command, name, *words], cwd=self.folder, env={**os.environ, "PYTHONPATH": os.pathsep.join(path)},
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        ) as process:  # fmt: skip
            try:
                yield process
            finally:
                process.kill()

    async def run(self, title: str, *words: str) -> tuple[int, str, str]:
        """Run the Python program of a section to its end; return its status and what it said."""
        (program,) = fenced(title, "python")
        with self.started(sys.executable, "program.py", program, self._running.address, self.token, *words) as process:
            said, complained = await asyncio.to_thread(process.communicate)
        return process.returncode, said, complained


@asynccontextmanager
async def typing(harness: KafkaHarness, redis: RedisServer, folder: Path) -> AsyncIterator[tuple[LiveGateway, Typed]]:
    """Return a gateway whose read model has the page's bill and is up to date, and a folder for the programs."""
    prefix = harness.topics.prefix
    async with Writer(redis.store(prefix)) as writer:
        await fill(writer, [decision(BILL, CONVEYANCE)])
        tomorrow = datetime.now(UTC) + timedelta(days=1)
        await writer._redis.hset(f"{{{prefix}}}:v2:positions", "fresh:decisions/0", int(tomorrow.timestamp() * 1_000))
    work = folder / "work"
    work.mkdir()
    async with live_gateway_on(harness, redis, folder) as running:
        typed = Typed(work, running)
        await is_known(running.address, typed.token)
        yield running, typed


async def is_known(address: str, token: str) -> None:
    """Wait until a gateway has read a token that was just made: it looks once a second."""
    async with AsyncClient(address, token) as client:
        while True:
            with suppress(NotAllowedError):
                await client.bill(BILL)
                return
            await asyncio.sleep(0.05)


def published(harness: KafkaHarness) -> Counter[str]:
    """Return how often each event is in the shipments topic, by its id."""
    rows = [row for rows in harness.read(harness.topics.shipments).values() for row in rows]
    return Counter(json.loads(value or b"")["id"] for *_, value in rows)


async def test_programs_publish_and_ask_as_the_page_shows(
    harness: KafkaHarness, redis_server: RedisServer, tmp_path: Path
) -> None:
    """What is printed is what the page shows, for what is wrong too, and the events are in Kafka once."""
    accepted, refused = fenced("Publish", "text")
    async with typing(harness, redis_server, tmp_path) as (_, typed):
        assert await typed.run("Publish", CONVEYANCE) == (0, accepted, "")
        assert await typed.run("Publish", "AF 66") == (1, "", refused)
        assert await typed.run("Ask for a bill", BILL) == (0, fenced("Ask for a bill", "text")[0], "")
        assert await typed.run("Ask for a bill", "ACME404") == (1, "", "ACME404 is unknown\n")
        (program,) = fenced("Straight to Kafka", "python")
        words = (harness.broker.address, harness.topics.shipments)
        with typed.started(sys.executable, "kafka.py", program, *words) as process:
            assert await asyncio.to_thread(process.communicate) == (accepted, "")
        with typed.started(sys.executable, "kafka.py", program, words[0], "no-such-topic") as process:
            said, complained = await asyncio.to_thread(process.communicate)
        assert (said, "RefusedError: no topic: no no-such-topic at" in complained) == ("", True)
    assert published(harness) == {"e-1": 1, "e-2": 1, "e-3": 2}


async def kept_by(process: "subprocess.Popen[str]", kept: Path, last: Callable[[], bytes]) -> None:
    """Wait until a program that runs has kept this id; empty: any."""

    def has() -> bool:
        return kept.exists() and last() in {b"", kept.read_bytes().strip()}

    await until(lambda: has() or process.poll() is not None, "the id to be kept")
    assert has(), process.communicate()


async def lines_of(process: "subprocess.Popen[str]", count: int) -> list[str]:
    """Return so many lines of what a program prints."""
    assert process.stdout is not None
    read = process.stdout.readline
    return [(await asyncio.to_thread(read)).rstrip("\n") for _ in range(count)]


def expected(numbers: range, *outcomes: str) -> list[str]:
    """Return what a program prints of these decisions, in any order."""
    actions = {"withhold": "HOLD", "release": "GO", "clear": "WAIT", "reject": "STOP"}
    found = [told(number).data for number in numbers]
    return sorted(f"{each.bill} {actions[each.outcome]}" for each in found if not outcomes or each.outcome in outcomes)


async def test_follower_of_the_page_resumes_where_it_stopped(
    harness: KafkaHarness, redis_server: RedisServer, tmp_path: Path
) -> None:
    """Killed while nothing waits and started again after more decisions, it prints each of them once."""
    (program,) = fenced("Follow decisions", "python")
    async with typing(harness, redis_server, tmp_path) as (running, typed):
        kept = typed.folder / "last-id"
        for first in (0, 120):
            words = (running.address, typed.token)
            with typed.started(sys.executable, "follow.py", program, *words) as process:
                if not first:
                    await kept_by(process, kept, bytes)
                    await running.commit(120)
                wanted = expected(range(first, first + 120), "withhold", "reject")
                assert sorted(await lines_of(process, len(wanted))) == wanted
                await kept_by(process, kept, lambda: running.live.feed.window.id)
            if not first:
                await running.commit(120)


@pytest.mark.parametrize("kind", ["sync", "async"])
async def test_nothing_is_missing_or_twice_over_interruptions(
    kind: str, harness: KafkaHarness, redis_server: RedisServer, tmp_path: Path
) -> None:
    """Streams that the gateway ends again and again, while decisions come: the client hands each out once, in order."""
    found: list[dict[str, Any]] = []
    async with live_gateway_on(harness, redis_server, tmp_path) as running:
        reference = running.subscriber(scope="scan")
        await until(lambda: reference.start, "the subscriber to begin")
        following = asyncio.create_task(follow(kind, running, reference.start, found, 600))
        for _ in range(6):
            await running.commit(100)
            running.live.streams.end_all(GOING_AWAY)
        await following
        await until(lambda: len(reference.told) == 600, "the subscriber to have all")
    assert by_bill(found) == by_bill(reference.told)


async def follow(kind: str, running: LiveGateway, after: str, found: list[dict[str, Any]], count: int) -> None:
    """Follow until so many decisions have come."""
    token = running.setup.tokens["scan"]
    if kind == "async":
        async with AsyncClient(running.address, token) as client:
            async for each in client.decisions(after=after):
                found.append(dict(each))
                if len(found) == count:
                    return

    def read() -> None:
        with Client(running.address, token) as client:
            for each in client.decisions(after=after):
                found.append(dict(each))
                if len(found) == count:
                    return

    await asyncio.to_thread(read)


def by_bill(decisions: list[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    """Return decisions by bill: only those of one bill have an order."""
    found: dict[str, list[dict[str, Any]]] = {}
    for each in decisions:
        found.setdefault(each["bill"], []).append(each)
    return found


@pytest.mark.node
async def test_program_for_node(harness: KafkaHarness, redis_server: RedisServer, tmp_path: Path) -> None:
    """It publishes a file, asks, prints decisions as they come, and after a kill goes on where it stopped."""
    (program,) = fenced("From Node.js", "js")
    node = shutil.which("node") or ""
    async with typing(harness, redis_server, tmp_path) as (running, typed):
        events = str(ROOT / "docs" / "examples" / "three-parcels.jsonl")
        words = (node, "tallygate.mjs", program, running.address, typed.token, events)
        kept = typed.folder / "last-id"
        with typed.started(*words) as process:
            assert await lines_of(process, 2) == ["accepted 4", f"{BILL} GO"]
            await kept_by(process, kept, bytes)
            await running.commit(60)
            assert sorted(await lines_of(process, 60)) == expected(range(60))
            await kept_by(process, kept, lambda: running.live.feed.window.id)
        await running.commit(60)
        with typed.started(*words) as process:
            assert (await lines_of(process, 2))[0] == "accepted 4"
            assert sorted(await lines_of(process, 60)) == expected(range(60, 120))
    assert set(published(harness).values()) == {2}
