"""Reading a column map: a preset by its name or a file, what it extends, what the command sets, and what is missing."""

import difflib
import shlex
import tomllib
from collections.abc import Iterable, Iterator
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

import msgspec

from agents.files.columns import BILLS, BY_NAME, COLUMNS, MANIFESTED, WHOLE
from agents.files.maps.column_map import ColumnMap, MapColumn, MapFile, formats_of
from agents.files.maps.conversions import DIRECTIVES, GRAMS
from agents.files.opening import FileError

EXTENDS_MAX: Final = 5
"""Maps that build on one another."""

SETTINGS: Final = ("bill_prefix", "time_zone", "decimal")
"""What the command may set beside our columns."""

EXAMPLES: Final = {"bill_prefix": "ACME", "time_zone": "America/New_York"}
PAGE: Final = "docs/column-maps.md"
_GUIDES: Final = ("line",)
"""Columns that the map fills in itself."""


@cache
def preset_names() -> list[str]:
    """Return the names of the maps that ship."""
    folder = files("agents.files.maps").joinpath("presets")
    return sorted(item.name.removesuffix(".toml") for item in folder.iterdir() if item.name.endswith(".toml"))


def preset_words() -> Iterator[str]:
    """Yield each preset on one line."""
    for name in preset_names():
        yield f"{name:<20} {_preset(name).about}"


def read_map(name: str, settings: Iterable[str] = ()) -> ColumnMap:
    """Return a preset or a file's map with `NAME=VALUE` settings on top. Raise FileError: it says what to do."""
    return _complete(name, _set(name, _read(name, None, EXTENDS_MAX), settings))


@cache
def preset_map(name: str) -> ColumnMap:
    """Return a preset as it ships: what its export does not say is missing."""
    return _made(name, _read(name, None, EXTENDS_MAX))


def _complete(name: str, whole: MapFile) -> ColumnMap:
    _check(name, whole)
    made = _made(name, whole)
    _refuse_missing(name, whole, dict(made.columns))
    return made


def _made(name: str, whole: MapFile) -> ColumnMap:
    columns = {ours: _column(column) for ours, column in whole.columns.items()}
    return ColumnMap(
        name=name,
        columns=columns,
        constants={ours: value for ours, value in whole.constants.items() if value},
        expected={theirs: frozenset(values) for theirs, values in whole.expected.items()},
        goods_rows=whole.row == "goods-line",
        quotes=whole.quotes is not False,
        bill_prefix=whole.bill_prefix or "",
        time_zone=whole.time_zone,
        decimal=whole.decimal or ".",
    )


@cache
def _preset(name: str) -> MapFile:
    folder = files("agents.files.maps").joinpath("presets")
    return _parsed(name, folder.joinpath(f"{name}.toml").read_bytes())


def _read(name: str, beside: Path | None, left: int) -> MapFile:
    presets = preset_names()
    if name in presets:
        found = _preset(name)
        folder = beside
    else:
        path = Path(name) if beside is None else beside / name
        if not path.suffix and not path.exists():
            close = difflib.get_close_matches(name, presets, 1)
            meant = f"did you mean {close[0]}?" if close else "write the name of a file, such as ./mine.toml"
            raise FileError(f"--map {name}: expected {', '.join(presets)}, or a file of your own; {meant}")
        try:
            found, folder = _parsed(name, path.read_bytes()), path.parent
        except OSError as error:
            raise FileError(f"{name}: {error.strerror}") from None
    if found.extends is None:
        return found
    if not left:
        raise FileError(f"{name}: too many maps extend one another; write it as one map")
    return _over(_read(found.extends, folder, left - 1), found)


def _parsed(name: str, text: bytes) -> MapFile:
    try:
        return msgspec.convert(tomllib.loads(text.decode("utf-8-sig")), MapFile)
    except UnicodeDecodeError:
        raise FileError(f"{name}: expected UTF-8; save the map as UTF-8") from None
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise FileError(f"{name}: no TOML: {error}") from None
    except msgspec.ValidationError as error:
        raise FileError(f"{name}: {error}; see {PAGE}") from None


def _over(below: MapFile, above: MapFile) -> MapFile:
    """Return a map with another one's changes: what is a column above is no constant any more, and the reverse."""
    columns = {ours: column for ours, column in below.columns.items() if ours not in above.constants}
    constants = {ours: value for ours, value in below.constants.items() if ours not in above.columns}
    return MapFile(
        about=above.about or below.about,
        source=above.source or below.source,
        row=above.row or below.row,
        quotes=below.quotes if above.quotes is None else above.quotes,
        bill_prefix=below.bill_prefix if above.bill_prefix is None else above.bill_prefix,
        time_zone=above.time_zone or below.time_zone,
        decimal=above.decimal or below.decimal,
        columns=columns | above.columns,
        constants=constants | above.constants,
        expected=below.expected | above.expected,
    )


