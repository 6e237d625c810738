"""Fixtures for tests on a real Redis: a server for the session, and a prefix of its own for each test."""

import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from agents.readmodel.store import StoreSettings
from tests.prerequisites import require
from tests.redis.server import RedisServer


@pytest.fixture(scope="session")
def redis_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    """Yield a running server, one for all tests; those that kill one take `own_redis`."""
    require("redis")
    running = RedisServer(tmp_path_factory.mktemp("redis")).start()
    yield running
    running.kill()


@pytest.fixture
def store(redis_server: RedisServer) -> StoreSettings:
    """Return a read model's place of its own."""
    return redis_server.store(f"t{uuid.uuid4().hex[:8]}")


@pytest.fixture
def own_redis(tmp_path: Path) -> Iterator[RedisServer]:
    """Yield a running server that the test may kill."""
    require("redis")
    folder = tmp_path / "redis"
    folder.mkdir()
    running = RedisServer(folder).start()
    yield running
    running.kill()
