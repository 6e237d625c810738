"""How deep a text nests is told in one pass, whatever stands in it: what one hostile record may cost is counted."""

from collections.abc import Iterable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream.faultfinding import NESTING_MAX, nests_too_deep

OPEN = b"[" * (NESTING_MAX + 1)
HOSTILE = {
    "unclosed, escaped quotes": b'{"a":"' + rb"\"" * 4_900,
    "unclosed, quotes apart": b'"' + rb"\"a" * 3_300,
    "quotes": b'"' * 9_900,
    "an odd quote": b'"' * 9_901,
    "backslashes": b"\\" * 9_901,
    "unclosed, backslashes": b'"' + b"\\" * 9_900,
    "strings that escape": b'"a\\' * 3_300,
    "pairs": b"[]" * 4_900,
    "unclosed each": b'["' * 4_900,
    "braces": b"{" * 9_900,
    "mixed": b'"[\\"{' * 2_000,
}
PASSES = 5
"""Times that each byte may be looked at: two counts, two replacements, one cut."""


class Scanned(bytes):
    """A text that counts how many bytes are looked at, by it or by what was made of it."""

    looked = 0

    def _look(self, made: Any) -> Any:
        Scanned.looked += len(self)
        return Scanned(made) if isinstance(made, bytes) else made

    def count(self, *given: Any) -> Any:
        return self._look(super().count(*given))

    def replace(self, *given: Any) -> Any:
        return self._look(super().replace(*given))

    def translate(self, *given: Any) -> Any:
        return self._look(super().translate(*given))

    def split(self, *given: Any) -> Any:
        return [Scanned(part) for part in self._look(super().split(*given))]


def deep(text: Iterable[bytes]) -> bool:
    """Tell the same by reading token by token, as it is defined."""
    depth = deepest = 0
    for token in text:
        depth += (token in {b"[", b"{"}) - (token in {b"]", b"}"})
        deepest = max(deepest, depth)
    return deepest > NESTING_MAX


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_each_byte_is_looked_at_a_few_times(text: bytes) -> None:
    """However quotes, escapes and brackets stand, no byte is looked at more often, and none escapes the count."""
    Scanned.looked = 0
    value = Scanned(OPEN + text)
    assert nests_too_deep(value) is True
    # What looks at the text behind the back of the count, such as a regular expression, leaves too few.
    assert 3 * len(value) <= Scanned.looked <= PASSES * len(value)


TOKENS = st.one_of(
    st.sampled_from([b"[", b"{", b"]", b"}", b",", b"1", b"[" * 40]),
    st.lists(st.sampled_from([b"a", rb"\"", rb"\\", b"[", b"}", rb"\n", rb"\u005b"])).map(
        lambda inner: b'"' + b"".join(inner) + b'"'
    ),
)


@given(st.lists(TOKENS, max_size=40), st.integers(0, NESTING_MAX + 1))
def test_depth_is_that_of_the_brackets_outside_strings(tokens: list[bytes], before: int) -> None:
    """Brackets and quotes inside strings, escaped or not, change nothing."""
    read = [byte for token in tokens for byte in ([b"["] * 40 if token == b"[" * 40 else [token])]
    assert nests_too_deep(b"[" * before + b"".join(tokens)) == deep([b"["] * before + read)
