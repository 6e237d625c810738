"""Under pressure: bodies that hold their place, answers that no client takes, and bytes at random."""

import asyncio
import contextlib
import socket
from pathlib import Path
from random import Random

import pytest

from agents.gateway.http import client_connection
from agents.readmodel.store import StoreSettings
from agents.readmodel.writing import Writer
from tests.integration.gateway.gateway_setup import GatewaySetup, port_of, setup_on
from tests.integration.gateway.wire import head, say
from tests.redis.events import DAY, decision
from tests.unit.readmodel.filling import fill
from tests.waiting import HANG_SECONDS

MEDIA = "Content-Type: application/cloudevents+json"
BILLS = 1_000


async def test_bodies_beyond_those_allowed_are_told_to_wait(tmp_path: Path) -> None:
    """While as many bodies are being read as may be, the next publisher is told when to come back, not kept waiting."""
    setup = GatewaySetup(tmp_path)
    headers = setup.bearer("publish") | {"Content-Type": "application/cloudevents+json"}
    slow = head("POST /v1/events", MEDIA, "Content-Length: 2", "Connection: close", token=setup.tokens["publish"])
    async with setup.serving(open_bodies=2) as client:
        opened = [await asyncio.open_connection("127.0.0.1", port_of(client)) for _ in range(2)]
        for _reader, writer in opened:
            writer.write(slow + b"{")
        status, wait, title = 0, "", ""
        while status != 503:
            async with client.post("/v1/events", data=b"{}", headers=headers) as response:
                status, wait = response.status, response.headers.get("Retry-After", "")
                title = (await response.json(content_type=None))["title"]
        assert (wait, title) == ("1", "Busy")
        for reader, writer in opened:
            writer.write(b"}")
            assert (await reader.read()).startswith(b"HTTP/1.1 400 ")
            writer.close()
        async with client.post("/v1/events", data=b"{}", headers=headers) as response:
            assert response.status == 400


@pytest.mark.redis
async def test_answer_that_nobody_takes_is_let_go(
    tmp_path: Path, store: StoreSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A client that asks for much and does not read it is cut off, and what was meant for it is let go."""
    monkeypatch.setattr(client_connection, "ANSWER_SECONDS", 0.5)
    setup = setup_on(tmp_path, store)
    async with Writer(store) as writer:
        await fill(writer, [decision(f"ACME{number:05}", minutes=number) for number in range(BILLS)])
    path = f"/v1/consignees/na2:a/days/{DAY}?limit={BILLS}"
    async with setup.serving() as client:
        async with client.get(path, headers=setup.bearer("audit")) as response:
            whole = len(await response.read())
        with socket.socket() as lazy:
            lazy.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
            lazy.setblocking(False)
            loop = asyncio.get_running_loop()
            await loop.sock_connect(lazy, ("127.0.0.1", port_of(client)))
            await loop.sock_sendall(lazy, head(f"GET {path}", token=setup.tokens["audit"]))
            await asyncio.sleep(1.5)
            taken = await _take_all(lazy)
    assert taken < whole
    assert whole > 500_000


async def _take_all(lazy: socket.socket) -> int:
    """Read until the connection ends; return how many bytes there were."""
    taken = 0
    with contextlib.suppress(ConnectionResetError):
        async with asyncio.timeout(HANG_SECONDS):
            while part := await asyncio.get_running_loop().sock_recv(lazy, 65_536):
                taken += len(part)
    return taken


async def test_bytes_at_random_do_no_harm(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Requests with bytes changed, left out or doubled at random get an answer below 500 or none; nothing fails."""
    random = Random(7)
    setup = GatewaySetup(tmp_path)
    body = b'{"consignee":{"identifier_type":"EI","identifier":"1"},"value_cents":1,"day":"2025-08-20"}'
    length = f"Content-Length: {len(body)}"
    closing = "Connection: close"
    media = "Content-Type: application/json"
    good = [
        head("POST /v1/headroom", media, length, closing, token=setup.tokens["plan"]) + body,
        head("POST /session", media, length, closing) + body,
        head("GET /v1/consignees/na2:a/days/2025-08-20?limit=5&after=1", closing, token=setup.tokens["audit"]),
        head("POST /v1/events", MEDIA, "Transfer-Encoding: chunked", closing, token=setup.tokens["publish"])
        + b"5a\r\n" + body + b"\r\n0\r\n\r\n",
    ]  # fmt: skip
    statuses = set()
    async with setup.serving(idle_seconds=1, body_seconds=1, requests_per_second=9999, requests_burst=9999) as client:
        address = str(client._base_url)
        statuses |= {(await say(address, each)).status for each in good}
        for _ in range(3):
            heard = await asyncio.gather(*(say(address, _spoilt(random, random.choice(good))) for _ in range(100)))
            statuses |= {each.status for each in heard}
        async with client.get("/livez") as response:
            assert response.status == 200
    # What is spoilt may be the version.
    assert {status for status in statuses if status >= 500} <= {503, 505}
    assert {400, 401, 503} <= statuses
    ours = [record for record in caplog.records if record.name.startswith(("agents.", "aiohttp"))]
    assert [record.getMessage() for record in ours if record.levelname in {"ERROR", "CRITICAL"}] == []


def _spoilt(random: Random, request: bytes) -> bytes:
    """Change a few bytes of a request."""
    made = bytearray(request)
    for _ in range(random.randrange(1, 4)):
        at = random.randrange(len(made))
        match random.randrange(3):
            case 0:
                made[at] = random.randrange(256)
            case 1:
                del made[at : at + random.randrange(1, 9)]
            case _:
                made[at:at] = made[at : at + random.randrange(1, 40)]
    return bytes(made)
