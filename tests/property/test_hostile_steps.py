"""What strangers send costs steps in proportion to its length: counted, so no clock and no machine matters.

A step is what Python tells a debugger of: a line begun, a turn of a loop, a call, a return. Between two of them are
only the opcodes of one line, so opcodes grow no faster than steps, which are counted five times as fast.

C code takes no such steps. What it does with a text is bounded by structure: texts that are folded are short, patterns
repeat little (`tests/tidiness.py`), depth and the size of answers have an end.
"""

import io
import sys
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Any
from unicodedata import normalize

import msgspec
import pytest
from msgspec import inspect

from agents.files.csv_rows import ROW_LINES_MAX, read_rows
from agents.files.opening import FileError
from state.rules.rule_errors import RulebookError
from state.rules.rule_files import RuleText, merge
from stream import canonical, pub28
from stream.events import Consignee, Shipper
from tests.bench.hostile import search
from tests.bench.hostile_paths import LINES_MAX, PATHS, REFUSALS, TEXT_MAX, WORDS, Frame, HostilePath, Recipe

GROWTH_MAX = 3.0
"""Steps for the second half of a text, over those for its second quarter: 2 if they grow with the length, 4 if with its
square. What is done once is in neither."""
FEW = 400
"""Steps that are not counted."""
SIZES = {
    "CSV": 3_000,
    "export through a map": 3_000,
    "name and address": 9_000,
    "identifier and seller": 2_000,
    "JSON lines, publish's checks": 3_000,
    "rule file": 2_000,
    "packed body": 50_000,
}
"""Bytes; where something is bounded by lines, as many as go over the bound."""
ROUNDS = 20
CSV = next(path for path in PATHS if path.name == "CSV")
FOLDED_MAX = 20
"""Characters that one becomes at most when it is folded: U+FDFA becomes 18, two of which may be spaces around it."""


def steps(path: HostilePath, text: str) -> int:
    """Count the steps that reading a text takes."""
    counted = 0

    def trace(_frame: FrameType, _event: str, _argument: Any) -> Any:
        nonlocal counted
        counted += 1
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        path.read(text)
    except REFUSALS:
        pass
    finally:
        sys.settrace(before)
    return counted


def growth(path: HostilePath, recipe: Recipe, size: int) -> float:
    """Return how many times as many steps twice as much more of a text takes."""
    path.meet(recipe.text(size))  # what is made once is not counted
    small, middle, large = (steps(path, recipe.text(size * many)) for many in (1, 2, 4))
    return (large - middle) / (max(0, middle - small) + FEW)


def recipes(path: HostilePath) -> list[Recipe]:
    """Return what a short search finds dearest, and each piece in the first frame and in the last."""
    each = [Recipe(frame, piece) for frame in {path.frames[0], path.frames[-1]} for piece in path.pieces]
    return [*search(path, ROUNDS), *each]


def _square(text: str) -> int:
    return sum(1 for _ in text for _ in text)


def _shared(text: str) -> int:
    """Take a step for each pair of the same letters, as a lookup in a list does."""
    return sum(1 for place, letter in enumerate(text) for other in text[:place] if letter == other)


def _squares(text: str) -> list[list[str]]:
    """Take a step for each pair of letters in one line, by comprehensions."""
    return [[letter + letter for letter in text] for _ in text]


def _called(text: str) -> int:
    """Take a step for each pair of letters, by calls from C code."""
    return sum(sum(map(lambda letter: len(letter), text)) for _ in text)  # noqa: C417, PLW0108 - a call is meant


@pytest.mark.parametrize("read", [_square, _shared, _squares, _called])
def test_square_is_found(read: Callable[[str], object]) -> None:
    """A path that is quadratic fails the test below, so it can fail."""
    path = HostilePath("square", read, (Frame(),), ("a", "ab"), 100)
    assert max(growth(path, recipe, 100) for recipe in recipes(path)) > GROWTH_MAX


@pytest.mark.parametrize("path", PATHS, ids=[path.name for path in PATHS])
def test_steps_grow_with_the_length_and_no_faster(path: HostilePath) -> None:
    """Whatever repeats, steps for more of it are as many as it is more."""
    size = SIZES.get(path.name, 1_000)
    grown = {recipe: growth(path, recipe, size) for recipe in recipes(path)}
    dearest = max(grown, key=grown.__getitem__)
    assert grown[dearest] <= GROWTH_MAX, dearest


