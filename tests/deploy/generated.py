"""Files below `deploy` that are written from the code: what topics and roles become for Kafka and for Strimzi."""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final

import yaml

from agents.ops.access.rendering import acl_commands, strimzi_topics, strimzi_users
from agents.ops.access.roles import read_roles
from stream.topics import Topics
from tests.prerequisites import ROOT

WRITTEN: Final = "# Written by `make docs` from {source}.\n"
PARTITIONS: Final = 12
REPLICATION: Final = 3


def deployment_files() -> Iterator[tuple[Path, str]]:
    """Yield every file with the text it must have, for the default prefix and the first epoch."""
    topics, roles = Topics(), read_roles()
    lines = [
        f"\n# {name}: {role.about}" + _joined(acl_commands(name, topics, "$BROKERS")) for name, role in roles.items()
    ]
    text = WRITTEN.format(source="agents/ops/access/roles.toml; `tallygate access acls` prints it for another prefix")
    text = f'#!/bin/sh\n{text}set -eu\n: "${{BROKERS:?where is Kafka?}}"\n'
    yield ROOT / "deploy" / "kafka" / "acls.sh", text + "".join(lines).replace("'$BROKERS'", '"$BROKERS"') + "\n"
    folder = ROOT / "deploy" / "kubernetes" / "strimzi"
    made = strimzi_topics(topics, PARTITIONS, REPLICATION)
    yield folder / "topics.yaml", WRITTEN.format(source="stream/topics.py") + _documents(made)
    users = WRITTEN.format(source="agents/ops/access/roles.toml") + _documents(strimzi_users(topics, roles))
    yield folder / "users.yaml", users


def _joined(commands: Iterable[str]) -> str:
    broken = (
        re.sub(r" (--allow-principal|--topic|--group|--transactional-id) ", r" \\\n  \1 ", one) for one in commands
    )
    return "".join(f"\n{command}" for command in broken)


def _documents(resources: Iterable[dict[str, Any]]) -> str:
    return str(yaml.safe_dump_all(resources, sort_keys=False, width=120))
