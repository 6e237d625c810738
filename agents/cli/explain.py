"""`tallygate explain`: a bill's decision in words for people who do not program."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

from agents.cli.exits import AWAY, NO, refuse
from agents.cli.kafka_call import silence


def command(
    bill: Annotated[str, typer.Argument(help="A bill number, with separators or without.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print all of it as JSON.")] = False,
    gateway: Annotated[
        str | None, typer.Option(metavar="URL", help="Ask this gateway instead of Redis and Kafka.")
    ] = None,
    token_file: Annotated[
        Path | None, typer.Option(metavar="FILE", help="File with a token of the scope audit, for the gateway.")
    ] = None,
) -> None:
    """Say what was decided about a bill, why, what to do, and how sure that is.

    It reads Redis and Kafka, TALLYGATE_REDIS__* and TALLYGATE_KAFKA__*, or asks a gateway. Exit code 0: explained; 1:
    nothing is known of the bill; 2: bad usage, or refused; 75: neither place answers.
    """
    from agents.bills.explanation import explain
    from agents.bills.fact_sources import NothingAnswersError
    from agents.client import GatewayError
    from agents.kafka.errors import RefusedError
    from agents.settings.enabled_rules import rulebook_of
    from agents.settings.settings import read_settings
    from stream.bills import fold_bill

    folded = fold_bill(bill)
    if folded is None:
        refuse("a bill number has 4 to 35 letters and digits; separators may stand between")
    if (gateway is None) != (token_file is None):
        refuse("--gateway and --token-file go together")
    silence("aiokafka")
    settings = read_settings()
    try:
        found = explain(asyncio.run(_facts(folded, settings, gateway, token_file)), rulebook_of(settings))
    except (RefusedError, GatewayError) as error:
        refuse(error)
    except NothingAnswersError as error:
        refuse(error, AWAY)
    _print(found, as_json=as_json)
    if found.facts.decision is None:
        raise typer.Exit(NO)


async def _facts(bill: str, settings: Any, url: str | None, token_file: Path | None) -> Any:
    async with _source(settings, url, token_file) as source:
        return await source.facts(bill)


@asynccontextmanager
async def _source(settings: Any, url: str | None, token_file: Path | None) -> AsyncIterator[Any]:
    from agents.bills.fact_sources import OverGateway, Stores

    if url is None or token_file is None:
        yield Stores(settings)
        return
    from agents.client import Gateway, read_token

    async with Gateway(url, read_token(token_file)) as gateway:
        yield OverGateway(gateway)


def _print(found: Any, *, as_json: bool) -> None:
    if as_json:
        import msgspec

        print(msgspec.json.format(msgspec.json.encode(found), indent=1).decode())
        return
    from rich.console import Console
    from rich.padding import Padding
    from rich.text import Text

    from agents.client.colours import STYLES

    console = Console(highlight=False)
    console.soft_wrap = not console.is_terminal
    console.print(Text(f" {found.action} ", STYLES[found.action]), Text(f"{found.bill}: {found.headline}"))
    for section in found.sections:
        console.print(Text(f"\n{section.title}", "bold"))
        for line in section.lines:
            # A terminal wraps between words, below the heading; a file keeps lines whole.
            console.print(Padding(Text(line), (0, 0, 0, 2)) if console.is_terminal else Text(f"  {line}"))
