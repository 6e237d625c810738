"""Places: what subscribers hand back, and what is refused as none."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.gateway.live.places import PlaceError, decode_places, encode_places

OFFSETS = st.lists(st.integers(0, 2**63 - 1), min_size=1, max_size=20)


@given(OFFSETS)
def test_places_come_back_as_they_were(offsets: list[int]) -> None:
    """What is encoded is decoded to the same offsets, by a text that fits on a header line."""
    text = encode_places(offsets)
    assert decode_places(text) == offsets
    assert text.isascii()
    assert text.isprintable()


@pytest.mark.parametrize(
    "text", ["", "1", "1.", "2.0", "1.g", "1.-1", "1.0..0", "1. 0", "1.A", "1.10000000000000000", "1.١", "x" * 9]
)
def test_what_is_no_place_is_refused(text: str) -> None:
    """Another version, no offsets, other digits, more than 64 bits: refused, and not quoted."""
    with pytest.raises(PlaceError) as caught:
        decode_places(text)
    assert len(text) < 3 or text not in str(caught.value)
