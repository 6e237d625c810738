"""The page that adds a country: the file that it shows works, and its parcels are decided as it says."""

import json
import re

import pytest

from state.rules import Rulebook, load_rulebook
from tests.docs.test_guides import run
from tests.prerequisites import ROOT

PAGE = (ROOT / "docs" / "add-a-country.md").read_text("utf-8")
RULES = ROOT / "docs" / "examples" / "freedonia.toml"
BLOCKS = re.findall(r"^```sh\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)


@pytest.fixture(scope="module")
def rulebook() -> Rulebook:
    """Return the shipped rules and the country of the page."""
    return load_rulebook([RULES]).with_programmes(["us-321", "freedonia"], "us-321")


def test_the_file_is_the_one_that_the_page_shows(rulebook: Rulebook) -> None:
    """A reader who types the page off has a file that is accepted, and every field of the programme is explained."""
    (shown,) = re.findall(r"^```toml\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
    assert shown == RULES.read_text("utf-8")
    programme = rulebook.programmes["freedonia"]
    assert (programme.window, programme.overflow, programme.currency) == ("calendar-month", "excess", "EUR")
    questions = PAGE.partition("## What you must find out")[2].partition("\n## ")[0]
    fields = set(re.findall(r"^(\w+) = ", shown, re.MULTILINE)) - {"id", "title", "source", "text", "programme"}
    assert {field for field in fields if f"`{field}`" not in questions} <= {"amount", "from"}


def test_its_parcels_are_decided_as_the_page_says(tmp_path_factory: pytest.TempPathFactory) -> None:
    """The check finds nothing wrong; decision and value of each parcel are those of the table."""
    check, judge = (run(block, tmp_path_factory.mktemp("typed")) for block in BLOCKS)
    assert check.returncode == 0, check.stderr
    assert "enabled: freedonia, us-321" in check.stdout
    assert judge.returncode == 0, judge.stderr
    decided = [json.loads(line)["data"] for line in judge.stdout.splitlines()]
    found = [
        (each["bill"], f"{each['value_cents'] / 100:.2f} {each['currency']}", each["outcome"], each["reason"])
        for each in decided
    ]
    rows = re.findall(r"^\| `(FREE\d+)` \| ([\d.]+ EUR) \| [^|]+ \| `([\w-]+)` `([\w-]+)` \|", PAGE, re.MULTILINE)
    assert found == rows
    assert decided[1]["advice"]["dutiable_cents"] == 2_000
    assert [each["period"] for each in decided[3:]] == ["2026-03-01/2026-03-31", "2026-04-01/2026-04-30"]
