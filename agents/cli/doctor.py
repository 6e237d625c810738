"""`tallygate doctor`: look at everything and say what to do."""

import sys
from typing import Annotated

import typer

from agents.cli.exits import NO, refuse
from agents.cli.kafka_call import silence


def command(
    role: Annotated[
        str | None, typer.Option(metavar="ROLE", help="Say what this login lacks for a role of `tallygate access`.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document instead of a table.")] = False,
) -> None:
    """Check settings, rules, secrets, Kafka, topics, rights, groups, halts, clocks, Redis; change nothing.

    Each finding says what is wrong and what to do. Exit code 0: nothing is wrong; 1: something is; 2: bad usage.
    """
    import asyncio
    from contextlib import nullcontext

    from rich.console import Console

    from agents.ops.access.roles import read_roles
    from agents.ops.doctor.examining import examine
    from agents.ops.doctor.finding import Finding, any_wrong
    from agents.ops.doctor.report import as_json as in_json
    from agents.ops.doctor.report import line, table, verdict

    if role is not None and role not in read_roles():
        refuse(f"there is no role {role}; `tallygate access show` has them")
    silence("aiokafka", "asyncio", "py.warnings")
    in_lines = not as_json and not sys.stdout.isatty()

    async def findings() -> list[Finding]:
        found = []
        async for finding in examine(role):
            found.append(finding)
            if in_lines:
                print(line(finding), flush=True)
        return found

    console = Console(highlight=False)
    with nullcontext() if in_lines or as_json else console.status("checking everything"):
        found = asyncio.run(findings())
    if as_json:
        print(in_json(found))
    elif not in_lines:
        console.print(table(found))
    if not as_json:
        print(verdict(found))
    if any_wrong(found):
        raise typer.Exit(NO)
