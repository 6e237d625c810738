"""Options of the commands that judge a file offline: said once, the same for each."""

from datetime import datetime
from pathlib import Path
from typing import Annotated, Final

import typer

from state.rules.programmes import ENABLED_UNLESS_SET
from stream.consignee import Match
from stream.decisions import Enforcement, Overflow, Rounding

EventsFile = Annotated[
    str, typer.Argument(metavar="FILE|-", help="Events as JSON lines or CSV, packed or not; - is standard input.")
]
OverflowOption = Annotated[
    Overflow,
    typer.Option(help="If a bill does not fit: release later ones that fit, none later, or none of the day."),
]
RoundingOption = Annotated[Rounding, typer.Option(help="Count a bill in exact cents, or in whole dollars, half up.")]
EnforcementOption = Annotated[Enforcement, typer.Option(help="auto: as the dated rules say.")]
AsOfOption = Annotated[
    datetime | None,
    typer.Option(formats=["%Y-%m-%d"], metavar="DATE", help="Evaluate the rules as they stood that day."),
]
MatchOption = Annotated[Match, typer.Option(help="Compare consignees by folded text, or letter by letter.")]
ProgrammesOption = Annotated[
    str, typer.Option(metavar="ID,ID", help="The programmes that are judged, by id with commas between.")
]
DefaultProgrammeOption = Annotated[
    str, typer.Option(metavar="ID", help="Programme of a bill that names none; one of those that are judged.")
]
ENABLED: Final = ",".join(ENABLED_UNLESS_SET)
RulesOption = Annotated[
    list[Path] | None, typer.Option(metavar="FILE", help="Rules in TOML, added to those that ship.")
]


def listed(programmes: str) -> tuple[str, ...]:
    """Return the ids in a text with commas between."""
    return tuple(name.strip() for name in programmes.split(",") if name.strip())
