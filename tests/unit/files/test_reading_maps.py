"""Column maps that people write: what is refused, how maps build on one another, and each conversion."""

from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from agents.files.maps import conversions, read_map
from agents.files.maps.conversions import ConversionError
from agents.files.opening import FileError
from agents.publish.event_checks import Good
from tests.unit.files.mapping import TRIP, examined

BILLS = """
bill_prefix = "ACME"
time_zone = "Europe/Berlin"
decimal = ","

[columns]
bill = { column = "Nr", as = "bill-number" }
purchased_on = { column = "Datum", as = "date", format = "%d.%m.%Y" }
manifested_at = { column = "Zeit", as = "instant", format = "%d.%m.%Y %H:%M" }
consignee_name = { columns = ["Vorname", "Nachname"] }
consignee_address = "Straße"
consignee_country = { column = "Land", as = "country" }
weight_grams = { column = "Gewicht", as = "weight", unit = "kg" }
value = { column = "Betrag", as = "money" }
line_quantity = { column = "Menge", as = "integer" }

[constants]
conveyance = "air:1"
mode = "air"
filing = "manifest"
shipper_name = "Works"
shipper_country = "DE"
description = "toy"
hts = "9503"
origin = "DE"
currency = "EUR"
"""
ROWS = (
    "Nr;Datum;Zeit;Vorname;Nachname;Straße;Land;Gewicht;Betrag;Menge;Notiz\n"
    "R-0001;18.08.2025;19.08.2025 23:04;Zoe;Quill;Elmweg 9;Vereinigte;1,25;1.234,50;2;x\n"
).replace("Vereinigte", "United States")


def written(folder: Path, text: str = BILLS, name: str = "mine.toml") -> str:
    """Write a map; return its path."""
    path = folder / name
    path.write_text(text, "utf-8")
    return str(path)


def test_map_of_a_row_for_each_bill(tmp_path: Path) -> None:
    """Decimal comma, a local time, parts of a name, kilograms and a country's name become what an event has."""
    path = tmp_path / "rows.csv"
    path.write_text(ROWS, "utf-8")
    (good,) = examined(path, read_map(written(tmp_path)))
    assert isinstance(good, Good)
    for part in (
        b'"bill":"ACMER0001"', b'"purchased_on":"2025-08-18"', b'"manifested_at":"2025-08-19T23:04:00+02:00"',
        b'"name":"Zoe Quill"', b'"country":"US"', b'"weight_grams":1250', b'{"amount":"1234.50","currency":"EUR"}',
    ):  # fmt: skip
        assert part in good.value


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("[columns]", "[columns", "no TOML"),
        ("[columns]", 'colour = "red"\n[columns]', "unknown field `colour`"),
        ('as = "money"', 'as = "sum"', "Invalid enum value"),
        ("value = {", "value_ = {", "value_: expected one of our columns; did you mean value"),
        ('mode = "air"', 'mode = "air"\nbill = "X"', "bill: expected a column or a constant, not both"),
        ('mode = "air"', "", "the export does not say mode"),
        ('bill_prefix = "ACME"', "", "does not say bill_prefix"),
        ('"%d.%m.%Y"', '"%d.%m.%y"', "purchased_on: expected a format of"),
        ('"%d.%m.%Y"', '"%d.%Y"', "purchased_on: expected a format of"),
        (', format = "%d.%m.%Y" ', " ", "purchased_on: expected `format`"),
        ('time_zone = "Europe/Berlin"', "", "manifested_at: expected a `time_zone`"),
        ("Europe/Berlin", "Europe/Bonn", "time_zone: expected a name such as"),
        ('unit = "kg"', 'unit = "stone"', "weight_grams: expected a `unit` of g, kg, oz, lb"),
        (', unit = "kg"', "", "weight_grams: expected `unit` or `unit_column`"),
        ('as = "integer"', 'as = "integer", times = "Nr"', "line_quantity: expected `times` with `money` only"),
        ('consignee_address = "Straße"', 'consignee_address = { as = "text" }', "expected `column` or `columns`"),
        ("[columns]", 'extends = "mine.toml"\n[columns]', "too many maps extend one another"),
        ("[columns]", 'extends = "shopfy"\n[columns]', "did you mean shopify?"),
        ("[constants]", '[constants]\nline = "1"', "line: expected one of our columns"),
    ],
)  # fmt: skip
def test_map_that_cannot_be_used_is_refused(tmp_path: Path, old: str, new: str, said: str) -> None:
    """A wrong map is one sentence that names the map, the place and what is expected there."""
    assert old in BILLS
    with pytest.raises(FileError) as refused:
        read_map(written(tmp_path, BILLS.replace(old, new)))
    assert said in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        (["mode"], "--set mode: expected NAME=VALUE"),
        (["mood=air"], "did you mean mode?"),
        (["line=1"], "expected one of our columns"),
        (["decimal=;"], "--set"),
        (["time_zone=Moon"], "time_zone: expected a name"),
    ],
)
def test_setting_that_means_nothing_is_refused(tmp_path: Path, settings: list[str], said: str) -> None:
    """A `--set` that is misspelt is refused before the file is read."""
    with pytest.raises(FileError) as refused:
        read_map(written(tmp_path), settings)
    assert said in str(refused.value)