def _set(name: str, found: MapFile, settings: Iterable[str]) -> MapFile:
    above: dict[str, object] = {}
    constants: dict[str, str] = {}
    for each in settings:
        ours, sign, value = each.partition("=")
        if not sign:
            raise FileError(f"--set {shlex.quote(each)}: expected NAME=VALUE")
        if ours in SETTINGS:
            above[ours] = value
        elif ours in BY_NAME and ours not in _GUIDES:
            constants[ours] = value
        else:
            raise FileError(f"--set {shlex.quote(ours)}: {_unknown(ours)}")
    try:
        return _over(found, msgspec.convert({**above, "constants": constants}, MapFile))
    except msgspec.ValidationError as error:
        raise FileError(f"{name}: --set: {error}") from None


def _unknown(ours: str) -> str:
    close = difflib.get_close_matches(ours, [*BY_NAME, *SETTINGS], 1)
    meant = f"; did you mean {close[0]}?" if close else "; tallygate publish --template prints all columns"
    return f"expected one of our columns{meant}"


def _column(column: str | MapColumn) -> MapColumn:
    return MapColumn(column=column) if isinstance(column, str) else column


def _check(name: str, found: MapFile) -> None:
    for ours in (*found.columns, *found.constants):
        if ours not in BY_NAME or ours in _GUIDES:
            raise FileError(f"{name}: {ours}: {_unknown(ours)}")
        if ours in found.columns and ours in found.constants:
            raise FileError(f"{name}: {ours}: expected a column or a constant, not both")
    for ours, column in found.columns.items():
        if wrong := _wrong(_column(column), found):
            raise FileError(f"{name}: {ours}: {wrong}; see {PAGE}")
    if found.time_zone and not _is_zone(found.time_zone):
        raise FileError(f"{name}: time_zone: expected a name such as America/New_York")


def _wrong(column: MapColumn, found: MapFile) -> str:
    """Return what is wrong with where a column comes from; empty: nothing is."""
    kind, formats = column.conversion, formats_of(column)
    if (column.column is None) == (column.columns is None) or not all(column.columns or [column.column or ""]):
        return "expected `column` or `columns`, with the names of columns of the export"
    if bool(formats) != (kind in {"date", "instant"}):
        return "expected `format` with `date` and `instant`, and with nothing else"
    if any(not _is_format(each) for each in formats):
        return "expected a format of %Y %m %d %H %M %S %I %p %z %b %B %f, with year, month and day"
    zone = column.time_zone or found.time_zone
    if (column.time_zone and not _is_zone(column.time_zone)) or (
        kind == "instant" and not zone and any("%z" not in each for each in formats)
    ):
        return "expected a `time_zone` such as America/New_York for a time without an offset"
    if column.times is not None and kind != "money":
        return "expected `times` with `money` only"
    if kind == "weight" and ((column.unit is None) == (column.unit_column is None)):
        return "expected `unit` or `unit_column` with `weight`"
    if kind != "weight" and (column.unit or column.unit_column):
        return "expected `unit` with `weight` only"
    if column.unit is not None and column.unit not in GRAMS:
        return f"expected a `unit` of {', '.join(GRAMS)}"
    return "expected `cut` above 0" if column.cut is not None and column.cut < 1 else ""


def _is_format(text: str) -> bool:
    parts = text.split("%")[1:]
    letters = {part[:1] for part in parts}
    dated = {"Y", "d"} <= letters and letters & {"m", "b", "B"}
    return bool(dated) and letters <= DIRECTIVES and len(text) <= len("%Y") * 32


def _is_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (OSError, ValueError, KeyError):
        return False
    return True


def _refuse_missing(name: str, found: MapFile, columns: dict[str, MapColumn]) -> None:
    """Refuse a map that leaves out what every event needs, and say what to add."""
    there = {*columns, *(ours for ours, value in found.constants.items() if value)}
    event = found.constants.get("event", MANIFESTED)
    if "event" in columns or event not in WHOLE:
        needed = ["conveyance", *(["bill", "version"] if event in BILLS and "event" not in columns else [])]
    else:
        needed = [column.name for column in COLUMNS if column.needed]
        needed += ["version"] if event != MANIFESTED else []
    missing = [ours for ours in needed if ours not in there]
    numbers = any(column.conversion == "bill-number" for column in columns.values())
    if numbers and found.bill_prefix is None:
        missing.append("bill_prefix")
    if missing:
        add = " ".join(f"--set {ours}={shlex.quote(_example(ours))}" for ours in missing)
        raise FileError(
            f"--map {name}: the export does not say {', '.join(missing)}; add what is true of yours, for example: {add}"
        )


def _example(ours: str) -> str:
    return EXAMPLES.get(ours) or BY_NAME[ours].example or "1"
