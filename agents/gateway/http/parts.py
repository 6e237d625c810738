"""What the gateway works with, handed to every handler as one typed thing on the application."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from aiohttp import web

from agents.gateway.http.rate_limits import Buckets
from agents.gateway.http.reconnecting_producer import ReconnectingProducer
from agents.gateway.http.sessions import Sessions
from agents.gateway.http.tokens import Tokens
from agents.readmodel.queries import ReadModel
from agents.settings.gateway_group import GatewaySettings
from agents.settings.settings import Settings
from state.rules import Rulebook
from stream.consignee import KeyMaker


def now() -> datetime:
    """Give the time; the one clock of the gateway unless a test hands in another."""
    return datetime.now(UTC)


@dataclass(frozen=True)
class Parts:
    """The collaborators; made by `making.make_parts`, closed by whoever made them."""

    settings: Settings
    rulebook: Rulebook
    keys: KeyMaker | None
    """None: this gateway has no secret and offers no headroom."""
    read_model: ReadModel
    publisher: ReconnectingProducer
    tokens: Tokens
    sessions: Sessions
    buckets: Buckets
    """Requests of each token."""
    planning: Buckets
    """Questions for headroom of each token."""
    bodies: asyncio.Semaphore
    """Bodies of events that may be held at a time."""
    clock: Callable[[], datetime] = now

    @property
    def gateway(self) -> GatewaySettings:
        """Give the gateway's own settings."""
        return self.settings.gateway


PARTS: Final = web.AppKey("parts", Parts)


def parts_of(request: web.Request) -> Parts:
    """Give the parts of the application that serves a request."""
    return request.app[PARTS]
