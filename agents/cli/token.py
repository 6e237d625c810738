"""`tallygate token`: who may use the gateway."""

import os
import sys
from contextlib import nullcontext
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Annotated, TextIO

import typer

from agents.cli.exits import NO, refuse

app = typer.Typer(no_args_is_help=True, help="Make, list and revoke the tokens that open the gateway.")
command = app

NAME_LENGTH_MAX = 100
SOURCE_LENGTH_MAX = 500


class ScopeName(StrEnum):
    """What a token may do."""

    PUBLISH = "publish"
    SCAN = "scan"
    AUDIT = "audit"
    PLAN = "plan"


File = Annotated[
    Path | None, typer.Option("--file", metavar="FILE", help="Tokens file; default: TALLYGATE_GATEWAY__TOKENS_FILE.")
]


@app.command()
def create(
    scope: Annotated[list[ScopeName], typer.Option("--scope", help="What it may do; may be repeated.")],
    name: Annotated[str, typer.Option("--name", help="Name of its user, person or program; shown in the list.")],
    source: Annotated[
        list[str] | None,
        typer.Option("--source", help="Only events of this source may be published; may be repeated. Default: any."),
    ] = None,
    days: Annotated[int, typer.Option("--days", min=1, max=3660, help="Days until it expires.")] = 90,
    card: Annotated[
        Path | None,
        typer.Option("--card", metavar="FILE", help="Write a page (HTML) that prints a card to sign in with."),
    ] = None,
    address: Annotated[
        str | None,
        typer.Option("--address", metavar="URL", help="With --card: the gateway as phones reach it, https://…"),
    ] = None,
    file: File = None,
) -> None:
    """Make a token and print it once, on standard output; the file keeps only its digest.

    Scopes: publish events; scan bills; audit (all of a decision, consignee days, and what scan may); plan (headroom).
    Running gateways accept it within seconds. With --card it is not printed: print the page, then delete its file.
    """
    import secrets

    from agents.card import sign_in_card
    from agents.gateway.http.token_file import create_token
    from agents.gateway.http.tokens import TokenFileError

    sources = source or []
    _check(name, scope, sources, card, address)
    where = _file(file)
    with nullcontext() if card is None else _new_file(card) as page:
        try:
            token, text = create_token(
                where,
                name,
                [each.value for each in scope],
                datetime.now(UTC).replace(microsecond=0),
                timedelta(days=days),
                secrets.token_bytes,
                sources,
            )
        except TokenFileError as error:
            if card is not None:
                card.unlink()
            refuse(error)
        if page is not None:
            page.write(sign_in_card(name, token.id, text, f"{token.expires:%Y-%m-%d %H:%M} UTC", address))
    until = f"{token.expires:%Y-%m-%d %H:%M} UTC"
    print(f"token {token.id} ({' '.join(token.scopes)}), good until {until}:", file=sys.stderr)
    print(text if card is None else f"its card is {card}; print it, then delete the file")


def _check(name: str, scope: list[ScopeName], sources: list[str], card: Path | None, address: str | None) -> None:
    """Refuse what would make no token, or no card."""
    from agents.card import CardError, sign_in_card

    if not name.isprintable() or len(name) > NAME_LENGTH_MAX:
        refuse(f"a name has at most {NAME_LENGTH_MAX} characters, all of them printable")
    if sources and ScopeName.PUBLISH not in scope:
        refuse("--source limits what a token may publish: add --scope publish")
    if not all(each.isprintable() and 0 < len(each) <= SOURCE_LENGTH_MAX for each in sources):
        refuse(f"a source has 1 to {SOURCE_LENGTH_MAX} characters, all of them printable")
    if card is not None and {each.value for each in scope} - {"scan"}:
        refuse("a card is for the scope scan alone: it hangs where others see it")
    if address is not None and card is None:
        refuse("--address is part of a card: add --card FILE")
    try:
        if card is not None:
            sign_in_card(name, "0" * 10, f"tg_{'0' * 75}", "", address)
    except CardError as error:
        refuse(error)


def _new_file(path: Path) -> TextIO:
    """Open a file that only its owner reads; one that is there already is refused."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        refuse(f"the card {path} cannot be written: {error.strerror}")
    return os.fdopen(descriptor, "w", encoding="utf-8")


@app.command("list")
def show(file: File = None) -> None:
    """List the tokens: id, scopes, dates, name, sources, in columns divided by tabs."""
    from agents.gateway.http.tokens import TokenFileError, read_tokens

    try:
        tokens = read_tokens(_file(file))
    except TokenFileError as error:
        refuse(error)
    now = datetime.now(UTC)
    print("id\tscopes\tcreated\texpires\tname\tsources")
    for token in tokens:
        state = "" if now < token.expires else " (expired)"
        days = f"{token.created:%Y-%m-%d}\t{token.expires:%Y-%m-%d}{state}"
        print(f"{token.id}\t{' '.join(token.scopes)}\t{days}\t{token.name}\t{' '.join(token.sources)}")


@app.command()
def revoke(
    token_id: Annotated[str, typer.Argument(metavar="ID", help="Its id, from the list.")], file: File = None
) -> None:
    """Revoke a token: within 5 seconds gateways refuse it, and close the streams that it opened."""
    from agents.gateway.http.token_file import revoke_token
    from agents.gateway.http.tokens import TokenFileError

    try:
        found = revoke_token(_file(file), token_id)
    except TokenFileError as error:
        refuse(error)
    if not found:
        refuse("there is no token of this id; `tallygate token list` lists them", NO)
    print(f"token {token_id} is revoked")


def _file(given: Path | None) -> Path:
    from agents.settings.settings import read_settings

    if given is not None:
        return given
    found = read_settings().gateway.tokens_file
    if found is None:
        refuse("name the tokens file: --file FILE, or TALLYGATE_GATEWAY__TOKENS_FILE in the environment")
    return found
