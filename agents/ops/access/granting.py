"""Roles put onto a broker: a login for each, whose password lies in a file, and exactly the ACLs of its role."""

import os
import secrets
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, cast

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient
from confluent_kafka.admin._acl import AclBinding, AclBindingFilter, AclOperation, AclPermissionType
from confluent_kafka.admin._resource import ResourcePatternType, ResourceType
from confluent_kafka.admin._scram import ScramCredentialInfo, ScramMechanism, UserScramCredentialUpsertion

from agents.ops.access.roles import Grant, grants, principal
from agents.settings.settings import KafkaSettings
from stream.topics import Topics

if TYPE_CHECKING:
    from concurrent.futures import Future

ITERATIONS: Final = 8192
"""Rounds of SCRAM's key derivation; passwords made here are random, so more would only cost logins time."""
ANSWER_SECONDS: Final = 30
PASSWORD_BYTES: Final = 32

RESOURCES: Final = {
    "topic": ResourceType.TOPIC,
    "group": ResourceType.GROUP,
    "transactional-id": ResourceType.TRANSACTIONAL_ID,
    "cluster": ResourceType.BROKER,
}


_AWAY: Final = frozenset({"_ALL_BROKERS_DOWN", "_RESOLVE", "_TIMED_OUT", "_TRANSPORT", "REQUEST_TIMED_OUT"})
"""Names of librdkafka's errors for a broker that does not answer."""


class GrantingError(Exception):
    """The broker did not do what was asked; the text says why."""


class NoAnswerError(GrantingError):
    """The broker does not answer; trying again later helps."""


def password_in(folder: Path, role: str) -> str:
    """Return the password in the file named for the role; makes one, mode 0600, where there is none. Raise OSError."""
    path = folder / role
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(secrets.token_urlsafe(PASSWORD_BYTES) + "\n")
    return path.read_text("utf-8").strip()


def login_of(kafka: KafkaSettings) -> dict[str, Any]:
    """Return librdkafka's settings for the connection that ours describe. Raise RefusedError where a file is no use."""
    options = kafka.connection().options
    said = {
        "bootstrap.servers": kafka.brokers,
        "security.protocol": kafka.security_protocol,
        "sasl.mechanism": options.get("sasl_mechanism"),
        "sasl.username": options.get("sasl_plain_username"),
        "sasl.password": options.get("sasl_plain_password"),
        "ssl.ca.location": kafka.ca_file and str(kafka.ca_file),
        "ssl.certificate.location": kafka.certificate_file and str(kafka.certificate_file),
        "ssl.key.location": kafka.key_file and str(kafka.key_file),
    }
    return {name: value for name, value in said.items() if value is not None}


class Granting:
    """One administrator's session; the login that it is made with has to be allowed to alter the cluster."""

    def __init__(self, login: Mapping[str, Any], topics: Topics) -> None:
        """Speak to a broker as librdkafka's settings `login` say."""
        self._admin = AdminClient({**login, "log_level": 0})
        self._topics = topics

    def grant(self, role: str, password: str) -> int:
        """Let a role log in with this password, and give it its ACLs and no others; return how many those are.

        Raise GrantingError.
        """
        wanted = set(self._bindings(role))
        try:
            self._log_in(principal(self._topics, role), password)
            held = set(self._admin.describe_acls(self._all_of(role)).result(ANSWER_SECONDS))
            self._change(self._admin.create_acls, wanted - held)
            self._change(self._admin.delete_acls, [_filter_of(one) for one in held - wanted])
        except TimeoutError as error:
            raise NoAnswerError(str(error) or "no answer") from None
        except KafkaException as error:
            away = error.args[0].name() in _AWAY
            raise (NoAnswerError if away else GrantingError)(str(error)) from None
        return len(wanted)

    def _log_in(self, user: str, password: str) -> None:
        how = ScramCredentialInfo(ScramMechanism.SCRAM_SHA_512, ITERATIONS)
        change = UserScramCredentialUpsertion(user, how, password.encode())
        for answer in self._admin.alter_user_scram_credentials([change]).values():
            answer.result(ANSWER_SECONDS)

    def _change(self, change: Callable[[list[Any]], Mapping[Any, "Future[Any]"]], those: Iterable[Any]) -> None:
        listed = list(those)
        for answer in change(listed).values() if listed else ():
            answer.result(ANSWER_SECONDS)

    def _bindings(self, role: str) -> Iterable[AclBinding]:
        who = f"User:{principal(self._topics, role)}"
        for grant in grants(role, self._topics):
            for operation in grant.operations:
                yield AclBinding(*_place(grant), who, "*", _operation(operation), AclPermissionType.ALLOW)

    def _all_of(self, role: str) -> AclBindingFilter:
        who, anything = f"User:{principal(self._topics, role)}", cast("str", None)
        every = (AclOperation.ANY, AclPermissionType.ANY)
        return AclBindingFilter(ResourceType.ANY, anything, ResourcePatternType.ANY, who, anything, *every)


def _place(grant: Grant) -> tuple[ResourceType, str, ResourcePatternType]:
    pattern = ResourcePatternType.PREFIXED if grant.pattern == "prefixed" else ResourcePatternType.LITERAL
    return RESOURCES[grant.resource], grant.name, pattern


def _operation(name: str) -> AclOperation:
    return AclOperation["DESCRIBE_CONFIGS" if name == "DescribeConfigs" else name.upper()]


def _filter_of(one: AclBinding) -> AclBindingFilter:
    return AclBindingFilter(
        one.restype, one.name, one.resource_pattern_type, one.principal, one.host, one.operation, one.permission_type
    )
