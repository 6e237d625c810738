"""Options of the commands that read a file of events: an export with columns of its own, read through a column map."""

from typing import Annotated, Any

import typer

from agents.cli.exits import refuse

LIST = "list"

MapOption = Annotated[
    str | None,
    typer.Option(
        "--map",
        metavar="NAME|FILE|list",
        help="Read an export through a column map: one that ships, such as shopify, or a file; list shows those.",
    ),
]
SetOption = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="NAME=VALUE", help="With --map: what the export does not say; may be repeated."),
]


def show_maps(name: str | None) -> None:
    """With `--map list` print the maps that ship, and end."""
    if name == LIST:
        from agents.files.maps import preset_words

        for line in preset_words():
            print(line)
        raise typer.Exit


def chosen_map(name: str | None, settings: list[str] | None) -> Any:
    """Return the map of `--map` and `--set`; None without one. Raise FileError."""
    show_maps(name)
    if name is None:
        if settings:
            refuse("--set goes with --map")
        return None
    from agents.files.maps import read_map

    return read_map(name, settings or ())
