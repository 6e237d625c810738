"""Cutting a batch into its events: a body never makes millions of pieces, each of which takes memory and time.

What is no event can be so short that millions fit into a body. So the pieces are only made where each has what every
event has, or where there cannot be too many of them.
"""

from collections.abc import Sequence
from typing import Final

import msgspec
from msgspec import Raw

from stream.faultfinding import place_of

COMMAS_MAX: Final = 250_000
"""A body with no more commas has no more pieces; its bad events are all named, else the first."""


class _Rough(msgspec.Struct, gc=False):
    """What every event has."""

    specversion: Raw
    id: Raw
    source: Raw
    type: Raw
    time: Raw
    data: Raw


class TooManyEventsError(Exception):
    """A batch has more events than it may."""


class NoEventError(Exception):
    """A piece of a batch is no event; what follows was not looked at."""

    def __init__(self, index: int) -> None:
        super().__init__(f"piece {index}")
        self.index = index


_decode_rough: Final = msgspec.json.Decoder(list[_Rough]).decode
_decode_batch: Final = msgspec.json.Decoder(list[Raw]).decode


def cut(body: bytes, most: int) -> Sequence[bytes]:
    """Return the events of a JSON array, good or bad. Raise TooManyError, NoEventError, ValueError if it is none."""
    try:
        count = len(_decode_rough(body))
    except msgspec.ValidationError as error:
        index = place_of(error).partition("[")[2].partition("]")[0]
        if index and body.count(b",") > COMMAS_MAX:
            raise NoEventError(int(index)) from None
        count = 0
    except RecursionError:
        raise ValueError("nests too deep") from None
    if count > most:
        raise TooManyEventsError
    pieces = _decode_batch(body)
    if len(pieces) > most:
        raise TooManyEventsError
    return [bytes(piece) for piece in pieces]
