"""Options of the commands that judge a file offline, the same for each."""

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from stream.consignee import Match
from stream.decisions import Enforcement, Overflow, Rounding

EventsFile = Annotated[
    str, typer.Argument(metavar="FILE|-", help="Events as JSON lines or CSV, packed or not; - is standard input.")
]
OverflowOption = Annotated[
    Overflow,
    typer.Option(help="If a bill does not fit: release later ones that fit, none later, or none of the day."),
]
RoundingOption = Annotated[
    Rounding,
    typer.Option(help="Count a bill in exact cents, or in whole dollars (of each programme's currency), half up."),
]
EnforcementOption = Annotated[Enforcement, typer.Option(help="auto: as the dated rules say.")]
AsOfOption = Annotated[
    datetime | None,
    typer.Option(formats=["%Y-%m-%d"], metavar="DATE", help="Evaluate the rules as they stood that day."),
]
MatchOption = Annotated[Match, typer.Option(help="Compare consignees folded, or letter by letter.")]
ProgrammesOption = Annotated[
    str | None, typer.Option(metavar="ID,...", help="Enable these programmes alone, such as us-321,kr.")
]
DefaultProgrammeOption = Annotated[
    str | None, typer.Option(metavar="ID", help="What a bill claims that names no programme; else us-321.")
]
RulesOption = Annotated[
    list[Path] | None, typer.Option(metavar="FILE", help="Rules in TOML, added to those that ship.")
]


def split_programmes(programmes: str | None) -> list[str] | None:
    """Return the ids in a list with commas, None where none was given."""
    return None if programmes is None else [name.strip() for name in programmes.split(",") if name.strip()]
