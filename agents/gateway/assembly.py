"""Making the gateway's parts from the settings; what cannot work is refused here, with the remedy."""

import asyncio
import ssl
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path

from agents.gateway.http.parts import Parts
from agents.gateway.http.rate_limits import Buckets
from agents.gateway.http.reconnecting_producer import ReconnectingProducer
from agents.gateway.http.sessions import Sessions, session_key
from agents.gateway.http.tokens import TokenFileError, Tokens
from agents.kafka.errors import RefusedError
from agents.readmodel.queries import ReadModel
from agents.readmodel.store import store_settings
from agents.settings.enabled_rules import rulebook_of
from agents.settings.gateway_group import GatewaySettings
from agents.settings.settings import Settings
from agents.worker.steps import key_maker_of

REMEDY = "make one with `tallygate token create` and name its file in TALLYGATE_GATEWAY__TOKENS_FILE"


@asynccontextmanager
async def make_parts(settings: Settings, clock: Callable[[], datetime]) -> AsyncIterator[Parts]:
    """Make the parts, and close them when the block ends; Kafka and Redis may be away. Raise RefusedError."""
    gateway = settings.gateway
    file = tokens_file(gateway)
    try:
        tokens = Tokens(file, clock)
    except TokenFileError as error:
        raise RefusedError(f"{error}: {REMEDY}") from None
    key = session_key(gateway.session_key_file or Path(f"{file}.session-key"))
    topic = settings.kafka.topics().shipments
    async with ReadModel(store_settings(settings.redis, settings.kafka.prefix)) as read_model:
        yield Parts(
            settings=settings,
            rulebook=rulebook_of(settings).as_of(settings.policy.as_of),
            keys=None if settings.key.secret_file is None else key_maker_of(settings),
            read_model=read_model,
            publisher=ReconnectingProducer(settings.kafka.connection(), topic, gateway.publish_seconds),
            tokens=tokens,
            sessions=Sessions(key, gateway.session_hours),
            buckets=Buckets(gateway.requests_per_second, gateway.requests_burst, time.monotonic),
            planning=Buckets(gateway.headroom_per_minute / 60, gateway.headroom_per_minute, time.monotonic),
            clock=clock,
            bodies=asyncio.Semaphore(gateway.open_bodies),
        )


def tokens_file(gateway: GatewaySettings) -> Path:
    """Return the path of the tokens file. Raise RefusedError if no setting names it."""
    if gateway.tokens_file is None:
        raise RefusedError(f"no tokens file: {REMEDY}")
    return gateway.tokens_file


def tls_context(gateway: GatewaySettings) -> ssl.SSLContext | None:
    """Return what TLS needs; None: the gateway serves plain HTTP. Raise RefusedError if the files cannot be used."""
    certificate, key = gateway.tls_certificate, gateway.tls_key
    if certificate is None and key is None:
        return None
    if certificate is None or key is None:
        raise RefusedError("TLS needs both TALLYGATE_GATEWAY__TLS_CERTIFICATE and TALLYGATE_GATEWAY__TLS_KEY")
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        context.load_cert_chain(certificate, key, password=_no_password)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or getattr(error, "reason", None) or "not PEM, or not a pair"
        raise RefusedError(f"TLS: the certificate {certificate} with the key {key}: {reason}") from None
    return context


def _no_password() -> str:
    """Refuse to ask for a password of the key: OpenSSL would ask at the terminal."""
    raise ValueError("the key has a password")
