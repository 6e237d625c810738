"""The client of Tallygate for programs: publish events, follow decisions, ask for a bill.

`deploy/client` builds it as a wheel of its own, `tallygate-client`, where this folder is `tallygate_client`. So it
imports its own modules by relative imports, and nothing else of this repository. `docs/client.md` shows how to use it.
"""

from typing import TYPE_CHECKING, Any

from .client_errors import (
    AwayError,
    GoneError,
    NotAllowedError,
    NotFoundError,
    RefusedError,
    TallygateError,
    WrongEventsError,
)
from .exchange import read_token

if TYPE_CHECKING:
    from .async_client import AsyncClient, AsyncDecisions
    from .client import Client, Decisions

__all__ = [
    "AsyncClient",
    "AsyncDecisions",
    "AwayError",
    "Client",
    "Decisions",
    "GoneError",
    "NotAllowedError",
    "NotFoundError",
    "RefusedError",
    "TallygateError",
    "WrongEventsError",
    "read_token",
]

_OVER_HTTP = {
    "AsyncClient": "async_client",
    "AsyncDecisions": "async_client",
    "Client": "client",
    "Decisions": "client",
}


def __getattr__(name: str) -> Any:
    """Import what needs httpx when it is first asked for: the application itself, and Kafka alone, do without."""
    if name not in _OVER_HTTP:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module  # noqa: PLC0415 - as above

    return getattr(import_module(f".{_OVER_HTTP[name]}", __name__), name)
