"""The page on column maps: its examples are typed, and its tables are what a map may hold."""

import re
import shlex
import tomllib
from pathlib import Path

import msgspec
import pytest
from typer.testing import CliRunner

from agents.cli.main import main
from agents.files.maps import preset_names, read_map
from agents.files.maps.column_map import MapColumn, MapFile
from agents.publish.event_checks import Good
from tests.prerequisites import ROOT
from tests.unit.files.mapping import EXPORTS, examined

PAGE = (ROOT / "docs" / "column-maps.md").read_text("utf-8")
TYPED = re.findall(r"^```sh\n(tallygate publish [^`]*?)```\n\n```text\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)


def typed(command: str) -> str:
    """Type a command of the page; return what it prints, on both outputs."""
    done = CliRunner().invoke(main, shlex.split(command.replace("\\\n", " "))[1:])
    return done.stderr + done.stdout


@pytest.mark.parametrize(("command", "printed"), TYPED, ids=[command.split(" docs")[0] for command, _ in TYPED])
def test_example_prints_what_the_page_says(command: str, printed: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each command that is followed by an output prints just that."""
    monkeypatch.chdir(ROOT)
    assert typed(command) == printed


def test_page_shows_three_outputs_and_its_suggestion_is_a_map(monkeypatch: pytest.MonkeyPatch) -> None:
    """The list, the refusal and the mistakes are shown; what is suggested for the example names its columns."""
    monkeypatch.chdir(ROOT)
    assert len(TYPED) == 3
    suggested = tomllib.loads(typed("tallygate publish --suggest-map docs/examples/shop-export.csv"))
    assert suggested["columns"]["consignee_city"] == "City"
    assert suggested["columns"]["value"] == {"column": "Line total", "as": "money"}


def test_map_of_the_page_can_be_published_when_it_is_mended(monkeypatch: pytest.MonkeyPatch) -> None:
    """The example has one mistake; without it both orders are right."""
    monkeypatch.chdir(ROOT)
    command = next(command for command, _ in TYPED if "shop-export.toml" in command)
    assert typed(f"{command} --set origin=DE") == "2 events are right; nothing was sent\n"


def test_map_that_builds_on_another_reads_the_walk(tmp_path: Path) -> None:
    """The map that the walk writes, with the options that it types, reads both orders as whole bills."""
    text, _, typed_after = PAGE.partition("<<'END'\n")[2].partition("END\n")
    (tmp_path / "ours.toml").write_text(text, "utf-8")
    options = re.findall(r"--set (\S+)", typed_after.partition("```")[0])
    found = examined(EXPORTS / "shopify.csv", read_map(str(tmp_path / "ours.toml"), options))
    assert [each.bill for each in found if isinstance(each, Good)] == ["ACME1001", "ACME1002"]


def test_tables_name_everything_that_a_map_may_hold() -> None:
    """Keys of a map, keys of a column, conversions, and the maps that ship: no more and no less than there is."""
    part = PAGE.partition("### What a map holds")[2]
    rows = [re.split(r"(?<!\\)\|", row) for row in part.splitlines() if row.startswith("| `")]
    keys = {key.strip("[]") for row in rows for key in re.findall(r"`(\[?\w+]?)`", row[1])}
    fields = {field.encode_name for kind in (MapFile, MapColumn) for field in msgspec.structs.fields(kind)}
    kinds = set(msgspec.json.schema(MapColumn)["$defs"]["MapColumn"]["properties"]["as"]["enum"])
    of_cells = [row for row in rows if len(row) > 4 and "takes" not in row[2]]
    others = set(re.findall(r"`(\w+)`", " ".join(row[3] for row in of_cells)))
    assert keys | others >= fields
    assert {re.findall(r"`([a-z-]+)`", row[1])[0] for row in of_cells} == kinds
    assert set(re.findall(r"^\| `([a-z-]+)` \| an? (?:order|parcel) ", PAGE, re.MULTILINE)) == set(preset_names())


def test_example_is_the_sample_of_the_map() -> None:
    """The export of the walk is the one whose events are known to the byte."""
    assert (ROOT / "docs" / "examples" / "shopify-orders.csv").read_bytes() == (EXPORTS / "shopify.csv").read_bytes()
