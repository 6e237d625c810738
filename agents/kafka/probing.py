"""Why a broker does not let us in: aiokafka's clients say only that they could not start, so this asks once more."""

import asyncio
import os
import socket
import ssl
from typing import Any, Final

from aiokafka.conn import AIOKafkaConnection, collect_hosts, create_conn
from aiokafka.errors import (
    AuthenticationFailedError,
    AuthenticationMethodNotSupported,
    BrokerResponseError,
    IllegalSaslStateError,
    KafkaConnectionError,
    KafkaError,
    SaslAuthenticationFailed,
    UnsupportedSaslMechanismError,
)

from agents.kafka.connection import KAFKA, Connection
from agents.kafka.errors import EngineError, RefusedError

PROBE_SECONDS: Final = 5.0
_LOGIN: Final = (AuthenticationFailedError, AuthenticationMethodNotSupported, SaslAuthenticationFailed)
_MECHANISM: Final = (IllegalSaslStateError, UnsupportedSaslMechanismError)
CONNECTING: Final = frozenset({
    "security_protocol", "ssl_context", "sasl_mechanism", "sasl_plain_username", "sasl_plain_password"
})  # fmt: skip


class AwayError(EngineError):
    """No broker answers; trying again later helps."""


async def open_connection(connection: Connection, seconds: float = PROBE_SECONDS) -> AIOKafkaConnection:
    """Return a bare connection to the first broker that lets us in; to be closed. Raise AwayError, RefusedError."""
    found: EngineError = AwayError("TALLYGATE_KAFKA__BROKERS names no broker: write host:port")
    options = {name: value for name, value in connection.options.items() if name in CONNECTING}
    for host, port, _family in collect_hosts(connection.brokers):
        try:
            return await asyncio.wait_for(
                create_conn(host, port, request_timeout_ms=int(seconds * 1000), **options), 2 * seconds
            )
        except (KafkaError, OSError, TimeoutError) as error:
            found = meaning(error, f"{host}:{port}", connection)
    raise found


def versions_of(opened: AIOKafkaConnection) -> dict[int, tuple[int, int]]:
    """Return lowest and highest version of each request that the broker knows, by the request's number."""
    found: dict[int, tuple[int, int]] = opened._versions
    return found


def meaning(error: Exception, address: str, connection: Connection) -> EngineError:
    """Say what an error of a connection means, and what to do."""
    protocol = connection.options.get("security_protocol", "PLAINTEXT")
    match error:
        case ssl.SSLCertVerificationError():
            return RefusedError(
                f"Kafka at {address}: its certificate does not count here ({error.verify_message}): name its authority "
                f"in {KAFKA}CA_FILE, and in {KAFKA}BROKERS use a name that is in the certificate"
            )
        case ssl.SSLError():
            reason = getattr(error, "reason", None) or "no reason given"
            return RefusedError(
                f"Kafka at {address}: the TLS handshake failed ({reason}): mend {KAFKA}SECURITY_PROTOCOL (now "
                f"{protocol}), the port in {KAFKA}BROKERS, or our own certificate"
            )
        case socket.gaierror():
            return AwayError(f"Kafka at {address}: there is no such host: mend {KAFKA}BROKERS, or the name service")
        case _ if isinstance(error, _MECHANISM):
            return RefusedError(f"Kafka at {address} does not accept this kind of login: mend {KAFKA}SASL_MECHANISM")
        case _ if isinstance(error, _LOGIN):
            return RefusedError(
                f"Kafka at {address} refuses the login: mend {KAFKA}USERNAME or the password in {KAFKA}PASSWORD_FILE"
            )
        case KafkaConnectionError() | TimeoutError():
            return AwayError(
                f"Kafka at {address} accepts the connection but does not answer: it may be starting, or expect another "
                f"{KAFKA}SECURITY_PROTOCOL (now {protocol})"
            )
    number = getattr(error, "errno", None)
    why = os.strerror(number) if number else type(error).__name__
    return AwayError(
        f"Kafka at {address} does not answer ({why}): start it, or mend {KAFKA}BROKERS; if it ended by itself, its "
        "own log says why, most often a full disk"
    )


async def explained(connection: Connection, error: KafkaError) -> EngineError:
    """Return what is behind an error of a client, with the remedy."""
    if isinstance(error, BrokerResponseError) and "Authorization" in type(error).__name__:
        return RefusedError(
            f"Kafka at {connection.brokers} does not allow this ({type(error).__name__}): give the login its role, see "
            "`tallygate access`"
        )
    try:
        opened: Any = await open_connection(connection)
    except EngineError as found:
        return found
    opened.close()
    return EngineError(f"Kafka at {connection.brokers}: {error}")
