"""`tallygate topics`: creates the project's topics, or says what is wrong with them."""

import sys
from typing import Annotated, Any

import typer

from agents.cli.exits import NO, refuse
from agents.cli.kafka_call import ask

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
    """Create the missing topics; check those that exist, and leave them as they are.

    Records are kept for 60 days, or for as long as the enabled programmes need.
    """
    from agents.kafka.topic_admin import create_topics, find_topics

    kafka, rulebook = _settings()
    plans = kafka.topics().plans(rulebook.topic_days)
    found = ask(find_topics(kafka.connection(), [plan.name for plan in plans], configs=False), kafka)
    # The count was fixed when the first topic was made; a new epoch's changelogs must have it too.
    held = {topic.partitions for topic in found.values()}
    count = partitions or (min(held) if held else kafka.partitions)
    if held - {count}:
        refuse(f"topics of {sorted(held)} partitions exist, {count} would differ: leave out --partitions")
    replicas = replication or kafka.replication
    made = ask(create_topics(kafka.connection(), plans, count, replicas), kafka)
    for name in made:
        print(f"created {name}, {count} partitions")
    check()


@app.command()
def check() -> None:
    """Compare the topics with what they must be. Exit code 0: nothing is wrong; 1: a line names each fault."""
    from agents.kafka.topic_admin import find_topics, kept_days, problems
    from state.rules import RulebookError

    kafka, rulebook = _settings()
    plans = kafka.topics().plans(rulebook.topic_days)
    found = ask(find_topics(kafka.connection(), [plan.name for plan in plans]), kafka)
    wrong = problems(plans, found)
    for line in wrong:
        print(line, file=sys.stderr)
    try:
        rulebook.check_retention(kept_days({name: found[name] for name in kafka.topics().record if name in found}))
    except RulebookError as error:
        print(error, file=sys.stderr)
    if wrong:
        raise typer.Exit(NO)
    print(f"{len(plans)} topics at {kafka.brokers}: all as they must be")


def _settings() -> tuple[Any, Any]:
    """Return the settings of Kafka, and the rulebook; exit where the rules or programmes cannot be used."""
    from agents.kafka.errors import RefusedError
    from agents.settings.enabled_rules import rulebook_of
    from agents.settings.settings import read_settings

    settings = read_settings()
    try:
        return settings.kafka, rulebook_of(settings)
    except RefusedError as error:
        refuse(error)
