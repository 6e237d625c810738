"""The pages on publishing and explaining: statuses, sections and examples are those of the code."""

import re

import pytest

from agents.bills.explanation import explain as told
from agents.cli import exits
from agents.files.columns import BY_NAME, TYPES, template
from state.rules import load_rulebook
from tests.prerequisites import ROOT
from tests.unit.bills.known import WITHHELD, facts, standing
from tests.unit.publish.files import mistakes_in

PUBLISHING = (ROOT / "docs" / "publishing.md").read_text("utf-8")
EXPLAINING = (ROOT / "docs" / "explaining.md").read_text("utf-8")


@pytest.mark.parametrize(
    ("page", "statuses"),
    [
        (PUBLISHING, {0, exits.NO, exits.BAD_USAGE, exits.AWAY, exits.REFUSES}),
        (EXPLAINING, {0, exits.NO, exits.BAD_USAGE, exits.AWAY}),
    ],
    ids=["publish", "explain"],
)
def test_statuses_are_those_of_the_command(page: str, statuses: set[int]) -> None:
    """The table names every status that the command ends with, and no other."""
    assert {int(status) for status in re.findall(r"^\| (\d+) \|", page, re.MULTILINE)} == statuses


def test_table_of_events_names_every_event_and_its_columns() -> None:
    """Each event that the column may name has a row, and the columns in it are the event's own."""
    part = PUBLISHING.partition("| `event` |")[2].partition("\n\n")[0]
    rows = [row.split("|") for row in part.splitlines() if row.startswith("| `")]
    named = [(re.findall(r"`(\w+)`", row[1]), re.findall(r"`(\w+)`", row[2])) for row in rows]
    assert {event for events, _ in named for event in events} == set(TYPES)
    for events, columns in named:
        for event in events:
            own = {name for name, column in BY_NAME.items() if event in column.events}
            assert set(columns) <= own
            # A whole bill has too many to name them.
            assert not columns or set(columns) == own - {"event", "conveyance", "time"}


def test_sections_of_an_explanation_are_in_the_order_of_the_page() -> None:
    """What the page promises in order is what an explanation has, in that order."""
    decided = standing("ACME0002", **WITHHELD)
    found = told(facts(decided, others=(standing(conveyance="air:2"),)), load_rulebook())
    words = ["why", "what to do", "person's day", "the rule", "the policy", "conveyances", "what happened", "how sure"]
    titles = [section.title.lower() for section in found.sections]
    assert [word for word, title in zip(words, titles, strict=True) if word not in title] == []
    promised = [EXPLAINING.lower().index(f"**{word}") for word in words if f"**{word}" in EXPLAINING.lower()]
    assert promised == sorted(promised)
    assert len(promised) >= 5


def test_example_file_has_the_two_mistakes_of_the_page() -> None:
    """The example has exactly the mistakes that the walk mends, and a header out of the template."""
    text = (ROOT / "docs" / "examples" / "parcels-with-mistakes.csv").read_bytes()
    assert mistakes_in(text) == [(3, "value", "wrong-shape"), (4, "origin", "wrong-shape")]
    assert set(text.decode().splitlines()[0].split(",")) <= set(template().splitlines()[0].split(","))
