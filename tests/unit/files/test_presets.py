"""The column maps that ship: each reads an export of its kind to the byte, and refuses what it cannot be sure of."""

import tomllib
from pathlib import Path

import pytest

from agents.files import maps
from agents.files.maps import preset_names, preset_words, read_map
from agents.files.maps.countries import country_codes, country_key
from agents.files.opening import FileError
from agents.publish.event_checks import Good
from tests.unit.files.mapping import EXPORTS, SAMPLES, examined, preset, said, spoilt

PRESETS = Path(maps.__file__).parent / "presets"
PERSONS = ("Ann", "Example,", "Oak", "Springfield", "Bo Sample", "Elm", "Salem", "example.com", "Cleo", "Birch", "Gus")


def test_every_preset_has_a_sample() -> None:
    """The samples below are of all maps that ship, and `--map list` names each with what it is for."""
    assert set(preset_names()) == set(SAMPLES)
    assert [line.split()[0] for line in preset_words()] == preset_names()


@pytest.mark.parametrize("name", SAMPLES)
def test_sample_becomes_these_events(name: str) -> None:
    """An export becomes the same events to the byte, one for each bill with its lines of goods."""
    found = examined(EXPORTS / SAMPLES[name], preset(name))
    made = b"".join(each.value + b"\n" for each in found if isinstance(each, Good))
    assert made == (EXPORTS / f"{name}.jsonl").read_bytes()
    assert [each for each in found if not isinstance(each, Good)] == []


@pytest.mark.parametrize("name", SAMPLES)
def test_preset_cites_its_page_and_states_no_money_of_its_own(name: str) -> None:
    """A preset says what it is for and which page names the columns; only what the export cannot say is a constant."""
    text = tomllib.loads((PRESETS / f"{name}.toml").read_text("utf-8"))
    assert text["about"]
    assert text["source"].startswith("https://")
    assert set(text.get("constants", {})) <= {"filing"}


@pytest.mark.parametrize("name", SAMPLES)
def test_preset_alone_names_what_to_add(name: str) -> None:
    """Without the trip it is refused, with the options to copy; with these it can be used."""
    with pytest.raises(FileError, match="the export does not say conveyance, manifested_at, mode") as refused:
        read_map(name)
    shown = [part.split(" --set ") for part in str(refused.value).split("for example: ")[1:]]
    options = [option.removeprefix("--set ").replace("'", "") for option in shown[0]]
    assert read_map(name, options).name == name


@pytest.mark.parametrize(
    ("name", "old", "new", "line"),
    [
        ("shopify", "24.95", "$24.95", 'value (from "Lineitem price" and "Lineitem quantity"): not-converted'),
        ("shopify", "24.95", "24.9555", 'value (from "Lineitem price" and "Lineitem quantity"): not-converted'),
        ("shopify", "-0400,2,", "-0400,two,", 'line_quantity (from "Lineitem quantity"): not-converted'),
        ("shopify", ",IL,US", ",IL,Atlantis", 'consignee_country (from "Shipping Country"): not-converted'),
        ("shopify", "2025-08-18 09:12:40", "18.08.2025 09:12", 'purchased_on (from "Created at"): not-converted'),
        ("shopify", '\nplease",,', '\nplease",2025-08-19 10:00:00 -0400,', 'column "Cancelled at": unexpected'),
        ("shopify", "true,true,fulfilled,Ann", "false,true,fulfilled,Ann", 'column "Lineitem requires shipping"'),
        ("shopify", "#1001,ann", ",ann", 'bill (from "Name"): no-bill: expected 4 to 35 capital letters and digits'),
        ("woocommerce", ",completed,", ",cancelled,", 'column "status": unexpected'),
        ("woocommerce", ",49.80,", ',"49,80",', 'value (from "item_subtotal"): not-converted'),
        ("shipstation", "8/18/2025 4:05:00 PM", "18/8/2025 4:05:00 PM", 'purchased_on (from "Date - Order Date")'),
        ("amazon", "\tID\t83702\tUS", "\tID\t83702\t", "consignee_country"),
    ],
)  # fmt: skip
def test_doubtful_cell_is_refused_by_row_and_column(tmp_path: Path, name: str, old: str, new: str, line: str) -> None:
    """What cannot be read for certain is named by row, our column and theirs, and what to do; nothing is quoted."""
    found = said(spoilt(tmp_path, name, (old, new)), preset(name))
    assert [text for text in found if text.startswith(f"{SAMPLES[name]}:2: {line}")] != []
    assert all("; " in text for text in found)
    assert not any(person in text for person in PERSONS for text in found)


