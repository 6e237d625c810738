"""Gzip is unpacked in small steps; a bomb is cut where its limit is, however much of it follows."""

import gzip
import zlib
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.gateway.http.gzip_bodies import (
    PACKED_A_STEP,
    UNPACKED_A_STEP,
    NotGzipError,
    UnpackedTooLargeError,
    Unpacking,
)

MOST = 1024 * 1024


def unpack(packed: bytes, most: int = MOST, part: int = 50_000) -> bytes:
    """Unpack bytes that come in parts; they must be whole."""
    unpacking = Unpacking(most)
    pieces = [piece for at in range(0, len(packed), part) for piece in unpacking.pieces(packed[at : at + part])]
    assert max(map(len, pieces), default=0) <= UNPACKED_A_STEP
    assert unpacking.whole
    return b"".join(pieces)


def until_cut(packed: bytes, most: int) -> list[int]:
    """Return the sizes of the pieces that come before it is cut."""
    sizes: list[int] = []
    with pytest.raises(UnpackedTooLargeError):
        sizes.extend(map(len, Unpacking(most).pieces(packed)))
    return sizes


def unpack_in_parts(packed: bytes, part: int) -> bytes:
    """Unpack bytes that may not be whole."""
    unpacking = Unpacking(MOST)
    return b"".join(piece for at in range(0, len(packed), part) for piece in unpacking.pieces(packed[at : at + part]))


@given(st.binary(max_size=2_000), st.integers(0, 200), st.integers(1, 3_000), st.integers(0, 9))
def test_what_was_packed_comes_out(piece: bytes, times: int, part: int, level: int) -> None:
    """Whatever is packed at whatever level, and wherever it is cut on its way, the same bytes come out."""
    plain = piece * times
    assert unpack(gzip.compress(plain, level), part=part) == plain


@pytest.mark.parametrize("size", [0, 1, UNPACKED_A_STEP - 1, UNPACKED_A_STEP, UNPACKED_A_STEP + 1, MOST])
@pytest.mark.parametrize("make", [bytes, lambda size: bytes(range(256)) * (size // 256) + bytes(size % 256)])
def test_limit_is_that_of_the_unpacked(size: int, make: Callable[[int], bytes]) -> None:
    """A body of exactly the limit is taken; of one byte more not one byte above the limit is passed on."""
    plain = make(size)
    assert unpack(gzip.compress(plain), most=size) == plain
    assert sum(until_cut(gzip.compress(plain + b"x"), size)) <= size


def test_bomb_is_cut_at_its_limit() -> None:
    """A body that unpacks to fifty times as much costs not one step more, and never more than the limit's bytes."""
    few, many = (until_cut(gzip.compress(bytes(megabytes * 1_000_000)), MOST) for megabytes in (4, 200))
    assert few == many
    assert len(few) <= MOST // UNPACKED_A_STEP
    assert sum(few) <= MOST


def test_blocks_of_nothing_cost_steps_by_their_bytes() -> None:
    """Blocks that unpack to nothing are read a few kilobytes a step, so that others get their turn between them."""
    packing = zlib.compressobj(wbits=31)
    packed = packing.compress(b"") + packing.flush(zlib.Z_SYNC_FLUSH)
    packed += b"\0\0\0\xff\xff" * 200_000
    unpacking = Unpacking(MOST)
    assert sum(1 for _ in unpacking.pieces(packed)) == -(-len(packed) // PACKED_A_STEP)
    assert not unpacking.whole


WHOLE = gzip.compress(b"[]")


@pytest.mark.parametrize(
    "packed",
    [
        b"[]", WHOLE + WHOLE, WHOLE + b"\0", WHOLE + WHOLE * 20_000, zlib.compress(b"[]"),
        WHOLE[:-8] + bytes(8), b"\x1f\x8b\x09" + WHOLE[3:],
    ],
    ids=["plain", "twice", "zero-behind", "very-often", "zlib", "wrong-sum", "wrong-method"],
)  # fmt: skip
@pytest.mark.parametrize("part", [1, 7, PACKED_A_STEP, 1_000_000])
def test_what_is_not_one_member_is_refused(packed: bytes, part: int) -> None:
    """Other bytes, a wrong checksum and whatever follows the first member are refused, wherever parts end."""
    with pytest.raises(NotGzipError):
        unpack_in_parts(packed, part)


@pytest.mark.parametrize("kept", range(len(WHOLE)))
def test_what_is_cut_off_is_not_whole(kept: int) -> None:
    """A body that ends too early is known by that, wherever it ends."""
    unpacking = Unpacking(MOST)
    list(unpacking.pieces(WHOLE[:kept]))
    assert not unpacking.whole