def test_rows_that_open_marks_are_gone_through_once() -> None:
    """Each row opens a mark and none is closed; such rows were once read again for every row, and no longer are."""
    assert growth(CSV, Recipe(CSV.frames[1], ',,c,ACME0001,x","y\n'), 5_000) <= GROWTH_MAX


@pytest.mark.parametrize("piece", [piece for piece in CSV.pieces if "\n" in piece])
@pytest.mark.parametrize("frame", CSV.frames[1:], ids=range(1, len(CSV.frames)))
def test_files_of_thousands_of_lines(frame: Frame, piece: str) -> None:
    """In a file of more lines than one row may have, a line costs about what it does in one of a hundred."""
    lines = ROW_LINES_MAX + 100
    recipe, size = Recipe(frame, piece), len(frame.before) + lines // piece.count("\n") * len(piece)
    assert recipe.text(size).count("\n") >= lines
    assert growth(CSV, recipe, size) <= GROWTH_MAX
    few, many = recipe.text(size // 10), recipe.text(4 * size)
    assert steps(CSV, many) / many.count("\n") <= GROWTH_MAX * steps(CSV, few) / few.count("\n")


CODE = (
    '[[code]]\nid="my-code"\nsource="somewhere to be read"\ncertainty="A"\ntext="words for a reader"\n'
    'filing="manifest"\noutcome="withhold"\nchannel="a"\ncode="b"\nwording="c"\n'
)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a=1\n" + "a." * 101 + "a=1", "line 2 has more than 100 full stops"),
        (CODE + f"modes={['air'] * 6}", "modes: "),
        (CODE + f"reasons={['daily-limit'] * 51}", "reasons: "),
    ],
)
def test_rule_files_multiply_nothing(text: str, words: str) -> None:
    """The parts of a dotted key, and modes by reasons, are few: their cost is that of a product."""
    with pytest.raises(RulebookError, match=words):
        merge({}, [RuleText("mine.toml", text)])


@pytest.mark.parametrize("text", ["# ", "#", "# A ", "A # "])
def test_number_signs_are_counted_once(text: str) -> None:
    """However long an address, each word of it is looked at a few times; no type bounds what is read here."""
    path = HostilePath("address", pub28.fold_address, (Frame(),), (text,), 1_000)
    assert growth(path, Recipe(Frame(), text), 1_000) <= GROWTH_MAX


def test_unknown_columns_are_named_up_to_a_bound() -> None:
    """A header of a hundred thousand names gets an answer that a person can read."""
    header = ",".join(f"c{place}" for place in range(100_000)) + "\n"
    with pytest.raises(FileError) as raised:
        next(read_rows(io.BytesIO(header.encode()), "file"))
    assert len(str(raised.value)) < 10_000


@pytest.mark.parametrize("shape", [Consignee, Shipper])
def test_texts_that_are_folded_are_short(shape: type[msgspec.Struct]) -> None:
    """Unicode's own normalising takes the square of a run of marks, so no text of an event is longer than 70."""
    lengths = list(_lengths(inspect.type_info(shape)))
    assert lengths
    assert all(length is not None and length <= TEXT_MAX for length in lengths)


def _lengths(kind: inspect.Type) -> Iterator[int | None]:
    match kind:
        case inspect.Metadata():
            yield from _lengths(kind.type)
        case inspect.StrType():
            yield kind.max_length
        case inspect.UnionType():
            yield from (length for each in kind.types for length in _lengths(each))
        case inspect.ListType():
            assert kind.max_length is not None
            assert kind.max_length <= LINES_MAX
            yield from _lengths(kind.item_type)
        case inspect.StructType():
            # The reader lets only countries of two letters through, before anything is folded.
            for field in kind.fields:
                if field.name != "country":
                    yield from _lengths(field.type)


@pytest.mark.parametrize("piece", [*WORDS, "\ufdfa\u0301", "\u1f82", "\ufb03"])
def test_folded_texts_grow_a_bounded_number_of_times(piece: str) -> None:
    """No character becomes more than a few, so a digest never takes much more than was sent."""
    text = (piece * TEXT_MAX)[:TEXT_MAX]
    folded = canonical.name_form(text, [text] * LINES_MAX, text, text, text, "US")
    assert len(folded) <= FOLDED_MAX * TEXT_MAX * (LINES_MAX + 4) + 100
    assert len(normalize("NFKC", piece)) <= FOLDED_MAX * len(piece)