def test_map_of_your_own_builds_on_a_preset(tmp_path: Path) -> None:
    """What `extends` names is kept, but for what the file says otherwise; a column takes a constant's place."""
    constants = "\n".join(f'{name} = "{value}"' for name, value in (each.split("=", 1) for each in TRIP))
    text = f'extends = "shopify"\n[columns]\nfiling = "Filing"\norigin = "Made in"\n[constants]\n{constants}\n'
    text = text.replace('bill_prefix = "ACME"\n', "").replace('origin = "JP"', "")
    found = read_map(written(tmp_path, text), ["bill_prefix=ACME"])
    assert (found.columns["filing"].column, found.columns["origin"].column) == ("Filing", "Made in")
    assert "filing" not in found.constants
    assert found.columns["bill"].column == "Name"
    assert found.goods_rows


def test_missing_file_is_told_from_a_misspelt_name(tmp_path: Path) -> None:
    """A path that is not there is a file; a bare word is the name of a map."""
    with pytest.raises(FileError, match="No such file"):
        read_map(str(tmp_path / "none.toml"))
    with pytest.raises(FileError, match="did you mean woocommerce"):
        read_map("woocomerce")


@pytest.mark.parametrize(
    ("cell", "decimal", "amount"),
    [
        ("12", ".", "12.00"), ("12.5", ".", "12.50"), ("1,234.50", ".", "1234.50"), ("12.5000", ".", "12.50"),
        ("1.234,50", ",", "1234.50"), ("12,5", ",", "12.50"), ("1.234", ",", "1234.00"),
        ("1.234", ".", None), ("12,5", ".", None), ("12.345", ".", None), ("1,23", ".", None), ("$12", ".", None),
        ("-1", ".", None), ("1e3", ".", None), ("١٢", ".", None), ("", ".", None), ("1" * 80, ".", None),
        ("12.5", ",", None), ("1,234.50", ",", None), ("NaN", ".", None),
    ],
)  # fmt: skip
def test_money_is_read_by_its_decimal_sign_alone(cell: str, decimal: str, amount: str | None) -> None:
    """The stated sign is before the cents; what it does not explain is refused, never guessed."""
    if amount is not None:
        assert conversions.to_money(cell, decimal, None) == amount
        return
    with pytest.raises(ConversionError, match="expected an amount") as refused:
        conversions.to_money(cell, decimal, None)
    assert not cell or cell not in str(refused.value)


def test_price_of_one_is_multiplied_in_whole_cents() -> None:
    """A price times its quantity is exact, or refused if it is no whole number of cents."""
    assert conversions.to_money("0.333", ".", "1000") == "333.00"
    with pytest.raises(ConversionError, match="whole cents"):
        conversions.to_money("0.333", ".", "2")
    with pytest.raises(ConversionError, match="whole number"):
        conversions.to_money("1", ".", "")


@pytest.mark.parametrize(
    ("cell", "unit", "grams"),
    [("1", "lb", "454"), ("16", "oz", "454"), ("0.5", "kg", "500"), ("2.5", "g", "3"), ("1", "LBS", "454")],
)
def test_weight_is_grams_half_up(cell: str, unit: str, grams: str) -> None:
    """Pounds and ounces are the international ones; half a gram goes up."""
    assert conversions.to_grams(cell, ".", unit) == grams
    with pytest.raises(ConversionError, match="a unit of weight"):
        conversions.to_grams(cell, ".", "stone")


def test_local_time_that_occurs_twice_or_never_is_refused() -> None:
    """When clocks change, an hour is skipped or repeated: such a time is no instant."""
    zone = ZoneInfo("America/New_York")
    formats = ["%Y-%m-%d %H:%M"]
    assert conversions.to_instant("2025-08-19 10:00", formats, zone) == "2025-08-19T10:00:00-04:00"
    for doubtful in ("2025-11-02 01:30", "2025-03-09 02:30"):
        with pytest.raises(ConversionError, match="occurs once in its zone"):
            conversions.to_instant(doubtful, formats, zone)


def test_date_that_two_formats_read_otherwise_is_refused() -> None:
    """A date that is either of two days is no date; one that both read alike is."""
    formats = ["%d/%m/%Y", "%m/%d/%Y"]
    assert conversions.to_date("5/5/2025", formats) == "2025-05-05"
    assert conversions.to_date("25/5/2025", formats) == "2025-05-25"
    with pytest.raises(ConversionError, match="one format alone"):
        conversions.to_date("4/5/2025", formats)
