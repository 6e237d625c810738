"""What a column map may hold, and a map that is complete: each of our columns with its cells, or with a constant."""

from collections.abc import Mapping
from typing import Final, Literal, NamedTuple
from zoneinfo import ZoneInfo

import msgspec

from agents.files.columns import BY_NAME
from agents.files.maps import conversions
from agents.files.maps.conversions import ConversionError

Conversion = Literal["text", "bill-number", "country", "date", "instant", "integer", "money", "postal", "weight"]
Row = Literal["bill", "goods-line"]
Decimal = Literal[".", ","]

JOINED: Final = {"consignee_address": " | "}
"""What stands between several cells that become one; else a space."""


class MapColumn(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where one of our columns comes from, as the file of a map says it."""

    column: str | None = None
    """The column of the export."""
    columns: list[str] | None = None
    """Instead of it: several, joined; empty cells are left out."""
    conversion: Conversion = msgspec.field(name="as", default="text")
    times: str | None = None
    """With `money`: a column with the quantity that the amount is multiplied by."""
    format: str | list[str] | None = None
    """With `date` and `instant`: one, or several that are tried."""
    time_zone: str | None = None
    decimal: Decimal | None = None
    unit: str | None = None
    """With `weight`."""
    unit_column: str | None = None
    cut: int | None = None
    """Characters that are kept of a longer text."""
    repeat: bool = False
    """Whether an empty cell says the same as the one above it, within one order."""


class MapFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A file of a map, as it is written."""

    about: str = ""
    source: str = ""
    """Page that names the columns."""
    extends: str | None = None
    """Another map that this one changes."""
    row: Row | None = None
    """What a row of the export is: a bill, or a line of goods, those of an order below one another."""
    quotes: bool | None = None
    """Whether cells may stand in quotation marks; false: a mark is a letter like any other."""
    bill_prefix: str | None = None
    """Written before the letters and digits of a `bill-number`."""
    time_zone: str | None = None
    decimal: Decimal | None = None
    columns: dict[str, str | MapColumn] = {}
    constants: dict[str, str] = {}
    expected: dict[str, list[str]] = {}
    """Column of the export -> what may stand in it; any other row is refused."""


class ColumnMap(NamedTuple):
    """A map that is complete."""

    name: str
    columns: Mapping[str, MapColumn]
    constants: Mapping[str, str]
    expected: Mapping[str, frozenset[str]]
    goods_rows: bool
    quotes: bool
    bill_prefix: str
    time_zone: str | None
    decimal: Decimal

    def sources(self, ours: str) -> tuple[str, ...]:
        """Return the columns of the export that one of ours needs, as the map writes them."""
        column = self.columns.get(ours)
        if column is None:
            return ()
        named = (column.column, *(column.columns or ()), column.times, column.unit_column)
        return tuple(name for name in named if name)

    def source_words(self, ours: str) -> str:
        """Return where one of our columns comes from, for a message; empty: from nowhere."""
        if ours in self.constants:
            return "a constant of the map"
        names = " and ".join(f'"{name}"' for name in self.sources(ours))
        return f"from {names}" if names else ""

    def convert(self, ours: str, cells: Mapping[str, str]) -> str:
        """Return the text of one of our columns; `cells` are the row's by the folded name of its column.

        An empty text means that the row says nothing. Raise ConversionError.
        """
        column = self.columns[ours]
        texts = [text for name in column.columns or [str(column.column)] if (text := cells.get(key(name), ""))]
        if not texts:
            return ""
        cell = JOINED.get(ours, " ").join(texts)
        found = self._converted(column, cell, cells)
        return found[: column.cut].strip() if column.cut else found

    def _converted(self, column: MapColumn, cell: str, cells: Mapping[str, str]) -> str:
        decimal = column.decimal or self.decimal
        match column.conversion:
            case "money":
                quantity = None if column.times is None else cells.get(key(column.times), "")
                return conversions.to_money(cell, decimal, quantity)
            case "integer":
                return conversions.to_integer(cell)
            case "weight":
                unit = column.unit or cells.get(key(column.unit_column or ""), "")
                return conversions.to_grams(cell, decimal, unit)
            case "country":
                return conversions.to_country(cell)
            case "postal":
                return conversions.to_postal(cell)
            case "bill-number":
                return conversions.to_bill(cell, self.bill_prefix)
            case "date":
                return conversions.to_date(cell, formats_of(column))
            case "instant":
                zone = column.time_zone or self.time_zone
                return conversions.to_instant(cell, formats_of(column), ZoneInfo(zone) if zone else None)
        return cell

    def bill_of(self, cells: Mapping[str, str]) -> str | None:
        """Return the bill number of a row; None: it has none."""
        if "bill" in self.constants:
            return self.constants["bill"]
        try:
            bill = self.convert("bill", cells) if "bill" in self.columns else ""
        except ConversionError:
            return None
        return bill if conversions.BILL.fullmatch(bill) else None


def key(name: str) -> str:
    """Return the name of a column as it is compared: without case and outer spaces."""
    return name.strip().lower()


def formats_of(column: MapColumn) -> list[str]:
    """Return the formats of a date."""
    return [column.format] if isinstance(column.format, str) else list(column.format or ())


def is_of_goods(ours: str) -> bool:
    """Whether each line of goods has its own of this column."""
    return BY_NAME[ours].of_line
