"""The worked examples of every programme: the steps and both models written apart say what the tables say."""

from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from stream.decisions import Policy
from tests.scenarios.by_programme import TABLES, Example, ExampleEvents, Table, Told, programmes, read_table, told
from tests.scenarios.pages import worked_examples
from tests.scenarios.table import aligned, read_book
from tests.second_judge.by_model import judge_by_model
from tests.second_judge.comparing import Judged, World, judge_plainly, judge_really
from tests.second_judge.regimes import REGIMES

BOOKS = {programme: read_table(programme) for programme in programmes()}
CASES = [
    pytest.param(table, example, id=f"{table.programme} {example.label}")
    for table in BOOKS.values()
    for example in table.examples
]
ALERTS_OF_ALL = ("near-limit", "duplicate-bill", "release-superseded")
"""The second judge knows no `structuring`."""

Judge = Callable[[list[dict[str, Any]], World], list[Judged]]


def found(judge: Judge, table: Table, example: Example) -> list[tuple[list[Told], list[str]]]:
    """Return the decisions and alerts that a judge gives for each event of an example."""
    events = [event for _, event in ExampleEvents(table, example).events()]
    judged = judge(events, World(msgspec.convert(example.policy, Policy)))
    return [
        (
            [told(decision) for decisions in one.decisions.values() for decision in decisions],
            sorted(alert[0] for alert in one.alerts),
        )
        for one in judged
    ]


def wanted(table: Table, example: Example, alerts: tuple[str, ...]) -> list[tuple[list[Told], list[str]]]:
    """Return what the table says, with these kinds of alerts."""
    example_events = ExampleEvents(table, example)
    return [
        (
            [{**decision, "bill": example_events.bill(decision["bill"])} for decision in row.told],
            [alert for alert in row.alerts if alert in alerts],
        )
        for row, _ in example_events.events()
    ]


@pytest.mark.parametrize(("table", "example"), CASES)
def test_steps_agree_with_example(table: Table, example: Example) -> None:
    """Each event of the example leads through the steps to exactly the decisions and alerts of its row."""
    assert found(judge_really, table, example) == wanted(table, example, (*ALERTS_OF_ALL, "structuring"))


@pytest.mark.parametrize(("table", "example"), CASES)
def test_plain_model_agrees_with_example(table: Table, example: Example) -> None:
    """The plain model of the tests says the same."""
    assert found(judge_by_model, table, example) == wanted(table, example, (*ALERTS_OF_ALL, "structuring"))


@pytest.mark.parametrize(("table", "example"), CASES)
def test_second_judge_agrees_with_example(table: Table, example: Example) -> None:
    """The second judge says the same."""
    assert found(judge_plainly, table, example) == wanted(table, example, ALERTS_OF_ALL)


def test_every_programme_has_enough_examples() -> None:
    """Each programme but `us-321`, which has a table of its own, has eight examples or more."""
    assert set(BOOKS) == set(REGIMES) - {"us-321"}
    assert {name: len(table.examples) for name, table in BOOKS.items() if len(table.examples) < 8} == {}


@pytest.mark.parametrize("table", [pytest.param(table, id=name) for name, table in BOOKS.items()])
def test_every_example_says_where_it_comes_from(table: Table) -> None:
    """Each example has a certainty, a sentence and sources that the file explains; no source is idle."""
    assert {source for example in table.examples for source in example.sources} == set(table.sources)
    assert {mark for example in table.examples for mark in example.marks} <= {"A", "B", "C"}
    assert [example.label for example in table.examples if not example.shows.endswith(".")] == []


@pytest.mark.parametrize("path", sorted(TABLES.glob("*.txt")), ids=lambda path: path.stem)
def test_tables_are_aligned(path: Any) -> None:
    """The columns stand under each other; `python -m tests.scenarios.table` aligns them."""
    text = path.read_text("utf-8")
    assert aligned(text) == text


@pytest.mark.parametrize("table", [pytest.param(table, id=name) for name, table in BOOKS.items()])
def test_page_has_every_example(table: Table) -> None:
    """The Markdown of a programme has each example with its sentence, each decision a line, and each source."""
    page = worked_examples()[table.programme]
    assert [example.shows for example in table.examples if example.shows not in page] == []
    decisions = [decision for example in table.examples for row in example.rows for decision in row.told]
    lines = [line for line in page.splitlines() if line.startswith("|") and line.strip("|-")]
    assert len(lines) - len(table.examples) >= len(decisions)
    assert [where for where in table.sources.values() if where not in page] == []


def test_page_of_us_321_has_every_example() -> None:
    """The Markdown of `us-321` has each of its examples, and says of the others why they are left out."""
    page = worked_examples()["us-321"]
    book = read_book()
    assert [example.label for example in book.examples if f"### Example {example.label}\n" not in page] == []
    assert [cells["reason"] for cells in book.outside.values() if cells["reason"] not in page] == []
