"""The conversions of a column map, each from cells to the text that our own column wants; none quotes a cell."""

import re
from collections.abc import Sequence
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Final
from zoneinfo import ZoneInfo

from agents.files.maps.countries import country_codes, country_key

CELL_MAX: Final = 64
"""Characters of a number or a date; a longer cell is neither."""

BILL: Final = re.compile(r"[A-Z0-9]{4,35}", re.ASCII)
GRAMS: Final = {"g": Decimal(1), "kg": Decimal(1000), "oz": Decimal("28.349523125"), "lb": Decimal("453.59237")}
DIRECTIVES: Final = frozenset("YmdHIMSpzbBf%")
"""Of a date's format: no year of two digits, no name of a zone, since both are ambiguous."""

_NOT_OF_A_NUMBER: Final = re.compile(r"[^A-Z0-9]", re.ASCII)
_WHOLE: Final = re.compile(r"([0-9]{1,9})(?:\.0{1,6})?", re.ASCII)
_PLAIN: Final = re.compile(r"[0-9]{1,9}(?:\.[0-9]{1,6})?", re.ASCII)
_GROUPED: Final = re.compile(r"[0-9]{1,3}(?:,[0-9]{3}){1,2}(?:\.[0-9]{1,6})?", re.ASCII)
_SWAP: Final = str.maketrans(",.", ".,")


class ConversionError(Exception):
    """A cell cannot be converted; the text says what was expected and which kind of text was found."""


def kind_of(cell: str) -> str:
    """Return what kind of text a cell holds, without any of it."""
    kinds = {"digits": any(map(str.isdigit, cell)), "letters": any(map(str.isalpha, cell))}
    kinds["signs"] = any(not each.isalnum() and not each.isspace() for each in cell)
    found = [name for name, there in kinds.items() if there]
    if len(cell) > CELL_MAX:
        return f"{len(cell):,} characters"
    return " and ".join(found) or "nothing"


def refused(expected: str, cell: str) -> ConversionError:
    """Return the error of a cell that is not what was expected."""
    return ConversionError(f"expected {expected}, found {kind_of(cell)}")


def to_number(cell: str, decimal: str, expected: str) -> Decimal:
    """Read a number with this sign before its decimals; the other one may stand between groups of three."""
    text = cell.translate(_SWAP) if decimal == "," else cell
    if not (_PLAIN.fullmatch(text) or _GROUPED.fullmatch(text)):
        raise refused(expected, cell)
    return Decimal(text.replace(",", ""))


def to_integer(cell: str) -> str:
    """Return a whole number, `2` for `2.0`."""
    found = _WHOLE.fullmatch(cell)
    if found is None:
        raise refused("a whole number", cell)
    return found[1]


def to_money(cell: str, decimal: str, quantity: str | None) -> str:
    """Return an amount with two decimals, times a quantity; what is no whole number of cents is refused."""
    amount = to_number(cell, decimal, f"an amount without a currency sign, with `{decimal}` before the cents")
    if quantity is not None:
        amount *= int(to_integer(quantity))
    if amount * 100 % 1:
        raise refused("an amount in whole cents", cell)
    return f"{amount:.2f}"


def to_grams(cell: str, decimal: str, unit: str) -> str:
    """Return a weight in grams, half up."""
    name = unit.lower().rstrip("s.")
    if name not in GRAMS:
        raise refused(f"a unit of weight, {', '.join(GRAMS)}", unit)
    grams = to_number(cell, decimal, f"a weight with `{decimal}` before the decimals") * GRAMS[name]
    return str(grams.quantize(Decimal(1), ROUND_HALF_UP))


def to_country(cell: str) -> str:
    """Return the two letters of a country, from its letters or from its name."""
    codes = country_codes()
    code = codes.get(country_key(cell)) if len(cell) <= CELL_MAX else None
    if code is None:
        raise refused("the name of a country, or its two letters", cell)
    return code


def to_bill(cell: str, prefix: str) -> str:
    """Return a bill number: the prefix, then the letters and digits of a cell; empty if the cell has none."""
    number = _NOT_OF_A_NUMBER.sub("", cell.upper())
    return prefix + number if number else ""


def to_postal(cell: str) -> str:
    """Return a postal code without the apostrophe that keeps a spreadsheet from taking its zeros away."""
    return cell.removeprefix("'")


def to_date(cell: str, formats: Sequence[str]) -> str:
    """Return the date that a cell shows, whatever its time and zone."""
    return _one({moment.date().isoformat() for moment in _moments(cell, formats)}, cell, formats)


def to_instant(cell: str, formats: Sequence[str], zone: ZoneInfo | None) -> str:
    """Return an instant with its offset; a local time that a change of clocks skips or repeats is refused."""
    found = set()
    for moment in _moments(cell, formats):
        placed = moment
        if moment.tzinfo is None:
            placed = moment.replace(tzinfo=zone)
            if zone is None or placed.utcoffset() != placed.replace(fold=1).utcoffset():
                raise refused("a time that occurs once in its zone, or one with an offset", cell)
        found.add(placed.isoformat())
    return _one(found, cell, formats)


def _moments(cell: str, formats: Sequence[str]) -> list[datetime]:
    moments = []
    for each in formats if len(cell) <= CELL_MAX else ():
        try:
            moments.append(datetime.strptime(cell, each))  # noqa: DTZ007 - the caller knows the zone
        except (ValueError, OverflowError):
            continue
    return moments


def _one(found: set[str], cell: str, formats: Sequence[str]) -> str:
    if len(found) > 1:
        raise refused("a date that one format alone reads", cell)
    if not found:
        shown = " or ".join(f"`{each}`" for each in formats)
        raise refused(f"a date in the format {shown}", cell)
    return found.pop()
