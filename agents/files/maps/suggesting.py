"""A map to finish, suggested from the header of an export: what was recognised, what is missing, what it may be."""

import csv
import difflib
import json
from collections.abc import Iterator
from typing import Final

from agents.files.columns import COLUMNS, WHOLE
from agents.files.forms import SEPARATORS
from agents.files.maps.column_map import ColumnMap, MapColumn, formats_of, key
from agents.files.maps.conversions import GRAMS
from agents.files.maps.countries import folded
from agents.files.maps.reading_maps import EXAMPLES, PAGE, preset_map, preset_names
from agents.files.opening import EventFile, FileError

HEADER_BYTES_MAX: Final = 1 << 16
COLUMNS_MAX: Final = 500
"""Columns of a header that are compared; an export has fewer."""

NAME_MAX: Final = 60
CLOSE: Final = 0.7
"""Likeness of two names from which one is a candidate."""

_TO_FINISH: Final = {
    "value": 'as = "money"',
    "line_quantity": 'as = "integer"',
    "quantity": 'as = "integer"',
    "weight_grams": 'as = "weight", unit = "kg"',
    "purchased_on": 'as = "date", format = "%Y-%m-%d %H:%M:%S"',
    "manifested_at": 'as = "instant", format = "%Y-%m-%d %H:%M:%S", time_zone = "America/New_York"',
    "arrived_at": 'as = "instant", format = "%Y-%m-%d %H:%M:%S", time_zone = "America/New_York"',
    "consignee_country": 'as = "country"',
    "shipper_country": 'as = "country"',
    "origin": 'as = "country"',
    "consignee_postal": 'as = "postal"',
    "bill": 'as = "bill-number"',
}
"""How a column is most often converted, for a person to look at."""

_TOKENS: Final = {
    "consignee_name": ("recipient", "recipient name", "ship to name", "shipping name"),
    "consignee_address": ("address", "street", "ship to address 1", "shipping address 1"),
    "consignee_city": ("city", "ship to city", "shipping city"),
    "consignee_state": ("state", "province", "region", "ship to state"),
    "consignee_postal": ("postal code", "zip", "postcode", "zip code"),
    "consignee_country": ("country", "ship to country", "shipping country"),
    "description": ("description", "item name", "product name", "product"),
    "hts": ("hs code", "hts code", "harmonized code", "tariff number"),
    "origin": ("country of origin", "origin country"),
    "line_quantity": ("quantity", "qty", "item quantity"),
    "value": ("total price", "item price", "line total", "amount", "price"),
    "weight_grams": ("weight",),
    "order": ("order number", "order", "order id"),
    "bill": ("tracking number", "awb", "waybill", "air waybill"),
    "purchased_on": ("order date", "purchase date"),
    "seller": ("seller", "merchant", "store"),
}
"""Names that exports give to our columns."""


def suggest(name: str, source: EventFile) -> str:
    """Return a map to finish, as TOML, from the first line of a file. Raise FileError if it is no header."""
    theirs = _header(name, source.head)
    fits = [each for each in preset_names() if _fits(preset_map(each), theirs)]
    if fits:
        return "\n".join(_extending(fits[0])) + "\n"
    return "\n".join(_from_names(name, theirs)) + "\n"


def _header(name: str, head: bytes) -> list[str]:
    first = head[:HEADER_BYTES_MAX].decode("utf-8-sig", "replace").partition("\n")[0].rstrip("\r")
    try:
        cells = next(csv.reader([first], delimiter=max(SEPARATORS, key=first.count)), [])
    except csv.Error:
        cells = []
    theirs = [cell.strip() for cell in cells if 0 < len(cell.strip()) <= NAME_MAX]
    if len(theirs) < 2:
        raise FileError(f"{name}:1: expected a header with the names of columns, separated by comma, semicolon or tab")
    return theirs[:COLUMNS_MAX]


def _fits(preset: ColumnMap, theirs: list[str]) -> bool:
    there = {key(each) for each in theirs}
    return all(key(each) in there for ours in preset.columns for each in preset.sources(ours))


