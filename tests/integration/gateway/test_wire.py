"""What comes over the wire that should not: smuggled, slow, too large, too much; refused, and nothing leaks."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession

from agents.gateway.http import client_connection
from agents.readmodel.queries import ReadModel
from tests.integration.gateway.gateway_setup import GatewaySetup, port_of
from tests.integration.gateway.wire import head, say

CANARY = "canarina"
CHUNKED = "Transfer-Encoding: chunked"


@pytest.fixture
def setup(tmp_path: Path) -> GatewaySetup:
    return GatewaySetup(tmp_path)


def address_of(client: ClientSession) -> str:
    return str(client._base_url)


@pytest.mark.parametrize(
    "headers",
    [
        ("Content-Length: 5", "Content-Length: 6"), ("Content-Length: 5", "Content-Length: 5"),
        ("Content-Length: 5", CHUNKED), (CHUNKED, "Content-Length: 5"), (CHUNKED, CHUNKED),
        ("Transfer-Encoding: chunked, identity",), ("Transfer-Encoding: xchunked",), ("Transfer-Encoding : chunked",),
        ("Content-Length: +5",), ("Content-Length: 0x5",), ("Content-Length: 5, 6",), ("X-A: b\x00c",),
        (f"X-A: b\rX-{CANARY}: c",), (f"{CANARY} folded: b",), ("Bad(Name): x",),
    ],
    ids=str,
)  # fmt: skip
async def test_ambiguous_heads_are_refused(
    setup: GatewaySetup, headers: tuple[str, ...], caplog: pytest.LogCaptureFixture
) -> None:
    """A head that may be read in two ways gets one problem that quotes nothing; what stands behind it is never read."""
    caplog.set_level("DEBUG")
    behind = head("GET /livez")
    async with setup.serving() as client:
        heard = await say(address_of(client), head("POST /v1/events", *headers, token=setup.tokens["publish"]) + behind)
    assert (heard.status, heard.answers) == (400, 1)
    assert "application/problem+json" in heard.text
    assert CANARY not in heard.text + caplog.text


@pytest.mark.parametrize("line", ["GET /livez HTTP/9.9", "GET\t/livez HTTP/1.1", "\x16\x03\x01", "get /livez HTTP/1.1"])
async def test_what_is_not_http_gets_a_problem(setup: GatewaySetup, line: str) -> None:
    """Also what cannot be read at all is answered as any error is, without the name of our software."""
    async with setup.serving() as client:
        heard = await say(address_of(client), f"{line}\r\nHost: gate\r\n\r\n".encode())
    assert heard.status == 400
    assert json.loads(heard.text.partition("\r\n\r\n")[2])["status"] == 400
    assert "aiohttp" not in heard.text
    assert "python" not in heard.text.casefold()


LINES = (
    "GET /livez RTSP/1.0", "POST /v1/events RTSP/1.0", "SOURCE /livez ICE/1.0", "GET  /livez HTTP/1.1",
    "GET /livez  HTTP/1.1", " GET /livez HTTP/1.1", "GET /livez HTTP/1.1 ", "GET /livez HTTP/1.1 HTTP/1.1",
)  # fmt: skip


@pytest.mark.parametrize("before", [b"", b"\r\n", head("GET /livez")], ids=["first", "after an empty line", "second"])
async def test_other_protocols_and_more_spaces_are_refused(setup: GatewaySetup, before: bytes) -> None:
    """A request line has three words with one space between, the last of them HTTP, whole or in two pieces."""
    good = before.count(b"livez")
    async with setup.serving() as client:
        for line in LINES:
            bad = f"{line}\r\nHost: gate\r\nConnection: close\r\n\r\n".encode()
            for pieces in ((bad,), (bad[:9], bad[9:])):
                heard = await say(address_of(client), before, *pieces, pause=0.05)
                assert heard.answers == good + 1, pieces
                assert json.loads(heard.text.rpartition("\r\n\r\n")[2])["status"] == 400, pieces


async def test_requests_that_are_sent_ahead_are_answered(setup: GatewaySetup) -> None:
    """However they are cut into pieces, those that wait behind another are read as they are."""
    ahead = head("GET /livez") * 3 + head("POST /v1/events", "Content-Length: 4") + b"\r\n\r\n" + head("GET /livez")
    ahead += head("GET /livez", "Connection: close")
    async with setup.serving() as client:
        for size in (len(ahead), 1, 7, 20, 33, 50):
            pieces = [ahead[at : at + size] for at in range(0, len(ahead), size)]
            heard = await say(address_of(client), *pieces, pause=0.001)
            assert [heard.text.count(each) for each in ("HTTP/1.1 200", "HTTP/1.1 401")] == [5, 1], size


@pytest.mark.parametrize(
    "request_head",
    [
        head("GET /" + "a" * 10_000),
        head("GET /livez", "X-Long: " + "a" * 10_000),
        head("GET /livez", *[f"X-{number}: a" for number in range(200)]),
    ],
    ids=["line", "header", "headers"],
)
async def test_large_heads_are_refused(setup: GatewaySetup, request_head: bytes) -> None:
    """A line, a header or a number of headers beyond all use is refused."""
    async with setup.serving() as client:
        assert (await say(address_of(client), request_head)).status == 400


async def test_slow_head_is_cut_off(setup: GatewaySetup) -> None:
    """A client that sends its head byte by byte, or nothing at all, loses the connection, and others are served."""
    async with setup.serving(idle_seconds=1) as client:
        slow = [b"G", b"ET /livez HTTP/1.1\r\n", *[b"X-A: b\r\n"] * 60]
        waiting = [asyncio.create_task(say(address_of(client), *each, pause=0.05)) for each in (slow, [b""])]
        async with client.get("/livez") as response:
            assert response.status == 200
        assert [heard.text for heard in await asyncio.gather(*waiting)] == ["", ""]


async def test_slow_body_is_given_up(setup: GatewaySetup) -> None:
    """A body that does not come in time gets 408 and the end of the connection."""
    token = setup.tokens["publish"]
    lines = head("POST /v1/events", "Content-Type: application/cloudevents+json", "Content-Length: 50", token=token)
    async with setup.serving(body_seconds=1) as client:
        heard = await say(address_of(client), lines, b"{")
    assert (heard.status, heard.answers) == (408, 1)


@pytest.mark.parametrize("told", [True, False])
async def test_large_body_is_refused(setup: GatewaySetup, told: bool) -> None:
    """Beyond the limit it is 413, whether the length was stated or not, before all of it was read."""
    length = "Content-Length: 3000000" if told else CHUNKED
    media = "Content-Type: application/cloudevents+json"
    request = head("POST /v1/events", media, length, "Connection: close", token=setup.tokens["publish"])
    chunk = b"a" * 300_000 if told else b"493e0\r\n" + b"a" * 300_000 + b"\r\n"
    async with setup.serving(body_mib=1) as client:
        heard = await say(address_of(client), request, *[chunk] * 5)
    assert (heard.status, heard.answers) == (413, 1)


async def test_compressed_body_is_refused(setup: GatewaySetup) -> None:
    """Nothing but gzip is unpacked."""
    headers = setup.bearer("publish") | {"Content-Type": "application/cloudevents+json", "Content-Encoding": "br"}
    async with setup.serving() as client, client.post("/v1/events", data=b"\x0b\x80", headers=headers) as response:
        assert response.status == 415


async def test_too_many_connections_are_closed(setup: GatewaySetup) -> None:
    """Beyond so many connections a further one is closed at once; when one has gone there is room again."""
    async with setup.serving(connections=2) as client:
        address = address_of(client)
        holders = [await asyncio.open_connection("127.0.0.1", port_of(client)) for _ in range(2)]
        await asyncio.sleep(0.1)
        assert (await say(address, head("GET /livez", "Connection: close"))).text == ""
        for _reader, writer in holders:
            writer.close()
        heard = await say(address, head("GET /livez", "Connection: close"))
        for _ in range(100):
            if heard.status == 200:
                break
            await asyncio.sleep(0.05)
            heard = await say(address, head("GET /livez", "Connection: close"))
    assert heard.status == 200


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/nowhere", 404), ("GET", "/v1/bills/", 404), ("DELETE", "/v1/events", 405), ("PATCH", "/livez", 405)],
)
async def test_what_is_not_there_is_a_problem(setup: GatewaySetup, method: str, path: str, status: int) -> None:
    """Unknown addresses and methods are problems as well; 405 says what is allowed."""
    async with setup.serving() as client, client.request(method, path) as response:
        assert response.status == status
        assert response.content_type == "application/problem+json"
        assert (await response.json(content_type=None))["status"] == status
        assert ("Allow" in response.headers) == (status == 405)


async def test_failure_inside_tells_nothing(
    setup: GatewaySetup, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """An unexpected error is 500 without detail; the log says where, and not what the error quotes."""

    async def fail(_self: Any, _bill: str) -> None:
        raise ValueError(CANARY)

    monkeypatch.setattr(ReadModel, "bill", fail)
    async with setup.serving() as client, client.get("/v1/bills/ACME0001", headers=setup.bearer("scan")) as response:
        assert response.status == 500
        assert CANARY not in await response.text()
    assert "ValueError" in caplog.text
    assert "answering.py" in caplog.text
    assert CANARY not in caplog.text


async def test_every_answer_has_the_security_headers(setup: GatewaySetup) -> None:
    """Success or problem: no sniffing, no framing, no scripts, no caches, no word on our software."""
    async with setup.serving() as client:
        for path in ("/livez", "/nowhere", "/v1/bills/ACME0001", "/openapi.json", "/metrics"):
            async with client.get(path) as response:
                found = response.headers
                assert found["X-Content-Type-Options"] == "nosniff"
                assert "frame-ancestors 'none'" in found["Content-Security-Policy"]
                assert found["Cache-Control"] == "no-store"
                assert "Server" not in found
    assert client_connection.LINGER_SECONDS < 5
