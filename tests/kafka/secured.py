"""A broker that lets only known logins in: TLS, SCRAM-SHA-512, and an authorizer that refuses what no ACL allows.

Keys, certificates and passwords are made for each broker, in its folder.
"""

from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.kafka.broker import Broker

ADMIN = "admin"
ADMIN_PASSWORD = "made-up-password-of-the-administrator"

NAME = "broker-of-a-test"

# Without a name for the brokers' own listener a broker speaks plain text to itself, and dies of the answer.
SECURITY = """
listeners=CLIENTS://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}
advertised.listeners=CLIENTS://127.0.0.1:{port}
listener.security.protocol.map=CLIENTS:SASL_SSL,CONTROLLER:SSL
inter.broker.listener.name=CLIENTS
sasl.enabled.mechanisms=SCRAM-SHA-512
sasl.mechanism.inter.broker.protocol=SCRAM-SHA-512
listener.name.clients.scram-sha-512.sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required \
username="{user}" password="{password}";
listener.name.controller.ssl.client.auth=required
ssl.keystore.type=PEM
ssl.keystore.location={pem}
ssl.truststore.type=PEM
ssl.truststore.location={ca}
authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer
allow.everyone.if.no.acl.found=false
super.users=User:{user};User:CN={name}
"""


class Authority:
    """A certificate authority of one test, and what it has signed."""

    def __init__(self, folder: Path, name: str = "authority of a test") -> None:
        """Make its key; the certificate lies in `ca`."""
        self._folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        self.ca = folder / "ca.pem"
        extensions: list[tuple[x509.ExtensionType, bool]] = [(x509.BasicConstraints(ca=True, path_length=None), True)]
        certificate = self._signed(self._name, self._key.public_key(), extensions)
        self.ca.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))

    def server(self) -> Path:
        """Return a file with a key and a certificate for this machine under its numeric address."""
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, NAME)])
        address = x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1")), x509.DNSName("localhost")])
        certificate = self._signed(name, key.public_key(), [(address, False)])
        path = self._folder / "server.pem"
        path.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
            + certificate.public_bytes(serialization.Encoding.PEM)
        )
        return path

    def _signed(self, name: x509.Name, key: Any, extensions: list[tuple[x509.ExtensionType, bool]]) -> x509.Certificate:
        now = datetime.now(UTC)
        builder = x509.CertificateBuilder().subject_name(name).issuer_name(self._name).public_key(key)
        builder = builder.serial_number(x509.random_serial_number())
        builder = builder.not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
        identifier = x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key())
        for extension, critical in [*extensions, (identifier, False)]:
            builder = builder.add_extension(extension, critical)
        return builder.sign(self._key, hashes.SHA256())


class SecuredBroker(Broker):
    """A broker for those who have a login; `login` gives what a librdkafka client needs to be one of them."""

    def __init__(self, folder: Path) -> None:
        """Make an authority and a certificate; nothing is started yet."""
        folder.mkdir(parents=True, exist_ok=True)
        self.authority = Authority(folder)
        self.pem = self.authority.server()
        formatting = ("--add-scram", f"SCRAM-SHA-512=[name={ADMIN},password={ADMIN_PASSWORD}]")
        super().__init__(folder, formatting=formatting)

    def properties(self) -> str:
        """Return the settings of `server.properties`."""
        return super().properties() + SECURITY.format(
            port=self.port, controller=self.controller, user=ADMIN, password=ADMIN_PASSWORD, pem=self.pem,
            ca=self.authority.ca, name=NAME,
        )  # fmt: skip

    def login(self, user: str = ADMIN, password: str = ADMIN_PASSWORD) -> dict[str, Any]:
        """Return the settings of a librdkafka client that logs in."""
        return {
            "bootstrap.servers": self.address,
            "log_level": 0,
            "security.protocol": "SASL_SSL",
            "sasl.mechanism": "SCRAM-SHA-512",
            "sasl.username": user,
            "sasl.password": password,
            "ssl.ca.location": str(self.authority.ca),
        }