def _extending(preset: str) -> Iterator[str]:
    yield f"# The header is that of the map `{preset}`: it recognises every column that it needs."
    yield f'extends = "{preset}"'
    yield f"# bill_prefix = {_text(EXAMPLES['bill_prefix'])}  # your carrier code, written before the number"
    yield ""
    yield "[constants]"
    yield "# What the export does not say. Fill it in here, or give it as --set NAME=VALUE."
    have = {*preset_map(preset).columns, *preset_map(preset).constants}
    for column in COLUMNS:
        if column.needed and column.name not in have:
            yield f"# {column.name} = {_text(column.example)}  # {column.words}"


def _from_names(name: str, theirs: list[str]) -> Iterator[str]:
    by_fold = {folded(each): each for each in reversed(theirs)}
    known = _known()
    found, missing = [], []
    for column in COLUMNS:
        if not set(WHOLE) <= set(column.events) or column.name in {"event", "time", "line", "sequence", "version"}:
            continue
        names = known[column.name]
        if column.name == "consignee_name" and (parts := _parts(by_fold)):
            found.append(f"consignee_name = {{ columns = [{', '.join(map(_text, parts))}] }}")
            continue
        match = next((each for each in names if each in by_fold), None)
        if match is not None:
            found.append(f"{column.name} = {_line(column.name, by_fold[match], names[match])}")
            continue
        close = {by_fold[each] for alias in names for each in difflib.get_close_matches(alias, by_fold, 3, CLOSE)}
        if close:
            shown = ", ".join(_text(each) for each in sorted(close)[:3])
            missing.append(f"# {column.name} = {shown}  # {'needed; ' if column.needed else ''}one of these?")
        elif column.needed:
            missing.append(f"# {column.name} = ?  # needed: {column.words}, such as {_text(column.example)}")
    if not found:
        raise FileError(f"{name}:1: no column was recognised; is it the header? {PAGE} shows how to write a map")
    yield f"# Look at each line, then finish the map ({PAGE}): nothing here was checked against the rows."
    yield 'row = "goods-line"  # or "bill", if each row is a whole bill'
    yield ""
    yield "[columns]"
    yield f"# Recognised: {len(found)} of ours, in {len(theirs)} columns of the export."
    yield from found
    yield "# Not found: name a column here, or write a constant below."
    yield from missing
    yield ""
    yield "[constants]"
    yield '# filing = "manifest"'


def _parts(by_fold: dict[str, str]) -> list[str]:
    """Return the columns of the recipient's first and last name; empty: there are none."""
    for whose in ("shipping ", "recipient ", "ship to ", "delivery ", ""):
        pair = [by_fold.get(f"{whose}{part} name") for part in ("first", "last")]
        if all(pair):
            return [part for part in pair if part]
    return []


def _known() -> dict[str, dict[str, MapColumn | None]]:
    """Return for each of our columns the names that mean it, folded, and how a preset converts that column."""
    known: dict[str, dict[str, MapColumn | None]] = {}
    for column in COLUMNS:
        names = known.setdefault(column.name, {folded(column.name): None})
        for preset in preset_names():
            mapped = preset_map(preset).columns.get(column.name)
            if mapped is not None and mapped.column:
                names.setdefault(folded(mapped.column), mapped)
        names.update({folded(each): None for each in _TOKENS.get(column.name, ()) if folded(each) not in names})
    return known


def _line(ours: str, theirs: str, like: MapColumn | None) -> str:
    finish = _TO_FINISH.get(ours)
    if like is not None and formats_of(like):
        shown = ", ".join(_text(each) for each in formats_of(like))
        finish = f'as = "{like.conversion}", format = [{shown}]'
    if finish is None:
        return _text(theirs)
    unit = next((each for each in GRAMS if each in folded(theirs).split()), None)
    if unit is not None:
        finish = finish.replace('unit = "kg"', f'unit = "{unit}"')
    return f"{{ column = {_text(theirs)}, {finish} }}"


def _text(text: str) -> str:
    """Return a TOML text: JSON's escapes are TOML's, but for the letter DEL."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
