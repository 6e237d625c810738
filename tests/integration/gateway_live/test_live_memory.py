"""Streams that are never read are cut off, and all that was kept for them is given back."""

import asyncio
import base64
import gc
import os
import socket
import weakref
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from agents.gateway.live import memory
from agents.gateway.live.memory import LOOKS, MANY, Memory
from agents.gateway.live.scan_socket import Scanner
from tests.integration.gateway.gateway_setup import GatewaySetup, port_of
from tests.integration.gateway.wire import head
from tests.integration.gateway_live.live_gateway import live_gateway_on, until
from tests.kafka.harness import KafkaHarness
from tests.redis.server import RedisServer

STREAMS = 25
QUESTION = b'{"bill":"ACME00000017"}'
FRAME = b"\x81" + bytes([0x80 | len(QUESTION)]) + bytes(4) + QUESTION
UPGRADE = ("Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Version: 13")


@pytest.fixture
def kept(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[weakref.ref[Any]]]:
    """List what is made for streams, while Python looks for circles only when it is told to."""
    made: list[weakref.ref[Any]] = []

    def listed(whole: Callable[..., None]) -> Callable[..., None]:
        def make(self: Any, *given: Any, **named: Any) -> None:
            whole(self, *given, **named)
            made.append(weakref.ref(self))

        return make

    for kind in (Scanner, web.StreamResponse):
        monkeypatch.setattr(kind, "__init__", listed(kind.__init__))
    monkeypatch.setattr(memory, "LOOKS", 15)
    gc.disable()
    yield made
    gc.enable()


def opened(port: int, asked: bytes) -> socket.socket:
    """Open a stream, and read no more than its head, on a line that takes little."""
    line = socket.socket()
    line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
    line.connect(("127.0.0.1", port))
    line.sendall(asked)
    line.recv(100)
    return line


def flood(lines: dict[socket.socket, bytes]) -> None:
    """Ask as much as the other end takes now, and read nothing; of each line what is left of its questions is kept."""
    for line, left in lines.items():
        line.setblocking(False)
        with suppress(OSError):
            lines[line] = left[line.send(left) :] or FRAME * 100


async def test_scanners_that_never_read_leave_nothing(tmp_path: Path, kept: list[weakref.ref[Any]]) -> None:
    """Each lets answers pile up without reading; all are cut off although they hold their lines open, and forgotten."""
    setup = GatewaySetup(tmp_path)
    scan_head = head(
        "GET /v1/scan", *UPGRADE, f"Sec-WebSocket-Key: {base64.b64encode(os.urandom(16)).decode()}",
        token=setup.tokens["scan"],
    )  # fmt: skip
    async with setup.serving(requests_burst=1_000) as client:
        with ExitStack() as stack:
            port = port_of(client)
            lines = {
                stack.enter_context(await asyncio.to_thread(opened, port, scan_head)): FRAME for _ in range(STREAMS)
            }
            assert sum(isinstance(each(), Scanner) for each in kept) == STREAMS

            def forgotten() -> bool:
                flood(lines)
                return not any(isinstance(each(), Scanner) for each in kept)

            await until(forgotten, "the scanners to be forgotten")


@pytest.mark.kafka
@pytest.mark.redis
async def test_readers_that_never_read_leave_nothing(
    harness: KafkaHarness, redis_server: RedisServer, tmp_path: Path, kept: list[weakref.ref[Any]]
) -> None:
    """Subscribers that take nothing are cut off, and nothing of them is left while their lines are open."""
    async with live_gateway_on(harness, redis_server, tmp_path, write_seconds=1) as running:
        asked = head("GET /v1/decisions", token=running.setup.tokens["audit"])
        port = int(running.address.rpartition(":")[2])
        with ExitStack() as stack:
            for _ in range(STREAMS):
                stack.enter_context(await asyncio.to_thread(opened, port, asked))
            assert len(running.live.streams) == STREAMS
            while len(running.live.streams):
                await running.commit(500)
                assert running.writer.sent < 20_000
            await until(lambda: not any(each() for each in kept), "the readers to be forgotten")


def test_memory_is_looked_for_when_it_is_worth_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Many that have gone are worth it once no more are going, one after a while, none never."""
    monkeypatch.setattr(gc, "collect", lambda: None)
    looked = Memory()
    assert [looked.look(gone) for gone in (MANY - 1, MANY, MANY + 1, MANY + 1, MANY + 1)] == [*[False] * 3, True, False]
    assert [looked.look(MANY + 1) for _ in range(LOOKS - 1)] == [False] * (LOOKS - 2) + [True]
    assert not any(looked.look(MANY + 1) for _ in range(2 * LOOKS))
    assert [looked.look(MANY + 2) for _ in range(2)] == [True, False]
