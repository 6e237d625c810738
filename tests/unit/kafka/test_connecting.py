"""Logins and certificates from files, and the words for what a broker says to a login or a connection."""

import socket
import ssl
from pathlib import Path
from typing import Any

import pytest
from aiokafka.errors import (
    AuthenticationFailedError,
    KafkaConnectionError,
    TopicAuthorizationFailedError,
    UnsupportedSaslMechanismError,
)
from pydantic import ValidationError

from agents.kafka.connection import Connection
from agents.kafka.errors import RefusedError
from agents.kafka.probing import AwayError, explained, meaning, open_connection
from agents.readmodel.store import store_settings
from agents.settings.kafka_group import KafkaSettings
from agents.settings.redis_group import RedisSettings
from tests.kafka.broker import free_ports
from tests.kafka.secured import Authority

PASSWORD = "made-up-password"
SSL_ERRORS = (ssl.SSLCertVerificationError, ssl.SSLError)


@pytest.fixture
def login(tmp_path: Path) -> dict[str, Any]:
    """Return the settings of a login over TLS."""
    file = tmp_path / "password"
    file.write_text(f"{PASSWORD}\n")
    ca = Authority(tmp_path).ca
    return {"security_protocol": "SASL_SSL", "username": "tallygate-manifest", "password_file": file, "ca_file": ca}


def test_a_login_over_tls_becomes_what_clients_take(login: dict[str, Any]) -> None:
    """The password is read without its line feed; TLS checks certificate and name, and is new enough."""
    connection = KafkaSettings(brokers="a:1,b:2", **login).connection()
    arguments = connection.arguments()
    assert arguments["bootstrap_servers"] == ["a:1", "b:2"]
    assert arguments["sasl_mechanism"] == "SCRAM-SHA-512"
    assert arguments["sasl_plain_username"] == "tallygate-manifest"
    assert arguments["sasl_plain_password"] == PASSWORD
    context = arguments["ssl_context"]
    assert context.check_hostname
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert context.minimum_version >= ssl.TLSVersion.TLSv1_2
    assert PASSWORD not in repr(connection)


def test_without_security_nothing_is_added() -> None:
    """Plain text needs no arguments beyond the addresses and what the options say."""
    made = KafkaSettings(brokers="a:1", options={"request_timeout_ms": 5000}).connection()
    assert made.arguments() == {"bootstrap_servers": ["a:1"], "request_timeout_ms": 5000}


def test_what_only_consumers_know_is_kept_from_other_clients() -> None:
    """A consumer is told not to check checksums; a producer, which does not know the argument, is made all the same."""
    made = KafkaSettings(brokers="a:1", options={"check_crcs": False, "request_timeout_ms": 5000}).connection()
    assert made.arguments() == {"bootstrap_servers": ["a:1"], "request_timeout_ms": 5000}
    assert made.reading == {"check_crcs": False}


def test_a_certificate_of_our_own(tmp_path: Path) -> None:
    """A broker may ask who we are by certificate: it is loaded with its key."""
    authority = Authority(tmp_path)
    pem = authority.server()
    kafka = KafkaSettings(security_protocol="SSL", ca_file=authority.ca, certificate_file=pem, key_file=pem)
    assert set(kafka.connection().options) == {"security_protocol", "ssl_context"}


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"username": None}, "TALLYGATE_KAFKA__USERNAME is missing"),
        ({"password_file": None}, "TALLYGATE_KAFKA__PASSWORD_FILE is missing"),
        ({"security_protocol": "PLAINTEXT", "ca_file": None}, "TALLYGATE_KAFKA__USERNAME has no use"),
        ({"security_protocol": "SASL_PLAINTEXT"}, "TALLYGATE_KAFKA__CA_FILE has no use"),
        ({"certificate_file": "c.pem"}, "go together"),
        ({"options": {"sasl_plain_password": PASSWORD}}, "write TALLYGATE_KAFKA__PASSWORD_FILE"),
        ({"options": {"ssl_password": PASSWORD}}, "write TALLYGATE_KAFKA__PASSWORD_FILE"),
        ({"options": {"security_protocol": "SSL"}}, "write TALLYGATE_KAFKA__SECURITY_PROTOCOL"),
    ],
)
def test_what_does_not_fit_together_is_refused(login: dict[str, Any], changes: dict[str, Any], word: str) -> None:
    """Half a login, and a secret in the open, are refused with the setting to write."""
    with pytest.raises(ValidationError) as refused:
        KafkaSettings(**{**login, **changes})
    assert word in refused.value.errors()[0]["msg"]


