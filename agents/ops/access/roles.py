"""The roles, read from their file, and the grants of each: the least that a broker must allow."""

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
"""Kafka's name for the only resource of the kind cluster."""


class Role(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A role as written in the file."""

    about: str
    topics: dict[str, tuple[str, ...]] = {}
    groups: tuple[str, ...] = ()
    all_groups: tuple[str, ...] = ()
    cluster: tuple[str, ...] = ()
    transactions: tuple[str, ...] = ()
    redis: str = ""


class Grant(msgspec.Struct, frozen=True):
    """Operations that are allowed on one resource, or on all whose name begins with `name`."""

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
    """Return the user name of a role; each prefix has its own."""
    return f"{topics.prefix}-{role}"


def grants(role: str, topics: Topics, roles: Mapping[str, Role] | None = None) -> list[Grant]:
    """Return what a role needs under a prefix, in every epoch. Raise KeyError if there is no such role."""
    wanted = (roles or read_roles())[role]
    wide: list[Grant] = []
    if wanted.all_groups:
        wide.append(Grant("group", f"{topics.prefix}.", "prefixed", wanted.all_groups))
    if wanted.cluster:
        wide.append(Grant("cluster", CLUSTER, "literal", wanted.cluster))
    groups = _names("group", wanted.groups, ("Read",), topics)
    return [*_topics(role, wanted, topics), *groups, *wide,
            *_names("transactional-id", wanted.transactions, ("Write",), topics)]  # fmt: skip


def _topics(role: str, wanted: Role, topics: Topics) -> Iterator[Grant]:
    for name, operations in wanted.topics.items():
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
    """Return the prefix that all names of a step have, and no name of another step."""
    return topics.group(step).removesuffix(str(topics.epoch_of(step)))
