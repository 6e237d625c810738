"""Checking files of events: whatever is wrong with one, it ends, names something, and agrees with the manifest step."""

import io
import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from agents.files.assembling import assemble
from agents.files.candidates import Candidate, FilePlace
from agents.files.columns import COLUMNS
from agents.files.csv_rows import read_rows
from agents.publish.event_checks import MISTAKES_MAX, Bad, Checker, Good
from agents.publish.event_mending import SAMPLES
from stream.faultfinding import FaultFound
from tests.unit.publish.files import BILL, NOW_MS, csv_of

ODD: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 10**12) | st.sampled_from(["", "x", "US", "1970-01-02", "9" * 80]),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["name", "lines", "x"]), inner, max_size=3)
    ),
    max_leaves=6,
)


def places(document: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Return the way to every part of a document."""
    steps = (
        document.items() if isinstance(document, dict) else enumerate(document) if isinstance(document, list) else ()
    )
    return [path, *(found for step, part in steps for found in places(part, (*path, step)))]


@st.composite
def spoilt(draw: st.DrawFn) -> bytes:
    """Return an event of some type of which some parts are something else, or missing."""
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


def at(path: str) -> FilePlace:
    return FilePlace(1, path)


@given(spoilt() | st.binary(max_size=60))
def test_every_event_is_either_sent_or_named(value: bytes) -> None:
    """An event may be sent exactly if the step can read it; else its mistakes are named, each place once."""
    checker = Checker(NOW_MS)
    read = checker.read(value)
    (found,) = checker.examine([Candidate(1, value or b" ", at)])
    assert isinstance(found, Good) == (not isinstance(read, FaultFound))
    if isinstance(found, Bad) and isinstance(read, FaultFound):
        named = [mistake.field for mistake in found.mistakes]
        assert 1 <= len(named) <= MISTAKES_MAX
        assert len(set(named)) == len(named)
        assert found.mistakes[0].code == read.fault
        assert read.detail.endswith(found.mistakes[0].expected)


CELL = st.sampled_from(["", "x", "1", "-1", "null", "US", "2", "2025-08-20", "deleted", "arrived", "ä;|,\"'", "9" * 90])


@given(st.lists(st.dictionaries(st.sampled_from([column.name for column in COLUMNS]), CELL), min_size=1, max_size=5))
def test_every_row_is_in_an_event_or_a_mistake(rows: list[dict[str, str]]) -> None:
    """Whatever stands in the cells, each row is in an event that may be sent, or in one with mistakes on its rows."""
    table = [{"event": "manifested", "conveyance": "air:1", **BILL, **row} for row in rows]
    text = csv_of(*table)
    found = list(Checker(NOW_MS).examine(assemble(read_rows(io.BytesIO(text), "x"), "/tests")))
    assert sum(each.rows for each in found) == len(rows)
    for each, after in zip(found, [*(later.line for later in found[1:]), len(rows) + 2], strict=True):
        assert each.line + each.rows == after
        if isinstance(each, Good):
            assert len(json.loads(each.value)["data"].get("lines", [1])) == each.rows
        else:
            assert {mistake.line for mistake in each.mistakes} <= set(range(each.line, after))
            assert 1 <= each.wrong_rows <= each.rows


@given(st.text(max_size=200))
def test_any_text_is_read_as_rows_or_mistakes(text: str) -> None:
    """Text that is no CSV at all is mistakes, whatever it is, and each of its lines is covered once."""
    below = csv_of(BILL) + text.encode()
    checked = list(Checker(NOW_MS).examine(assemble(read_rows(io.BytesIO(below), "x"), "/tests")))
    assert [isinstance(each, Good) for each in checked] == [True] + [False] * (len(checked) - 1)
    lines = [each.line for each in checked]
    assert lines == sorted(set(lines))
