"""`tallygate topics`: creates the project's topics, or says what is wrong with them."""

import sys
from typing import Annotated

import typer

from agents.cli.reaching import ask

app = typer.Typer(no_args_is_help=True, help="Create the topics, or check that they are as they must be.")
command = app


@app.command()
def create(
    partitions: Annotated[
        int | None,
        typer.Option(
            min=1,
            help="Partitions of every topic, fixed from then on; default: those of existing topics, else the setting.",
        ),
    ] = None,
    replication: Annotated[
        int | None, typer.Option(min=1, help="Replicas; default: TALLYGATE_KAFKA__REPLICATION.")
    ] = None,
) -> None:
    """Create the missing topics; check those that exist, and leave them as they are."""
    from agents.settings import Settings
    from agents.topics_admin import create_topics, find_topics

    kafka = Settings().kafka
    plans = kafka.topics().plans()
    found = ask(find_topics(kafka.connection(), [plan.name for plan in plans], configs=False), kafka.brokers)
    # The count was fixed when the first topic was made; a new epoch's changelogs must have it too.
    held = {topic.partitions for topic in found.values()}
    count = partitions or (min(held) if held else kafka.partitions)
    if held - {count}:
        print(
            f"topics of {sorted(held)} partitions exist, {count} would differ: leave out --partitions", file=sys.stderr
        )
        raise typer.Exit(2)
    replicas = replication or kafka.replication
    made = ask(create_topics(kafka.connection(), plans, count, replicas), kafka.brokers)
    for name in made:
        print(f"created {name}, {count} partitions")
    check()


@app.command()
def check() -> None:
    """Compare the topics with what they must be. Exit code 0: nothing is wrong; 1: a line names each fault."""
    from agents.settings import Settings
    from agents.topics_admin import find_topics, problems

    kafka = Settings().kafka
    plans = kafka.topics().plans()
    found = ask(find_topics(kafka.connection(), [plan.name for plan in plans]), kafka.brokers)
    wrong = problems(plans, found)
    for line in wrong:
        print(line, file=sys.stderr)
    if wrong:
        raise typer.Exit(1)
    print(f"{len(plans)} topics at {kafka.brokers}: all as they must be")
