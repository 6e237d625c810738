"""Places in the decisions topic: the next offset of every partition, as the opaque text that subscribers hand back."""

from collections.abc import Sequence
from typing import Final

VERSION: Final = "1"
_OFFSET_DIGITS: Final = 16
"""An offset has 63 bits."""


class PlaceError(ValueError):
    """A text that is no place; it is not quoted."""


def encode_places(offsets: Sequence[int]) -> str:
    """Return the text: the version of the form, then the next offset of each partition, hexadecimal, with dots."""
    return ".".join((VERSION, *(f"{offset:x}" for offset in offsets)))


def decode_places(text: str) -> list[int]:
    """Return the next offset of each partition. Raise PlaceError."""
    version, *parts = text.split(".")
    if version != VERSION or not parts:
        raise PlaceError("not an id of this stream")
    if not all(0 < len(part) <= _OFFSET_DIGITS and set(part) <= set("0123456789abcdef") for part in parts):
        raise PlaceError("an id of this stream has hexadecimal offsets")
    return [int(part, 16) for part in parts]
