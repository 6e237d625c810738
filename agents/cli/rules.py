"""`tallygate rules`: what holds on a day and why, and whether a rule file can be used."""

import sys
from collections.abc import Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated

import typer

from state.rules import Rulebook, RulebookError, load_rulebook
from state.rules.rule_words import entries_on, meaning, period
from stream.days import business_date

app = typer.Typer(no_args_is_help=True, help="Show the dated rules of a day, or check a rule file.")
command = app

COLUMNS = ("section", "rule", "says", "holds", "certainty", "source")


@app.command()
def show(
    on: Annotated[str | None, typer.Option("--on", metavar="DATE", help="Eastern day; default: today.")] = None,
    rules: Annotated[
        list[Path] | None, typer.Option("--rules", metavar="FILE", help="Rule file to add; may be repeated.")
    ] = None,
) -> None:
    """Show what holds on a day, with source and certainty: a table on a terminal, else lines with tabs."""
    day = business_date(datetime.now(UTC)) if on is None else _day(on)
    rulebook = _load(rules or ())
    rows = [
        (section, entry.id, meaning(entry, rulebook.data), period(entry), entry.certainty, entry.source)
        for section, entry in entries_on(rulebook.data, day)
    ]
    if sys.stdout.isatty():
        _print_table(f"Rules of {day} (rulebook {rulebook.id})", rows)
    else:
        print("\t".join(COLUMNS))
        for row in rows:
            print("\t".join(row))


@app.command()
def check(
    file: Annotated[
        Path | None, typer.Argument(metavar="[FILE]", help="Rule file; default: the shipped rules.")
    ] = None,
) -> None:
    """Check the shipped rules, or a file added to them: exit 0 if they can be used, 2 if not, saying why."""
    rulebook = _load(() if file is None else (file,))
    entries = sum(len(section) for _, section in rulebook.data)
    print(f"{file or 'shipped rules'}: good; {entries} entries in all, rulebook {rulebook.id}")


def _load(files: Sequence[Path]) -> Rulebook:
    try:
        return load_rulebook(files)
    except RulebookError as error:
        print(error, file=sys.stderr)
        raise typer.Exit(2) from None


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter("not a date such as 2025-08-20", param_hint="--on") from None


def _print_table(title: str, rows: Sequence[tuple[str, ...]]) -> None:
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    table = Table(title=title, show_lines=True)
    table.add_column("rule", no_wrap=True)
    table.add_column("says, holds, certainty and source", overflow="fold")
    for _section, rule, says, holds, certainty, source in rows:
        table.add_row(rule, f"[bold]{escape(says)}[/bold]\n{holds}, certainty {certainty}\n[dim]{escape(source)}[/dim]")
    Console().print(table)
