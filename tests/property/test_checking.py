"""Checking files of events: whatever is wrong with one, it ends, names something, and agrees with the manifest step."""

import io
import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from agents.publishing.assembling import assemble
from agents.publishing.candidates import Candidate, Place
from agents.publishing.checking import MISTAKES_MAX, Checker, Good
from agents.publishing.columns import COLUMNS
from agents.publishing.rows import read_rows
from agents.publishing.samples import SAMPLES
from stream.faultfinding import FaultFound
from tests.unit.publishing.files import BILL, NOW_MS, csv_of

ODD: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 10**12) | st.sampled_from(["", "x", "US", "1970-01-02", "9" * 80]),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["name", "lines", "x"]), inner, max_size=3)
    ),
    max_leaves=6,
)


def places(document: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Give the way to every part of a document."""
    steps = (
        document.items() if isinstance(document, dict) else enumerate(document) if isinstance(document, list) else ()
    )
    return [path, *(found for step, part in steps for found in places(part, (*path, step)))]


@st.composite
def spoilt(draw: st.DrawFn) -> bytes:
    """Give an event of some type of which some parts are something else, or missing."""
    document = json.loads(json.dumps(draw(st.sampled_from(list(SAMPLES.values())))))
    for way in draw(st.lists(st.sampled_from(places(document)[1:]), max_size=4)):
        within = document
        try:
            for step in way[:-1]:
                within = within[step]
            if draw(st.booleans()):
                within[way[-1]] = draw(ODD)
            else:
                del within[way[-1]]
        except (KeyError, IndexError, TypeError):
            continue  # an earlier change took this part away
    return json.dumps(document).encode()


def at(path: str) -> Place:
    return Place(1, path)


@given(spoilt() | st.binary(max_size=60))
def test_every_event_is_either_sent_or_named(value: bytes) -> None:
    """An event may be sent exactly if the step can read it; else its mistakes are named, each place once."""
    checker = Checker(NOW_MS)
    read = checker.read(value)
    (found,) = checker.examine([Candidate(1, value or b" ", at)])
    assert isinstance(found, Good) == (not isinstance(read, FaultFound))
    if isinstance(found, list) and isinstance(read, FaultFound):
        named = [mistake.field for mistake in found]
        assert 1 <= len(named) <= MISTAKES_MAX
        assert len(set(named)) == len(named)
        assert found[0].code == read.fault
        assert read.detail.endswith(found[0].expected)


CELL = st.sampled_from(["", "x", "1", "-1", "null", "US", "2", "2025-08-20", "deleted", "arrived", "ä;|,\"'", "9" * 90])


@given(st.lists(st.dictionaries(st.sampled_from([column.name for column in COLUMNS]), CELL), min_size=1, max_size=5))
def test_every_row_is_in_an_event_or_a_mistake(rows: list[dict[str, str]]) -> None:
    """Whatever stands in the cells, each row of a file is sent or has a mistake on a line of its own bill."""
    table = [{"event": "manifested", "conveyance": "air:1", **BILL, **row} for row in rows]
    text = csv_of(*table)
    found = list(Checker(NOW_MS).examine(assemble(read_rows(io.BytesIO(text)), "/tests")))
    lines = {each.line if isinstance(each, Good) else mistake.line for each in found for mistake in _some(each)}
    assert lines <= set(range(1, len(rows) + 2))
    assert sum(_rows(each) for each in found) <= len(rows)
    assert all(each for each in found)


def _some(each: Good | list[Any]) -> list[Any]:
    return [each] if isinstance(each, Good) else each


def _rows(each: Good | list[Any]) -> int:
    return len(json.loads(each.value)["data"].get("lines", [1])) if isinstance(each, Good) else 1


@given(st.text(max_size=200))
def test_any_text_is_read_as_rows_or_mistakes(text: str) -> None:
    """Text that is no CSV at all is mistakes, never an error."""
    checked = list(Checker(NOW_MS).examine(assemble(read_rows(io.BytesIO(text.encode())), "/tests")))
    assert all(isinstance(each, list) and each for each in checked)
    assert checked
