"""The worked examples, each with its source: the steps and the command say what the table says."""

from itertools import groupby
from pathlib import Path

import pytest

from stream.records import Fate
from tests.scenarios.running import expected, in_time_order, through_command, through_steps
from tests.scenarios.table import PATH, Example, aligned, read_book

BOOK = read_book()
POLICIES = [
    pytest.param(in_time_order(examples), id=" ".join(map("=".join, options)) or "default")
    for options, examples in groupby(
        sorted(BOOK.examples, key=lambda example: example.options), key=lambda example: example.options
    )
]
"""Examples that can run in one stream, since they have the same policy."""


def test_no_example_is_forgotten() -> None:
    """All 33 worked examples are in the table, or stand among those outside the contract."""
    inside = {example.number for example in BOOK.examples}
    assert inside | set(BOOK.outside) == set(range(1, 34))
    assert inside & set(BOOK.outside) == {29}, "of 29 alone a part is outside"


def test_every_example_says_where_it_comes_from() -> None:
    """Each example has a certainty and names sources that the file explains, and no source is idle."""
    named = {source for example in BOOK.examples for source in example.sources}
    named |= {cells["source"] for cells in BOOK.outside.values()}
    assert named == set(BOOK.sources)
    assert {mark for example in BOOK.examples for mark in example.marks} <= {"A", "B", "C"}
    assert [example.label for example in BOOK.examples if not example.marks] == []


def test_reason_is_given_for_what_is_outside() -> None:
    """An example outside the contract says why."""
    assert [number for number, cells in BOOK.outside.items() if not cells["reason"]] == []


def test_table_is_aligned() -> None:
    """The columns stand under each other; `python -m tests.scenarios.table` aligns them."""
    text = PATH.read_text("utf-8")
    assert aligned(text) == text


@pytest.mark.parametrize("example", [pytest.param(example, id=example.label) for example in BOOK.examples])
def test_steps_agree_with_example(example: Example) -> None:
    """Each event of the example leads through the bare steps to exactly the decisions and alerts of its row."""
    found, fates = through_steps([example])
    assert found == expected([example])
    assert [fate is Fate.STALE for fate in fates] == [row.stale for row in example.rows]


@pytest.mark.parametrize("examples", POLICIES)
def test_command_agrees_with_examples(examples: list[Example], tmp_path: Path) -> None:
    """`tallygate judge`, given all examples of one policy in one file, says the same of each."""
    found, said = through_command(examples, tmp_path)
    assert found == expected(examples)
    rows = [row for example in examples for row in example.rows]
    stale, dead = sum(row.stale for row in rows), sum(bool(row.dead_letter) for row in rows)
    counts = f"applied {len(rows) - stale - dead}, stale {stale}, dead-lettered {dead}"
    assert said.splitlines()[0] == f"events {len(rows)}: {counts}"
