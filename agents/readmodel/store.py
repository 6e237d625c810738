"""How Redis is reached, and what becomes of its errors: away (wait and try again) or refused (ours to mend)."""

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

DAY_SECONDS: Final = 86_400
CONNECTIONS: Final = 40
"""Of one client at most; a server is quickest with few."""
_AWAY: Final = (
    BusyLoadingError, ConnectionError, NoScriptError, OutOfMemoryError, ReadOnlyError, TimeoutError
)  # fmt: skip
_FAULTS_OF_TIME: Final = ("BUSY ", "CLUSTERDOWN", "MASTERDOWN", "NOREPLICAS", "TRYAGAIN", "MISCONF")
"""How Redis begins answers that pass by themselves, or when somebody gives it room."""


class StoreError(Exception):
    """Redis did not do what was asked."""


class StoreAwayError(StoreError):
    """Redis is not there, loading, full, or busy: trying again later helps; whether anything was done is unknown."""


class StoreRefusedError(StoreError):
    """Redis refuses: wrong password, keys of another kind, or a program error; trying again does not help."""


class StoreSettings(msgspec.Struct, frozen=True):
    """Where the read model lives and how long it keeps what."""

    url: str
    """`redis://host:port/db`, `rediss://` for TLS, `unix:///path`."""
    prefix: str
    """The topic prefix."""
    password: str | None = None
    ttl_seconds: int = 60 * DAY_SECONDS
    """Keys untouched for so long go, as the topics' records do."""
    changes_length: int = 10_000
    """About so many of the latest changes are kept."""
    timeout_seconds: float = 5.0
    ca_file: str | None = None
    """Authorities that its certificate may come from, for `rediss://`; none: the system's."""

    def __repr__(self) -> str:
        """Show everything but the password, which must not reach a log with the settings."""
        return f"StoreSettings(url={self.url!r}, prefix={self.prefix!r}, password={'***' if self.password else None})"


def connect(settings: StoreSettings) -> Redis:
    """Return a client; it connects when it is used. Nothing is tried again behind our back."""
    more: dict[str, Any] = {} if settings.password is None else {"password": settings.password}
    more |= {} if settings.ca_file is None else {"ssl_ca_certs": settings.ca_file}
    # Redis's own pool fails the hundred-and-first who asks at the same time; here they wait their turn.
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
    """Return whether waiting helps."""
    text = str(error)
    if isinstance(error, AuthenticationError):
        return StoreRefusedError(text)
    if isinstance(error, _AWAY):
        return StoreAwayError(text)
    if isinstance(error, ResponseError) and text.startswith(_FAULTS_OF_TIME):
        return StoreAwayError(text)
    return StoreRefusedError(text)
