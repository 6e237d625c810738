"""`tallygate access`: show the roles of `agents/ops/access/roles.toml`, and grant them on a broker."""

import json
from pathlib import Path
from typing import Annotated

import typer

from agents.cli.exits import AWAY, BAD_USAGE, refuse

app = typer.Typer(no_args_is_help=True, help="Show who may do what on Kafka and in Redis, and grant it.")
command = app

Roles = Annotated[list[str] | None, typer.Argument(metavar="[ROLE]...", help="Default: all.")]


@app.command()
def show() -> None:
    """Print the roles as a table in Markdown: what each is for, and what it may do under the default prefix."""
    from agents.ops.access.rendering import table

    print(table())


@app.command()
def acls(roles: Roles = None) -> None:
    """Print the commands of Kafka's own kafka-acls.sh that give the roles what they need."""
    from agents.ops.access.rendering import acl_commands
    from agents.settings.settings import read_settings

    kafka = read_settings().kafka
    for role in _known(roles):
        print(*acl_commands(role, kafka.topics(), kafka.brokers), sep="\n")


@app.command()
def strimzi(
    roles: Roles = None,
    cluster: Annotated[str, typer.Option(help="Name of the Kafka resource.")] = "kafka",
) -> None:
    """Print Strimzi's KafkaTopic and KafkaUser resources as JSON, for `kubectl apply -f -`."""
    from agents.ops.access.rendering import strimzi_topics, strimzi_users
    from agents.settings.enabled_rules import rulebook_of
    from agents.settings.settings import read_settings

    settings = read_settings()
    kafka, days = settings.kafka, rulebook_of(settings).topic_days
    items = [*strimzi_topics(kafka.topics(), kafka.partitions, kafka.replication, cluster, days)]
    items += strimzi_users(kafka.topics(), _known(roles), cluster)
    print(json.dumps({"apiVersion": "v1", "kind": "List", "items": items}, indent=2))


@app.command()
def redis(
    passwords: Annotated[Path, typer.Option(metavar="FOLDER", help="A file for each role, as `grant` makes them.")],
) -> None:
    """Print a Redis ACL file: a user for each role that needs Redis, with the SHA-256 of the password in its file."""
    from agents.ops.access.granting import password_in
    from agents.ops.access.rendering import redis_users
    from agents.ops.access.roles import read_roles
    from agents.settings.settings import read_settings

    roles = [name for name, role in read_roles().items() if role.redis]
    given = {role: password_in(passwords, role) for role in roles}
    print(*redis_users(read_settings().kafka.topics(), given), sep="\n")


@app.command()
def grant(
    roles: Roles = None,
    passwords: Annotated[
        Path, typer.Option(metavar="FOLDER", help="One password file for each role; missing ones are made, mode 0600.")
    ] = Path("passwords"),
) -> None:
    """Grant each role its login and exactly its ACLs, and remove every other ACL that the role has.

    It connects by TALLYGATE_KAFKA__*: the login must be an administrator of the cluster. You may run it again at any
    time; a new file changes the password. Exit code 2: bad usage, or the broker refused; 75: it did not answer.
    """
    from agents.ops.access.granting import Granting, GrantingError, NoAnswerError, login_of, password_in
    from agents.ops.access.roles import principal
    from agents.settings.settings import read_settings

    kafka = read_settings().kafka
    topics = kafka.topics()
    try:
        granting = Granting(login_of(kafka), topics)
        for role in _known(roles):
            count = granting.grant(role, password_in(passwords, role))
            print(f"{principal(topics, role)}: password in {passwords / role}, {count} ACLs")
    except (GrantingError, OSError, ValueError) as error:
        if isinstance(error, NoAnswerError):
            refuse(f"{kafka.brokers}: {error}", AWAY)
        refuse(f"{kafka.brokers}: {error}", BAD_USAGE)


def _known(roles: list[str] | None) -> list[str]:
    from agents.ops.access.roles import read_roles

    known = read_roles()
    if unknown := [role for role in roles or () if role not in known]:
        refuse(f"no role {', '.join(unknown)}; there are {', '.join(known)}")
    return roles or list(known)
