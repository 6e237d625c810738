"""Settings of Kafka: its address, the login, and the names of topics and groups."""

from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self

from pydantic import Field, model_validator

from agents.kafka.connection import KAFKA, Connection
from agents.kafka.security import client_context, read_secret
from agents.settings.settings_group import Name, SettingsGroup
from stream.topics import Topics

SECRET_WORDS: Final = ("password", "secret", "token", "credential")
OWN_OPTIONS: Final = {
    "bootstrap_servers": "BROKERS",
    "security_protocol": "SECURITY_PROTOCOL",
    "sasl_mechanism": "SASL_MECHANISM",
    "sasl_plain_username": "USERNAME",
    "sasl_plain_password": "PASSWORD_FILE",
    "ssl_context": "CA_FILE",
}
"""Arguments of aiokafka that have a setting of their own."""
READING: Final = frozenset({"check_crcs", "fetch_max_wait_ms"})
"""Arguments that consumers know and other clients do not."""


class KafkaSettings(SettingsGroup):
    """The address of Kafka, the login, and the names of this Tallygate's topics and groups."""

    brokers: str = "localhost:9092"
    """Bootstrap servers, `host:port`, comma-separated."""
    prefix: Name = "tallygate"
    """First part of the name of every topic and group. Run back-tests under a prefix of their own."""
    epoch: Annotated[int, Field(ge=1)] = 1
    """Number of the present tables. A change of secret or policy needs new tables: `tallygate rebuild tables` makes
    them, and says to which number you raise it."""
    manifest_epoch: Annotated[int, Field(ge=1)] | None = None
    """Epoch of the manifest step's tables and postings, if only the withholding step was rebuilt; none: the same."""
    partitions: Annotated[int, Field(ge=1, le=1000)] = 12
    """Partition count of the topics that `tallygate topics create` makes. You cannot change it later."""
    replication: Annotated[int, Field(ge=1, le=32767)] = 1
    """Replicas of topics that `tallygate topics create` makes; 3 in production."""
    security_protocol: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = "PLAINTEXT"
    """Use `SASL_SSL` in production: a login over TLS. With `SASL_PLAINTEXT` anyone on the way can read the traffic."""
    sasl_mechanism: Literal["SCRAM-SHA-512", "SCRAM-SHA-256", "PLAIN"] = "SCRAM-SHA-512"
    """SASL mechanism of the login, if the protocol begins with `SASL_`."""
    username: str | None = None
    """Name of the login."""
    password_file: Path | None = None
    """File with the password of the login."""
    ca_file: Path | None = None
    """File with the certificate authorities (PEM) of the brokers' certificates; none: the system's."""
    certificate_file: Path | None = None
    """File with the client certificate and its chain (PEM), for brokers that require one."""
    key_file: Path | None = None
    """File with the private key (PEM, without a password) of the client certificate."""
    options: dict[str, Any] = {}  # noqa: RUF012 - pydantic copies it
    """Further arguments of every Kafka client as JSON, such as `{"request_timeout_ms": 60000}`; never a secret.
    `check_crcs` and `fetch_max_wait_ms` go to consumers alone."""

    @model_validator(mode="after")
    def _fitting(self) -> Self:
        if (self.manifest_epoch or 1) > self.epoch:
            raise ValueError(f"{KAFKA}MANIFEST_EPOCH {self.manifest_epoch} is higher than {KAFKA}EPOCH {self.epoch}")
        own = [name for name in self.options if name in OWN_OPTIONS or _secret(name)]
        if own:
            wanted = OWN_OPTIONS.get(own[0], "PASSWORD_FILE")
            raise ValueError(f"{KAFKA}OPTIONS has {own[0]}, which has a setting of its own: write {KAFKA}{wanted}")
        login, tls = self.security_protocol.startswith("SASL_"), self.security_protocol.endswith("SSL")
        _needs(login, self.username, "USERNAME", f"{KAFKA}SECURITY_PROTOCOL {self.security_protocol}")
        _needs(login, self.password_file, "PASSWORD_FILE", f"{KAFKA}SECURITY_PROTOCOL {self.security_protocol}")
        for name, value in (("CA_FILE", self.ca_file), ("CERTIFICATE_FILE", self.certificate_file)):
            _without(tls, value, name, "SSL or SASL_SSL")
        _without(login, self.username, "USERNAME", "SASL_SSL")
        _without(login, self.password_file, "PASSWORD_FILE", "SASL_SSL")
        if (self.certificate_file is None) != (self.key_file is None):
            raise ValueError(f"{KAFKA}CERTIFICATE_FILE and {KAFKA}KEY_FILE go together: write both")
        return self

    def connection(self) -> Connection:
        """Return what clients connect with. Raise RefusedError where a file of it cannot be used."""
        more: dict[str, Any] = {}
        if self.security_protocol != "PLAINTEXT":
            more["security_protocol"] = self.security_protocol
        if self.security_protocol.endswith("SSL"):
            more["ssl_context"] = client_context(KAFKA, self.ca_file, self.certificate_file, self.key_file)
        if self.password_file is not None:
            more["sasl_mechanism"] = self.sasl_mechanism
            more["sasl_plain_username"] = self.username
            more["sasl_plain_password"] = read_secret(f"{KAFKA}PASSWORD_FILE", self.password_file)
        shared = {name: value for name, value in self.options.items() if name not in READING}
        reading = {name: value for name, value in self.options.items() if name in READING}
        return Connection(self.brokers, {**shared, **more}, reading)

    def topics(self) -> Topics:
        """Return the names of topics and groups."""
        return Topics(prefix=self.prefix, epoch=self.epoch, manifest_epoch=self.manifest_epoch)


def _secret(name: str) -> bool:
    return any(word in name.lower() for word in SECRET_WORDS)


def _needs(asked: bool, value: object, name: str, why: str) -> None:  # noqa: FBT001 - a condition, not a flag
    if asked and not value:
        raise ValueError(f"{KAFKA}{name} is missing: {why} needs it")


def _without(fitting: bool, value: object, name: str, wanted: str) -> None:  # noqa: FBT001 - as above
    if value is not None and not fitting:
        raise ValueError(f"{KAFKA}{name} has no use without {KAFKA}SECURITY_PROTOCOL: write {wanted} there")
