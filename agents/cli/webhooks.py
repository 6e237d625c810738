"""`tallygate webhooks`: send decisions to the receivers of others, signed, in order, until each has taken them."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from agents.cli.exits import NO, refuse
from agents.cli.kafka_call import ask

if TYPE_CHECKING:
    from agents.settings.settings import KafkaSettings
    from agents.webhooks.receiver import ReceiverAnswer
    from agents.webhooks.subscriptions import Webhook

app = typer.Typer(no_args_is_help=True, help="Send decisions to webhooks: signed, in order, tried until delivered.")
command = app

NAME_LENGTH_MAX = 100
BEGINNING = "beginning"

File = Annotated[
    Path | None, typer.Option("--file", metavar="FILE", help="Webhooks file; default: TALLYGATE_WEBHOOKS__FILE.")
]
WebhookId = Annotated[str, typer.Argument(metavar="ID", help="Its id, from the list.")]


@app.command()
def add(
    url: Annotated[str, typer.Argument(metavar="URL", help="Where to POST, such as https://example.com/decisions.")],
    name: Annotated[str, typer.Option("--name", help="What it is for; shown in the list.")] = "",
    conveyance: Annotated[
        list[str] | None, typer.Option("--conveyance", help="Only decisions on it; may be repeated.")
    ] = None,
    outcome: Annotated[
        list[str] | None, typer.Option("--outcome", help="Only decisions with it; may be repeated.")
    ] = None,
    programme: Annotated[
        list[str] | None, typer.Option("--programme", help="Only decisions under it; may be repeated.")
    ] = None,
    after: Annotated[
        str, typer.Option("--after", metavar="ID", help="Begin behind an id of the stream, or at the `beginning`.")
    ] = "",
    file: File = None,
) -> None:
    """Add a webhook and print its secret once, on standard output; the receiver checks signatures with it.

    It begins with the next decision. `tallygate webhooks run` notices it within seconds. Exit code 2: it may not lead
    there, or a filter is wrong; 75: Kafka did not say where its topic ends.
    """
    import secrets
    from datetime import UTC, datetime

    from agents.gateway.live.places import encode_places
    from agents.gateway.live.wanted import FilterError, checked_filters
    from agents.settings.enabled_rules import rulebook_of
    from agents.settings.settings import read_settings
    from agents.webhooks.addresses import AddressError, check_url
    from agents.webhooks.subscriptions import Webhook, WebhookFileError, add_webhook

    settings = read_settings()
    if not name.isprintable() or len(name) > NAME_LENGTH_MAX:
        refuse(f"a name has at most {NAME_LENGTH_MAX} characters, all of them printable")
    where = _file(file)
    try:
        allowed = settings.webhooks
        check_url(url, allow_http=allowed.allow_http, allow_private=allowed.allow_private)
        wanted = checked_filters(conveyance or (), outcome or (), programme or (), rulebook_of(settings))
    except (AddressError, FilterError) as error:
        refuse(error)
    places = _begins(after, settings.kafka)
    webhook = Webhook(
        id="", url=url, secrets=(), after=encode_places(places), created=datetime.now(UTC).replace(microsecond=0),
        name=name, conveyances=tuple(sorted(wanted.conveyances)), outcomes=tuple(sorted(wanted.outcomes)),
        programmes=tuple(sorted(wanted.programmes)),
    )  # fmt: skip
    try:
        made = add_webhook(where, webhook, secrets.token_bytes)
    except WebhookFileError as error:
        refuse(error)
    print(f"webhook {made.id} is added; its secret:", file=sys.stderr)
    print(made.secrets[0])


@app.command("list")
def show(file: File = None) -> None:
    """List the webhooks: id, how it is, offsets left, place, URL without its query, filters, name, divided by tabs.

    The offsets left are those from its place to the end of the topic; not every one holds a decision that it wants.
    Exit code 1: a webhook is dead.
    """
    from agents.settings.settings import read_settings
    from agents.webhooks.looking import read_standings

    kafka = read_settings().kafka
    webhooks = _webhooks(file)
    standings = ask(read_standings(kafka.connection(), kafka.topics(), webhooks), kafka)
    print("id\tstate\tleft\tplace\turl\tfilters\tname")
    for webhook, found in zip(webhooks, standings, strict=True):
        state = f"{found.word} ({found.detail})" if found.detail else found.word
        filters = " ".join([*webhook.conveyances, *webhook.outcomes, *webhook.programmes]) or "all"
        bare = webhook.url.partition("?")[0]
        print(f"{webhook.id}\t{state}\t{found.left}\t{found.places}\t{bare}\t{filters}\t{webhook.name}")
    if any(found.word not in {"well", "failing"} for found in standings):
        raise typer.Exit(NO)


@app.command("test")
def send(webhook_id: WebhookId, file: File = None) -> None:
    """Send a signed test to a webhook's receiver now, once, and say what it answers.

    The body is the answer for a bill of which nothing is known: `{"bill":"TALLYGATETEST","action":"HOLD",...}`. Exit
    code 1: it was not taken.
    """
    import asyncio
    import secrets
    import time

    from agents.settings.settings import read_settings
    from agents.webhooks.receiver import send_test

    webhook = _webhook(webhook_id, file)
    settings = read_settings().webhooks
    answer: ReceiverAnswer = asyncio.run(send_test(webhook, settings, time.time, secrets.token_hex(8)))
    if answer.result != "delivered":
        refuse(f"not taken: {answer.word}; docs/webhooks.md says what that means", NO)
    print(f"taken: {answer.word}")


@app.command()
def enable(webhook_id: WebhookId, file: File = None) -> None:
    """Deliver to a dead webhook again, from where it stopped; nothing is left out."""
    from agents.webhooks.subscriptions import WebhookFileError, enable_webhook

    try:
        found = enable_webhook(_file(file), webhook_id)
    except WebhookFileError as error:
        refuse(error)
    if not found:
        _unknown()
    print(f"webhook {webhook_id} is enabled")


@app.command()
def remove(webhook_id: WebhookId, file: File = None) -> None:
    """Remove a webhook: within seconds nothing more is sent to it."""
    from agents.webhooks.subscriptions import WebhookFileError, remove_webhook

    try:
        found = remove_webhook(_file(file), webhook_id)
    except WebhookFileError as error:
        refuse(error)
    if not found:
        _unknown()
    print(f"webhook {webhook_id} is removed")


@app.command()
def run() -> None:
    """Deliver to all webhooks of the file, until SIGTERM or Ctrl-C. Run one such process.

    Settings come from the environment, TALLYGATE_WEBHOOKS__* and TALLYGATE_KAFKA__*. Kafka and receivers may go away
    and come back. Exit code 78: it must not run as configured; 75: start it again.
    """
    from agents.webhooks.webhook_process import run_webhooks

    run_webhooks()


def _begins(after: str, kafka: "KafkaSettings") -> list[int]:
    """Return the places behind which a webhook begins."""
    from agents.gateway.live.places import PlaceError, decode_places
    from agents.webhooks.looking import read_bounds

    try:
        places = decode_places(after) if after not in {"", BEGINNING} else None
    except PlaceError as error:
        refuse(f"--after: {error}")
    bounds = ask(read_bounds(kafka.connection(), kafka.topics().decisions), kafka)
    if places is None:
        return bounds.begins if after == BEGINNING else bounds.ends
    if len(places) != len(bounds.ends) or not all(map(int.__le__, places, bounds.ends)):
        refuse("--after is no id of this topic")
    if not all(map(int.__ge__, places, bounds.begins)):
        refuse("--after is older than the topic: it no longer holds what follows")
    return places


def _webhooks(file: Path | None) -> "tuple[Webhook, ...]":
    from agents.webhooks.subscriptions import WebhookFileError, read_webhooks

    try:
        return read_webhooks(_file(file))
    except WebhookFileError as error:
        refuse(error)


def _webhook(webhook_id: str, file: Path | None) -> "Webhook":
    found = next((webhook for webhook in _webhooks(file) if webhook.id == webhook_id), None)
    return _unknown() if found is None else found


def _unknown() -> NoReturn:
    refuse("there is no webhook of this id; `tallygate webhooks list` lists them", NO)


def _file(given: Path | None) -> Path:
    from agents.settings.settings import read_settings

    if given is not None:
        return given
    found = read_settings().webhooks.file
    if found is None:
        refuse("name the webhooks file: --file FILE, or TALLYGATE_WEBHOOKS__FILE in the environment")
    return found
