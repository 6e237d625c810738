"""Roles in other forms: commands of Kafka's own tool, Strimzi's resources, Redis users, and a table in Markdown."""

import re
import shlex
from collections.abc import Iterable, Iterator, Mapping
from hashlib import sha256
from typing import Any, Final

from agents.ops.access.roles import Grant, Role, grants, principal, read_roles
from stream.topics import KEPT_DAYS, Topics

STRIMZI: Final = "kafka.strimzi.io/v1"
CLUSTER: Final = "kafka"
"""Default name of the Strimzi cluster that the resources belong to."""


def acl_commands(role: str, topics: Topics, brokers: str) -> Iterator[str]:
    """Return `kafka-acls.sh` commands; the administrator's login is in a file, never on the command line."""
    for grant in grants(role, topics):
        command = ["kafka-acls.sh", "--bootstrap-server", brokers, "--command-config", "admin.properties", "--add"]
        command += ["--allow-principal", f"User:{principal(topics, role)}"]
        command += [word for operation in grant.operations for word in ("--operation", operation)]
        name = [] if grant.resource == "cluster" else [grant.name, "--resource-pattern-type", grant.pattern]
        command += [f"--{grant.resource}", *name]
        yield shlex.join(command)


def strimzi_users(topics: Topics, roles: Iterable[str], cluster: str = CLUSTER) -> Iterator[dict[str, Any]]:
    """Return a KafkaUser for each role; its operator makes the password, in a Secret of the user's name."""
    for role in roles:
        spec = {
            "authentication": {"type": "scram-sha-512"},
            "authorization": {"type": "simple", "acls": [_strimzi_acl(grant) for grant in grants(role, topics)]},
        }
        yield _resource("KafkaUser", principal(topics, role), spec, cluster)


def strimzi_topics(
    topics: Topics, partitions: int, replication: int, cluster: str = CLUSTER, days: int = KEPT_DAYS
) -> Iterator[dict[str, Any]]:
    """Return a KafkaTopic for each topic, with the settings that `tallygate topics check` asks for."""
    for plan in topics.plans(days):
        spec = {"topicName": plan.name, "partitions": partitions, "replicas": replication, "config": dict(plan.config)}
        # Argo CD must not delete a topic with its resource: the records would be lost.
        resource = _resource("KafkaTopic", re.sub(r"[^a-z0-9.-]", "-", plan.name.lower()), spec, cluster)
        resource["metadata"]["annotations"] = {"argocd.argoproj.io/sync-options": "Prune=false"}
        yield resource


def redis_users(topics: Topics, passwords: Mapping[str, str]) -> Iterator[str]:
    """Return the lines of a Redis ACL file for the roles with a password; it holds only the SHA-256 of each."""
    yield "user default off"
    for name, role in read_roles().items():
        if role.redis and name in passwords:
            digest = sha256(passwords[name].encode()).hexdigest()
            rules = role.redis.replace("KEYS", f"{{{topics.prefix}}}:*")
            yield f"user {principal(topics, name)} on #{digest} resetchannels {rules}"


def table(roles: Mapping[str, Role] | None = None) -> str:
    """Return the roles under the default prefix as a table in Markdown."""
    known = roles or read_roles()
    lines = ["| role | for | may |", "|---|---|---|"]
    for name, role in known.items():
        may = "; ".join(_rights(grant) for grant in grants(name, Topics(), known))
        may += "; Redis: read" * bool(role.redis) + " and write" * ("+@write" in role.redis)
        lines.append(f"| `{name}` | {role.about} | {may} |")
    return "\n".join(lines)


def _rights(grant: Grant) -> str:
    kind = "" if grant.resource == "topic" else f"{grant.resource} "
    return f"{', '.join(grant.operations)} {kind}`{grant.name}{'*' if grant.pattern == 'prefixed' else ''}`"


def _strimzi_acl(grant: Grant) -> dict[str, Any]:
    resource = {"type": "cluster"}
    if grant.resource != "cluster":
        kind = "transactionalId" if grant.resource == "transactional-id" else grant.resource
        pattern = "prefix" if grant.pattern == "prefixed" else "literal"
        resource = {"type": kind, "name": grant.name, "patternType": pattern}
    return {"resource": resource, "operations": list(grant.operations)}


def _resource(kind: str, name: str, spec: dict[str, Any], cluster: str) -> dict[str, Any]:
    labels = {"strimzi.io/cluster": cluster, "app.kubernetes.io/part-of": "tallygate"}
    return {"apiVersion": STRIMZI, "kind": kind, "metadata": {"name": name, "labels": labels}, "spec": spec}