@pytest.mark.parametrize(
    ("field", "text", "word"),
    [
        ("password_file", None, "cannot be read (No such file or directory)"),
        ("password_file", b"\n", "is empty"),
        ("password_file", b"\xff\xfe", "is not UTF-8"),
        ("ca_file", None, "cannot be read (No such file or directory)"),
        ("ca_file", b"no certificate", "no certificate in PEM form"),
    ],
)
def test_a_file_of_no_use_is_refused_by_its_setting(
    login: dict[str, Any], tmp_path: Path, field: str, text: bytes | None, word: str
) -> None:
    """A file that is not there, empty, or something else: named with its setting."""
    file = tmp_path / "spoilt"
    if text is not None:
        file.write_bytes(text)
    with pytest.raises(RefusedError) as refused:
        KafkaSettings(**{**login, field: file}).connection()
    assert word in str(refused.value)
    assert f"TALLYGATE_KAFKA__{field.upper()}: {file}" in str(refused.value)


def test_a_key_that_does_not_belong_is_refused(tmp_path: Path) -> None:
    """A certificate with the key of another, which is what mixed-up files look like."""
    (tmp_path / "other").mkdir()
    pem, other = Authority(tmp_path).server(), Authority(tmp_path / "other").server()
    kafka = KafkaSettings(security_protocol="SSL", certificate_file=pem, key_file=other.with_name("ca.pem"))
    with pytest.raises(RefusedError, match="TALLYGATE_KAFKA__CERTIFICATE_FILE, TALLYGATE_KAFKA__KEY_FILE"):
        kafka.connection()


@pytest.mark.parametrize(
    ("url", "word"),
    [
        ("redis://:made-up-password@host/0", "named in TALLYGATE_REDIS__PASSWORD_FILE"),
        ("redis://host/0?password=made-up-password", "named in TALLYGATE_REDIS__PASSWORD_FILE"),
        ("http://host", "write redis://host:port/db"),
        ("redis://[::1", "is not an address"),
    ],
)
def test_an_address_of_redis_that_is_refused(url: str, word: str) -> None:
    """A password in the address, and what is no address of Redis."""
    with pytest.raises(ValidationError) as refused:
        RedisSettings(url=url)
    assert word in refused.value.errors()[0]["msg"]
    assert PASSWORD not in refused.value.errors()[0]["msg"]


def test_an_authority_for_redis_needs_tls(tmp_path: Path) -> None:
    """With `rediss://` it goes to the client; without TLS it would be a mistake."""
    ca = Authority(tmp_path).ca
    redis = RedisSettings(url="rediss://user@host:6380/0", ca_file=ca)
    assert store_settings(redis, "t").ca_file == str(ca)
    with pytest.raises(ValidationError, match="TALLYGATE_REDIS__CA_FILE is for TLS only"):
        RedisSettings(url="redis://host:6380/0", ca_file=ca)


@pytest.mark.parametrize(
    ("error", "kind", "word"),
    [
        (AuthenticationFailedError("no"), RefusedError, "TALLYGATE_KAFKA__PASSWORD_FILE"),
        (UnsupportedSaslMechanismError("no"), RefusedError, "TALLYGATE_KAFKA__SASL_MECHANISM"),
        (ssl.SSLCertVerificationError("no"), RefusedError, "TALLYGATE_KAFKA__CA_FILE"),
        (ssl.SSLError("no"), RefusedError, "TALLYGATE_KAFKA__SECURITY_PROTOCOL"),
        (socket.gaierror(-2, "no"), AwayError, "there is no such host"),
        (ConnectionRefusedError(111, "no"), AwayError, "does not answer (Connection refused)"),
        (KafkaConnectionError("no"), AwayError, "TALLYGATE_KAFKA__SECURITY_PROTOCOL (now SSL)"),
        (TimeoutError(), AwayError, "does not answer: it may be starting"),
    ],
)
def test_errors_of_a_connection_have_a_remedy(error: Exception, kind: type[Exception], word: str) -> None:
    """What is ours to mend is refused for good; what may pass by itself is worth another try."""
    if isinstance(error, SSL_ERRORS):
        error.verify_message = "self-signed certificate"  # type: ignore[attr-defined]
    found = meaning(error, "kafka:9093", Connection("kafka:9093", {"security_protocol": "SSL"}))
    assert type(found) is kind
    assert word in str(found)
    assert "kafka:9093" in str(found)


async def test_every_address_is_tried_before_giving_up() -> None:
    """Of several brokers none of which answers, the reason of one is told; the order is aiokafka's."""
    first, second = free_ports(2)
    with pytest.raises(AwayError, match=f"127.0.0.1:({first}|{second}) does not answer"):
        await open_connection(Connection(f"127.0.0.1:{first},127.0.0.1:{second}"))


async def test_a_right_that_is_missing_needs_no_connection_to_be_explained() -> None:
    """What an access list forbids is told with the command that shows the roles."""
    found = await explained(Connection("nowhere:1"), TopicAuthorizationFailedError("t"))
    assert isinstance(found, RefusedError)
    assert "tallygate access" in str(found)
