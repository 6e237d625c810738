"""`tallygate rules`: what holds on a day and why, when rules turn, how two differ, and whether a file can be used."""

import sys
from collections.abc import Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated

import typer

from agents.cli.exits import refuse
from agents.cli.judging_options import ProgrammesOption, split_programmes
from state.rules import Rulebook, RulebookError, load_rulebook
from state.rules.differences import Difference, Sectioned, differences
from state.rules.rule_words import entries_on, meaning, period
from state.rules.timeline import timeline as turns_of
from stream.days import business_date
from stream.postings import US_321

app = typer.Typer(no_args_is_help=True, help="Show, compare and check the dated rules of programmes.")
command = app

Files = Annotated[list[Path] | None, typer.Option("--rules", metavar="FILE", help="Rule file to add; may be repeated.")]
OneProgramme = Annotated[str | None, typer.Option("--programme", metavar="ID", help="Of this programme only.")]

COLUMNS = ("section", "rule", "says", "holds", "certainty", "source")
TURNS = ("day", "programme", "turn", "rule", "says", "certainty")
SHIPPED = "shipped"


@app.command()
def show(
    on: Annotated[str | None, typer.Option("--on", metavar="DATE", help="Day; default: today, Eastern.")] = None,
    programme: OneProgramme = None,
    rules: Files = None,
) -> None:
    """Show the rules of a day, with source and certainty: a table on a terminal, else lines with tabs."""
    day = business_date(datetime.now(UTC)) if on is None else _day(on, "--on")
    rulebook = _load(rules or (), programme)
    rows = [
        (section, entry.id, meaning(entry, rulebook.data), period(entry), entry.certainty, entry.source)
        for section, entry in entries_on(rulebook.data, day, programme)
    ]
    if sys.stdout.isatty():
        _print_table(f"Rules of {day} (rulebook {rulebook.id})", rows)
    else:
        _print_lines(COLUMNS, rows)


@app.command()
def timeline(programme: OneProgramme = None, rules: Files = None) -> None:
    """Show the days on which rules begin and end, in order: lines with tabs."""
    rulebook = _load(rules or (), programme)
    rows = [
        (
            "start" if turn.day is None else str(turn.day),
            turn.programme,
            "begins" if turn.begins else "holds no longer",
            turn.entry.id,
            meaning(turn.entry, rulebook.data),
            turn.entry.certainty,
        )
        for turn in turns_of(rulebook.data, programme)
    ]
    _print_lines(TURNS, rows)


@app.command()
def diff(
    before: Annotated[str, typer.Argument(metavar="A", help="A day, a rule file, or `shipped`.")],
    after: Annotated[str, typer.Argument(metavar="B", help="What A is compared with, of the same kind.")],
    programme: OneProgramme = None,
) -> None:
    """Show what B has that A has not (+), the other way round (-), and what says something else (~).

    Of two days: the rules that decide on them. Of two files: the rulebooks, each file added to the shipped rules.
    """
    one, other = (_side(text, programme) for text in (before, after))
    if one.is_day != other.is_day:
        raise typer.BadParameter("compare two days, or two rule files")
    for found in differences(one.entries, other.entries):
        book = one.rulebook if found.sign == "-" else other.rulebook
        print("\t".join((found.sign, found.section, found.entry.id, _said(found, book))))


@app.command()
def check(
    file: Annotated[
        Path | None, typer.Argument(metavar="[FILE]", help="Rule file; default: the shipped rules.")
    ] = None,
    programmes: ProgrammesOption = None,
    default_programme: Annotated[
        str, typer.Option("--default-programme", metavar="ID", help="Programme of bills that name none.")
    ] = US_321,
) -> None:
    """Check the shipped rules, or a file added to them. Exit code 0: they can be used; 2: they cannot, and why."""
    rulebook = _load(() if file is None else (file,))
    try:
        if (enabled := split_programmes(programmes)) is not None:
            rulebook = rulebook.with_programmes(enabled, default_programme)
    except RulebookError as error:
        refuse(error, placed=True)
    entries = sum(len(section) for _, section in rulebook.data)
    print(f"{file or 'shipped rules'}: good; {entries} entries in all, rulebook {rulebook.id}")
    print(f"enabled: {', '.join(rulebook.programmes)}; topics must be kept for {rulebook.topic_days} days")


class _Side:
    """One side of a comparison: the entries of a day, or of a rulebook."""

    def __init__(self, rulebook: Rulebook, day: date | None, programme: str | None) -> None:
        self.rulebook = rulebook
        self.is_day = day is not None
        data = rulebook.data
        every: list[Sectioned] = [(section, entry) for section, entries in data for entry in entries]
        self.entries = every if day is None else list(entries_on(data, day, programme))


def _side(text: str, programme: str | None) -> _Side:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return _Side(_load(() if text == SHIPPED else (Path(text),), programme), None, programme)
    return _Side(_load((), programme), day, programme)


def _said(found: Difference, rulebook: Rulebook) -> str:
    if found.sign == "~":
        return "; ".join(found.fields)
    return f"{meaning(found.entry, rulebook.data)}, {period(found.entry)}"


def _load(files: Sequence[Path], programme: str | None = None) -> Rulebook:
    try:
        rulebook = load_rulebook(files)
    except RulebookError as error:
        refuse(error, placed=True)
    if programme is not None and programme not in rulebook.known:
        raise typer.BadParameter(f"use one of {', '.join(rulebook.known)}", param_hint="--programme")
    return rulebook


def _day(text: str, option: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter("not a date such as 2025-08-20", param_hint=option) from None


def _print_lines(columns: Sequence[str], rows: Sequence[tuple[str, ...]]) -> None:
    print("\t".join(columns))
    for row in rows:
        print("\t".join(row))


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
