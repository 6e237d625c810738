"""Unpacking gzip in small steps within a limit: what would become larger is cut before it is made."""

import zlib
from collections.abc import Iterator
from typing import Final

CODINGS: Final = frozenset({"gzip", "x-gzip"})
"""Content codings that are unpacked; both names mean gzip (RFC 9110, section 8.4.1.3)."""
PACKED_A_STEP: Final = 16 * 1024
UNPACKED_A_STEP: Final = 64 * 1024
"""Bytes that one step reads and makes at most, so that others get a turn after it."""
_GZIP_WINDOW: Final = 16 + zlib.MAX_WBITS


class UnpackedTooLargeError(Exception):
    """What is packed has more bytes than it may."""


class NotGzipError(Exception):
    """The bytes are not gzip, or more follows it."""


class Unpacking:
    """One packed body; its parts are given as they come."""

    def __init__(self, most: int) -> None:
        """Begin; `most` is the limit of all that is unpacked, in bytes."""
        self._left = most
        # A body is one member of gzip. Thousands of empty ones would each take a window of memory and a copy of the
        # rest.
        self._member = zlib.decompressobj(_GZIP_WINDOW)

    @property
    def whole(self) -> bool:
        """Whether the end has come, and what was unpacked has the right checksum."""
        return self._member.eof

    def pieces(self, part: bytes) -> Iterator[bytes]:
        """Yield what a part unpacks to, step by step. Raise UnpackedTooLargeError, NotGzipError."""
        for at in range(0, len(part), PACKED_A_STEP):
            packed = part[at : at + PACKED_A_STEP]
            more = True
            while more:
                piece = self._step(packed)
                packed = self._member.unconsumed_tail
                # A full step may have kept back bytes that it has already read.
                more = bool(packed) or (len(piece) == UNPACKED_A_STEP and not self._member.eof)
                yield piece

    def _step(self, packed: bytes) -> bytes:
        if self._member.eof:
            raise NotGzipError
        # One byte more than is left shows that there is more.
        try:
            piece = self._member.decompress(packed, min(UNPACKED_A_STEP, self._left + 1))
        except zlib.error:
            raise NotGzipError from None
        if len(piece) > self._left:
            raise UnpackedTooLargeError
        if self._member.unused_data:
            raise NotGzipError
        self._left -= len(piece)
        return piece
