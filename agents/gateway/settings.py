"""Settings of the gateway: where it listens, who may come in, and what anybody may ask of it."""

from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

Positive = Annotated[int, Field(ge=1)]
Origin = Annotated[str, StringConstraints(pattern=r"^https?://[A-Za-z0-9.:\[\]-]{1,260}$")]


class GatewaySettings(BaseModel):
    """The HTTP gateway: where it listens, who may come in, how much they may ask."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    host: str = "127.0.0.1"
    """Address to listen on; `0.0.0.0` for all, and then only with TLS here or in front of it."""
    port: Annotated[int, Field(ge=0, le=65535)] = 8080
    """Port to listen on; 0: one that is free, which is logged."""
    tokens_file: Path | None = None
    """File with the tokens' digests, kept by `tallygate token`; the gateway needs it."""
    session_key_file: Path | None = None
    """File with the key that signs session cookies; none: beside the tokens file, made when it is missing."""
    session_hours: Annotated[int, Field(ge=1, le=168)] = 12
    """After so long a browser has to give its token again."""
    tls_certificate: Path | None = None
    """File with the certificate and its chain (PEM); with the key: HTTPS."""
    tls_key: Path | None = None
    """File with the certificate's private key (PEM)."""
    public_origin: Origin | None = None
    """What browsers see when a proxy stands in front, such as `https://gate.example`."""
    stale_seconds: Positive = 10
    """A read model further behind than this is no ground for GO."""
    heartbeat_seconds: Positive = 5
    """So often open streams hear that they are alive."""
    requests_per_second: Positive = 100
    """Each token's requests, on average."""
    requests_burst: Positive = 200
    """Each token's requests at once."""
    headroom_per_minute: Positive = 60
    """Each token's questions for headroom, on average; they could be used to try out names."""
    body_mib: Annotated[int, Field(ge=1, le=256)] = 8
    """Largest body of a request."""
    batch_events: Positive = 10_000
    """Most events in one batch."""
    open_bodies: Positive = 32
    """Bodies of events that are read, checked and sent at a time; together with their size, the memory for them."""
    body_seconds: Positive = 20
    """A body that takes longer to come in is given up."""
    idle_seconds: Positive = 30
    """A connection on which no whole request head comes for so long is closed."""
    connections: Positive = 10_000
    """Most open connections; further ones are closed at once."""
    publish_seconds: Positive = 10
    """Kafka's time for acknowledging what was published; then the answer is 503."""
    shutdown_seconds: Positive = 15
    """Time for requests under way after SIGTERM."""
