"""How clients reach Kafka: the brokers, and whatever login and TLS they need."""

from typing import Any, Final

import msgspec

KAFKA: Final = "TALLYGATE_KAFKA__"
"""The names of the settings of a connection begin so."""


class Connection(msgspec.Struct, frozen=True):
    """How clients reach Kafka; the one place where security settings go."""

    brokers: str
    """Bootstrap servers, `host:port`, comma-separated."""
    options: dict[str, Any] = {}
    """Further arguments of every aiokafka client: `security_protocol`, `sasl_mechanism`, `ssl_context` and the like."""

    reading: dict[str, Any] = {}
    """Further arguments of every consumer, which other clients do not know."""

    def __repr__(self) -> str:
        """Show the address alone: among the options may be a password."""
        return f"Connection(brokers={self.brokers!r})"

    def arguments(self) -> dict[str, Any]:
        """Return what every aiokafka client is constructed with."""
        return {"bootstrap_servers": self.brokers.split(","), **self.options}
