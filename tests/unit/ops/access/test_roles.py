"""The roles become grants, commands and resources that say the same, under any prefix and for any epoch."""

import json
import shlex
import stat
from hashlib import sha256
from pathlib import Path

import pytest
from typer.testing import CliRunner

from agents.cli.main import main
from agents.ops.access.granting import password_in
from agents.ops.access.rendering import acl_commands, redis_users, strimzi_topics, strimzi_users
from agents.ops.access.roles import Grant, grants, read_roles
from stream.topics import Topics

ROLES = list(read_roles())
TOPICS = Topics("night", 3)
NAMING = ("shipments", "dead_letters")
"""Topics with names and addresses in them."""


def covers(grant: Grant, name: str) -> bool:
    """Whether a grant is about this name."""
    return name.startswith(grant.name) if grant.pattern == "prefixed" else name == grant.name


@pytest.mark.parametrize("role", ROLES)
def test_grants_stay_under_the_prefix(role: str) -> None:
    """A role of one Tallygate has no right on anything of another, and none on all."""
    elsewhere = [grant for grant in grants(role, TOPICS) if not grant.name.startswith("night.")]
    # Of the cluster, how full its disks are.
    assert elsewhere == ([Grant("cluster", "kafka-cluster", "literal", ("Describe",))] if role == "operator" else [])


@pytest.mark.parametrize("step", ["manifest", "withholding"])
def test_workers_have_their_own_of_every_epoch(step: str) -> None:
    """A worker's rights outlive a new epoch, and end at the other step."""
    other = {"manifest": "withholding", "withholding": "manifest"}[step]
    for epoch in (1, 3, 12):
        topics = Topics("night", epoch)
        for kind, name, foreign in (
            ("topic", topics.changelog(step), topics.changelog(other)),
            ("group", topics.group(step), topics.group(other)),
            ("transactional-id", f"{topics.group(step)}-0", f"{topics.group(other)}-0"),
        ):
            held = [grant for grant in grants(step, TOPICS) if grant.resource == kind]
            assert any(covers(grant, name) for grant in held)
            assert not any(covers(grant, foreign) for grant in held)


def test_names_and_addresses_are_read_by_few() -> None:
    """Only the manifest worker reads shipments, only the role for dead letters reads those, and a rebuild both."""
    readers = {
        (role, name)
        for role in ROLES
        for name in NAMING
        for grant in grants(role, TOPICS)
        if grant.resource == "topic" and "Read" in grant.operations and covers(grant, getattr(TOPICS, name))
    }
    rebuild = {("rebuild", name) for name in NAMING}
    assert readers == {("manifest", "shipments"), ("dead-letters", "dead_letters"), *rebuild}


@pytest.mark.parametrize("role", ROLES)
def test_commands_and_resources_say_the_same(role: str) -> None:
    """Kafka's own tool and Strimzi are told each grant, with its operations and its pattern."""
    said = [shlex.split(line) for line in acl_commands(role, TOPICS, "kafka:9092")]
    (user,) = strimzi_users(TOPICS, [role])
    acls = user["spec"]["authorization"]["acls"]
    for grant, command, acl in zip(grants(role, TOPICS), said, acls, strict=True):
        assert [command[at + 1] for at, word in enumerate(command) if word == "--operation"] == acl["operations"]
        assert acl["operations"] == list(grant.operations)
        if grant.resource == "cluster":
            assert (command[-1], acl["resource"]) == ("--cluster", {"type": "cluster"})
            continue
        assert command[-4:] == [f"--{grant.resource}", grant.name, "--resource-pattern-type", grant.pattern]
        kind = {"transactional-id": "transactionalId"}.get(grant.resource, grant.resource)
        pattern = {"prefixed": "prefix"}.get(grant.pattern, grant.pattern)
        assert acl["resource"] == {"type": kind, "name": grant.name, "patternType": pattern}
    assert {command[command.index("--allow-principal") + 1] for command in said} == {f"User:night-{role}"}


def test_strimzi_topics_are_those_of_the_plan() -> None:
    """Each planned topic is a resource with its settings, under a name that Kubernetes accepts."""
    made = {each["spec"]["topicName"]: each for each in strimzi_topics(Topics("Night_1"), 6, 3)}
    assert {name: each["spec"]["config"] for name, each in made.items()} == {
        plan.name: plan.config for plan in Topics("Night_1").plans()
    }
    assert {each["spec"]["partitions"] for each in made.values()} == {6}
    assert made["Night_1.shipments.v1"]["metadata"]["name"] == "night-1.shipments.v1"


def test_redis_users_have_digests_only() -> None:
    """The ACL file turns the default user off, and holds only the SHA-256 of passwords."""
    lines = list(redis_users(TOPICS, {"gateway": "made-up", "projection": "made-up-too"}))
    assert lines[0] == "user default off"
    assert {line.split()[1] for line in lines[1:]} == {"night-gateway", "night-projection"}
    assert f"#{sha256(b'made-up').hexdigest()}" in lines[2]
    assert "made-up" not in "".join(lines)
    assert all("{night}:*" in line for line in lines[1:])


def test_password_is_made_once_and_private(tmp_path: Path) -> None:
    """A password file is made with mode 0600 where there is none, and left as it is where there is one."""
    folder = tmp_path / "passwords"
    first = password_in(folder, "gateway")
    assert len(first) >= 43
    assert password_in(folder, "gateway") == first != password_in(folder, "auditor")
    assert stat.S_IMODE((folder / "gateway").stat().st_mode) == 0o600


def test_command_prints_for_the_prefix_that_is_set(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The commands print roles, ACLs, resources and Redis users for the names in the environment."""
    monkeypatch.setenv("TALLYGATE_KAFKA__PREFIX", "night")
    run = CliRunner().invoke
    assert "| `publisher` |" in run(main, ["access", "show"]).output
    assert "--topic night.shipments.v1" in run(main, ["access", "acls", "publisher"]).output
    items = json.loads(run(main, ["access", "strimzi", "--cluster", "one"]).output)["items"]
    assert {item["metadata"]["labels"]["strimzi.io/cluster"] for item in items} == {"one"}
    assert len(items) == len(ROLES) + len(TOPICS.plans())
    assert "user night-gateway" in run(main, ["access", "redis", "--passwords", str(tmp_path)]).output
    assert run(main, ["access", "acls", "no-such"]).exit_code == 2
    monkeypatch.setenv("TALLYGATE_KAFKA__BROKERS", "127.0.0.1:9")
    monkeypatch.setattr("agents.ops.access.granting.ANSWER_SECONDS", 1)
    assert run(main, ["access", "grant", "publisher", "--passwords", str(tmp_path)]).exit_code == 75