def test_rows_of_an_order_that_stand_apart_are_refused(tmp_path: Path) -> None:
    """A second group of rows of one order would be a second bill; the remedy is to sort the export."""
    rows = (EXPORTS / SAMPLES["amazon"]).read_text("utf-8").splitlines(keepends=True)
    path = tmp_path / "amazon.txt"
    path.write_text("".join([rows[0], rows[1], rows[3], rows[2]]), "utf-8")
    (found,) = said(path, preset("amazon"))
    assert found.startswith('amazon.txt:4: bill (from "order-id"): rows-apart: ')
    assert "sort the export by its order number" in found


def test_numbers_that_fold_into_one_are_no_one_order(tmp_path: Path) -> None:
    """Two orders whose letters and digits are the same never become the goods of one bill."""
    found = said(
        spoilt(tmp_path, "amazon", ("114-2233445-5566778\t40012", "1142233445-5566778\t40012")), preset("amazon")
    )
    assert [text.split(": ")[2] for text in found] == ["rows-apart"]


def test_currency_of_an_order_holds_for_all_its_rows(tmp_path: Path) -> None:
    """Shopify names the currency in an order's first row: the goods of its other rows are not in dollars."""
    path = spoilt(tmp_path, "shopify", (",no,USD,", ",no,EUR,"))
    good = examined(path, preset("shopify"))[0]
    assert isinstance(good, Good)
    assert good.value.count(b'"currency":"EUR"') == 2


def test_header_names_what_the_map_misses(tmp_path: Path) -> None:
    """A file of another kind is refused at its header, by names of the map alone."""
    path = tmp_path / "ann.csv"
    path.write_text("Ann Example,12 Oak Street\n1,2\n", "utf-8")
    with pytest.raises(FileError, match=r"ann\.csv:1: header: expected also Name, Created at") as refused:
        examined(path, preset("shopify"))
    assert "Oak" not in str(refused.value)
    twice = spoilt(tmp_path, "shopify", ("Name,Email", "Name,Name"))
    with pytest.raises(FileError, match="header: expected Name once"):
        examined(twice, preset("shopify"))


def test_lines_above_the_header_are_told_with_the_remedy(tmp_path: Path) -> None:
    """A title above the header is refused with the command that removes it, as in any CSV file."""
    path = spoilt(tmp_path, "woocommerce", ("order_id,", "Orders of August\norder_id,"))
    with pytest.raises(FileError, match="its header is in line 2, expected it first"):
        examined(path, preset("woocommerce"))


def test_constant_that_is_wrong_is_said_to_be_one() -> None:
    """A value of `--set` that no event may have is named as a constant, not as a cell."""
    found = said(EXPORTS / SAMPLES["shopify"], preset("shopify", "mode=plane"))
    assert found[0].startswith("shopify.csv:2: mode (a constant of the map): wrong-shape: ")


def test_setting_takes_the_place_of_a_column_or_leaves_it_out() -> None:
    """`--set` replaces what the map reads from a column; an empty value leaves the field out."""
    good = examined(EXPORTS / SAMPLES["shopify"], preset("shopify", "order=", "currency=EUR", "version=2"))[0]
    assert isinstance(good, Good)
    assert b'"order"' not in good.value
    assert good.value.count(b"EUR") == 2
    assert b'"version":2' in good.value


def test_names_of_countries_are_closed_and_each_code_is_a_name() -> None:
    """Names are looked up without case, accents and signs; a name of two countries is none."""
    codes = country_codes()
    names = {"United States": "US", "u.s.a.": "US", "UK": "GB", "CÔTE D’IVOIRE": "CI", "jp": "JP"}
    assert {name: codes.get(country_key(name)) for name in names} == names
    assert [codes.get(country_key(name)) for name in ("Korea", "Congo", "Atlantis", "")] == [None] * 4
    assert len(set(codes.values())) > 240
