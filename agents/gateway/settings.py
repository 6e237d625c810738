"""Settings of the gateway: where it listens, which tokens it accepts, and how much callers may ask."""

from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

Positive = Annotated[int, Field(ge=1)]
Origin = Annotated[str, StringConstraints(pattern=r"^https?://[A-Za-z0-9.:\[\]-]{1,260}$")]


class GatewaySettings(BaseModel):
    """The HTTP gateway: where it listens, which tokens it accepts, and how much callers may ask."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    host: str = "127.0.0.1"
    """Address to listen on. Use `0.0.0.0` (all addresses) only with TLS, here or in front of the gateway."""
    port: Annotated[int, Field(ge=0, le=65535)] = 8080
    """Port to listen on; 0: a free port, which the gateway logs."""
    tokens_file: Path | None = None
    """File with the tokens' digests, written by `tallygate token`. The gateway needs it."""
    session_key_file: Path | None = None
    """File with the key that signs session cookies; none: a file beside the tokens file, which the gateway makes if it
    is missing."""
    session_hours: Annotated[int, Field(ge=1, le=168)] = 12
    """Hours after which a browser must send its token again."""
    tls_certificate: Path | None = None
    """File with the certificate and its chain (PEM). With the key, the gateway speaks HTTPS."""
    tls_key: Path | None = None
    """File with the certificate's private key (PEM)."""
    public_origin: Origin | None = None
    """Origin that browsers see if a proxy is in front of the gateway, such as `https://gate.example`."""
    stale_seconds: Positive = 10
    """If the read model is further behind than this, the gateway does not answer GO."""
    heartbeat_seconds: Positive = 5
    """Seconds between two heartbeats on an open stream."""
    requests_per_second: Positive = 100
    """Requests a second that each token may make, on average."""
    requests_burst: Positive = 200
    """Requests that each token may make at once."""
    headroom_per_minute: Positive = 60
    """Headroom questions a minute for each token, on average. Limited, because they can be used to test names."""
    body_mib: Annotated[int, Field(ge=1, le=256)] = 8
    """Largest body of a request, in MiB."""
    batch_events: Positive = 10_000
    """Most events in one batch."""
    open_bodies: Positive = 32
    """Bodies of events that the gateway reads, checks and sends at a time. Together with their size, this bounds the
    memory for them."""
    body_seconds: Positive = 20
    """Seconds in which a body must arrive. After that the gateway gives up the request."""
    idle_seconds: Positive = 30
    """Seconds without a whole request head after which a connection is closed."""
    connections: Positive = 10_000
    """Most open connections. The gateway closes further ones at once."""
    publish_seconds: Positive = 10
    """Seconds in which Kafka must acknowledge published events. After that the answer is 503."""
    shutdown_seconds: Positive = 15
    """Seconds that running requests may still take after SIGTERM."""
