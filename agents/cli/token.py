"""`tallygate token`: who may use the gateway."""

import sys
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Annotated

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
    file: File = None,
) -> None:
    """Make a token and print it once, on standard output; the file keeps only its digest.

    Scopes: publish events; scan bills; audit (all of a decision, consignee days, and what scan may); plan (headroom).
    Running gateways accept it within seconds.
    """
    import secrets

    from agents.gateway.http.token_file import create_token
    from agents.gateway.http.tokens import TokenFileError

    if not name.isprintable() or len(name) > NAME_LENGTH_MAX:
        refuse(f"a name has at most {NAME_LENGTH_MAX} characters, all of them printable")
    sources = source or []
    if sources and ScopeName.PUBLISH not in scope:
        refuse("--source limits what a token may publish: add --scope publish")
    if not all(each.isprintable() and 0 < len(each) <= SOURCE_LENGTH_MAX for each in sources):
        refuse(f"a source has 1 to {SOURCE_LENGTH_MAX} characters, all of them printable")
    where = _file(file)
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
        refuse(error)
    print(
        f"token {token.id} ({' '.join(token.scopes)}), good until {token.expires:%Y-%m-%d %H:%M} UTC:", file=sys.stderr
    )
    print(text)


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
