"""The roles read from their file, and each as grants: the least that a broker must allow it."""

import tomllib
from collections.abc import Iterator, Mapping
from importlib.resources import files
from typing import Final, Literal

import msgspec

from stream.topics import Topics

Resource = Literal["topic", "group", "transactional-id", "cluster"]
Pattern = Literal["literal", "prefixed"]

STEPS: Final = ("manifest", "withholding", "projection", "rebuilt-decisions", "rebuilt-alerts")
"""Names whose groups and transactional ids have an epoch in them."""

CLUSTER: Final = "kafka-cluster"
"""What Kafka calls the one resource of the kind cluster."""


class Role(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A role as the file has it."""

    about: str
    topics: dict[str, tuple[str, ...]] = {}
    groups: tuple[str, ...] = ()
    all_groups: tuple[str, ...] = ()
    cluster: tuple[str, ...] = ()
    transactions: tuple[str, ...] = ()
    redis: str = ""


class Grant(msgspec.Struct, frozen=True):
    """Operations that are allowed on what has a name, or a name that begins so."""

    resource: Resource
    name: str
    pattern: Pattern
    operations: tuple[str, ...]
    """As Kafka's protocol names them: `Read`, `DescribeConfigs`."""


def read_roles() -> dict[str, Role]:
    """Return every role by its name."""
    text = files(__package__).joinpath("roles.toml").read_text("utf-8")
    return msgspec.convert(tomllib.loads(text), dict[str, Role])


def principal(topics: Topics, role: str) -> str:
    """Return the name under which a role logs in; each prefix has its own."""
    return f"{topics.prefix}-{role}"


def grants(role: str, topics: Topics, roles: Mapping[str, Role] | None = None) -> list[Grant]:
    """Return what a role needs under a prefix, whatever the epoch. Raise KeyError where there is no such role."""
    said = (roles or read_roles())[role]
    wide: list[Grant] = []
    if said.all_groups:
        wide.append(Grant("group", f"{topics.prefix}.", "prefixed", said.all_groups))
    if said.cluster:
        wide.append(Grant("cluster", CLUSTER, "literal", said.cluster))
    groups = _names("group", said.groups, ("Read",), topics)
    return [*_topics(role, said, topics), *groups, *wide,
            *_names("transactional-id", said.transactions, ("Write",), topics)]  # fmt: skip


def _topics(role: str, said: Role, topics: Topics) -> Iterator[Grant]:
    for name, operations in said.topics.items():
        match name:
            case "all":
                yield Grant("topic", f"{topics.prefix}.", "prefixed", operations)
            case "rebuilt":
                yield Grant("topic", f"{topics.prefix}.rebuilt-", "prefixed", operations)
            case "changelogs":
                yield Grant("topic", _of_any_epoch(topics, role), "prefixed", operations)
            case _:
                yield Grant("topic", getattr(topics, name), "literal", operations)


def _names(resource: Resource, names: tuple[str, ...], operations: tuple[str, ...], topics: Topics) -> Iterator[Grant]:
    for name in names:
        if name in STEPS:
            yield Grant(resource, _of_any_epoch(topics, name), "prefixed", operations)
        else:
            yield Grant(resource, f"{topics.prefix}.{name}", "literal", operations)


def _of_any_epoch(topics: Topics, step: str) -> str:
    """Return how the names of a step begin; those of another step do not."""
    return topics.group(step).removesuffix(str(topics.epoch_of(step)))
