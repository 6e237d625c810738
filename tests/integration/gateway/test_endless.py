"""What has no end is cut off: bodies, chunks, trailers and heads, on a real socket; and other versions of HTTP."""

import asyncio
import json
import socket
import zlib
from itertools import repeat
from pathlib import Path

import pytest

from tests.integration.gateway.gateway_setup import GatewaySetup, port_of
from tests.integration.gateway.wire import head, say

MEDIA = "Content-Type: application/cloudevents+json"
PACKED = "Content-Encoding: gzip"
CHUNKED = "Transfer-Encoding: chunked"
CHUNK = b"10000\r\n" + b"a" * 65_536 + b"\r\n"
TAKEN_MAX = 16_000_000
"""The limit of a body, what is let go after it, and what the buffers of both ends may hold."""
ENOUGH = 200_000_000


def pour(port: int, first: bytes, endless: bytes) -> tuple[int, bytes]:
    """Send without reading until the other end has had enough; return how much was sent, and the answer."""
    sent = 0
    with socket.create_connection(("127.0.0.1", port)) as line:
        try:
            line.sendall(first)
            for piece in repeat(endless):
                line.sendall(piece)
                sent += len(piece)
                if sent > ENOUGH:
                    return sent, b""
        except OSError:
            pass
        answer = b""
        try:
            while part := line.recv(65_536):
                answer += part
        except OSError:
            pass
    return sent, answer


@pytest.mark.parametrize(
    ("line", "scope", "status"),
    [
        ("POST /v1/events", "publish", 413),
        ("POST /v1/events", "scan", 403),
        ("POST /v1/headroom", "plan", 413),
        ("POST /session", "", 413),
        ("POST /nowhere", "", 404),
        ("GET /livez", "", 200),
    ],
)
async def test_endless_body_is_cut_off(tmp_path: Path, line: str, scope: str, status: int) -> None:
    """Whatever is asked, and by whom, the answer comes and then the end; others are served meanwhile."""
    setup = GatewaySetup(tmp_path)
    first = head(line, MEDIA, CHUNKED, token=setup.tokens.get(scope, ""))
    async with setup.serving(body_mib=1) as client:
        sent, answer = await asyncio.to_thread(pour, port_of(client), first, CHUNK)
        async with client.get("/livez") as response:
            assert response.status == 200
    assert sent < TAKEN_MAX
    assert answer.split(b" ")[1] == b"%d" % status


async def test_bomb_is_cut_off_long_before_its_end(tmp_path: Path) -> None:
    """A body that unpacks to more than the limit is refused when it does, though its sender has not finished."""
    setup = GatewaySetup(tmp_path)
    packing = zlib.compressobj(wbits=31)
    bomb = packing.compress(bytes(4_000_000)) + packing.flush(zlib.Z_SYNC_FLUSH)
    asked = head("POST /v1/events", MEDIA, PACKED, CHUNKED, token=setup.tokens["publish"])
    async with setup.serving(body_mib=1) as client:
        heard = await say(str(client._base_url), asked + b"%x\r\n%b\r\n" % (len(bomb), bomb))
        async with client.get("/livez") as response:
            assert response.status == 200
    assert len(bomb) < 10_000
    assert heard.status == 413


async def test_packed_body_without_an_end_is_cut_off(tmp_path: Path) -> None:
    """Blocks that unpack to nothing have no end of their own; the limit of a body is theirs too."""
    setup = GatewaySetup(tmp_path)
    nothing = b"\0\0\0\xff\xff" * 13_000
    first = b"a\r\n\x1f\x8b\x08\0\0\0\0\0\0\xff\r\n"
    asked = head("POST /v1/events", MEDIA, PACKED, CHUNKED, token=setup.tokens["publish"]) + first
    async with setup.serving(body_mib=1) as client:
        chunk = b"%x\r\n%b\r\n" % (len(nothing), nothing)
        sent, answer = await asyncio.to_thread(pour, port_of(client), asked, chunk)
    assert sent < TAKEN_MAX
    assert answer.split(b" ")[1] == b"413"


@pytest.mark.parametrize(
    ("first", "endless"),
    [
        (b"5;", b"a" * 65_536),
        (b"", b"0" * 65_536),
        (b"0\r\n", b"X-A: b\r\n" * 8_192),
        (b"0\r\nX-A: ", b"a" * 65_536),
    ],
    ids=["extension", "length", "trailers", "trailer"],
)
async def test_endless_words_about_chunks_are_cut_off(tmp_path: Path, first: bytes, endless: bytes) -> None:
    """What stands between chunks has an end too."""
    setup = GatewaySetup(tmp_path)
    asked = head("POST /v1/events", MEDIA, CHUNKED, token=setup.tokens["publish"]) + first
    async with setup.serving(body_mib=1) as client:
        sent, _answer = await asyncio.to_thread(pour, port_of(client), asked, endless)
    assert sent < TAKEN_MAX


@pytest.mark.parametrize("first", [b"GET /", b"GET /livez HTTP/1.1\r\nX-A: ", b"", b"GET /livez HTTP/1.1\r\n"])
async def test_endless_head_is_cut_off(tmp_path: Path, first: bytes) -> None:
    """Neither a line nor lines without end are read on."""
    endless = b"X-A: b\r\n" * 8_192 if first.endswith(b"\n") else b"a" * 65_536
    async with GatewaySetup(tmp_path).serving() as client:
        sent, answer = await asyncio.to_thread(pour, port_of(client), first, endless)
    assert sent < TAKEN_MAX
    assert answer.split(b" ")[1:2] in ([b"400"], [])


@pytest.mark.parametrize(
    "line",
    ["GET /livez", "GET /livez HTTP/0.9", "GET /livez HTTP/2.0", "GET /openapi.json", "POST /v1/events HTTP/0.9"],
)
async def test_other_versions_are_refused(tmp_path: Path, line: str) -> None:
    """HTTP/0.9 has no head, so nothing of ours is kept to in it; it gets a problem and the end, as HTTP/2 does."""
    async with GatewaySetup(tmp_path).serving() as client:
        heard = await say(str(client._base_url), f"{line}\r\nHost: gate\r\n\r\n".encode())
        short = await say(str(client._base_url), f"{line}\r\n\r\n".encode())
    for each in (heard, short):
        assert each.text.startswith("HTTP/1.0 505 ") or each.status == 400
        assert json.loads(each.text.partition("\r\n\r\n")[2])["status"] == each.status
        assert each.answers == 1
