"""The connection to Redis, and its errors as ours: away (wait and try again) or refused (correct something)."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import msgspec
from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import (
    AuthenticationError,
    BusyLoadingError,
    ConnectionError,  # noqa: A004 - redis has its own
    NoScriptError,
    OutOfMemoryError,
    ReadOnlyError,
    RedisError,
    ResponseError,
    TimeoutError,  # noqa: A004 - as above
)

from agents.kafka.security import ca_checked, read_secret
from agents.settings.redis_group import REDIS, RedisSettings

DAY_SECONDS: Final = 86_400
CONNECTIONS: Final = 40
"""Most connections of one client; Redis is fastest with few."""
_AWAY: Final = (
    BusyLoadingError, ConnectionError, NoScriptError, OutOfMemoryError, ReadOnlyError, TimeoutError
)  # fmt: skip
_FAULTS_OF_TIME: Final = ("BUSY ", "CLUSTERDOWN", "MASTERDOWN", "NOREPLICAS", "TRYAGAIN", "MISCONF")
"""Beginnings of Redis errors that pass by themselves, or when Redis gets more memory or disk."""


class StoreError(Exception):
    """Redis did not do what was asked."""


class StoreAwayError(StoreError):
    """Redis is away, loading, full or busy: another try later helps. The command may or may not have been done."""


class StoreRefusedError(StoreError):
    """Redis refuses: a wrong password, keys of another type, or a program error. Another try does not help."""


class StoreSettings(msgspec.Struct, frozen=True):
    """Where the read model is, and how long it keeps its keys."""

    url: str
    """`redis://host:port/db`, `rediss://` for TLS, `unix:///path`."""
    prefix: str
    """The topic prefix."""
    password: str | None = None
    ttl_seconds: int = 60 * DAY_SECONDS
    """Keys that are unchanged for this long expire, as the records of the topics do."""
    changes_length: int = 10_000
    """Approximate number of the latest changes to keep."""
    timeout_seconds: float = 5.0
    ca_file: str | None = None
    """Certificate authorities for `rediss://`; None: those of the system."""

    def __repr__(self) -> str:
        """Return the settings without the password, which must not get into a log."""
        return f"StoreSettings(url={self.url!r}, prefix={self.prefix!r}, password={'***' if self.password else None})"


def store_settings(redis: RedisSettings, prefix: str, least_days: int = 0) -> StoreSettings:
    """Return how the read model under a topic prefix connects. Raise RefusedError if a file cannot be used.

    Keys are kept for `least_days` at least, whatever the settings say.
    """
    password = None if redis.password_file is None else read_secret(f"{REDIS}PASSWORD_FILE", redis.password_file)
    ca_file = ca_checked(f"{REDIS}CA_FILE", redis.ca_file)
    kept_seconds = max(redis.keep_days, least_days) * DAY_SECONDS
    return StoreSettings(redis.url, prefix, password, kept_seconds, redis.changes, ca_file=ca_file)


def connect(settings: StoreSettings) -> Redis:
    """Return a client that connects at its first use and does not repeat commands by itself."""
    more: dict[str, Any] = {} if settings.password is None else {"password": settings.password}
    more |= {} if settings.ca_file is None else {"ssl_ca_certs": settings.ca_file}
    # The default pool fails a caller when all connections are in use; this one lets the caller wait.
    pool = BlockingConnectionPool.from_url(
        settings.url,
        max_connections=CONNECTIONS,
        timeout=settings.timeout_seconds,
        socket_timeout=settings.timeout_seconds,
        socket_connect_timeout=settings.timeout_seconds,
        retry=Retry(NoBackoff(), 0),
        client_name="tallygate",
        **more,
    )
    client: Redis = Redis.from_pool(pool)
    return client


def script(name: str) -> str:
    """Return the text of a script that ships beside this module."""
    return Path(__file__).with_name(name).read_text("utf-8")


@contextmanager
def own_errors() -> Iterator[None]:
    """Turn errors of redis into ours; the text never quotes what was sent."""
    try:
        yield
    except RedisError as error:
        raise own_error(error) from None
    except OSError as error:
        raise StoreAwayError(str(error)) from None


def own_error(error: Exception) -> StoreError:
    """Return an error of redis as ours, by whether waiting helps."""
    text = str(error)
    if isinstance(error, AuthenticationError):
        return StoreRefusedError(text)
    if isinstance(error, _AWAY):
        return StoreAwayError(text)
    if isinstance(error, ResponseError) and text.startswith(_FAULTS_OF_TIME):
        return StoreAwayError(text)
    return StoreRefusedError(text)
