"""A file of events, open: unpacked if it is packed, and whatever breaks while it is read is a FileError."""

import gzip
import io
import shutil
import sys
import tempfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from stat import S_ISREG
from typing import BinaryIO, Final, NamedTuple, Protocol, cast

STDIN: Final = "-"
BUFFER_BYTES: Final = 1 << 20
HEAD_BYTES: Final = 1 << 16
"""Looked at to tell what a file is."""

GZIP: Final = b"\x1f\x8b"


class FileError(Exception):
    """A file cannot be read or written; the message names it and says why."""


class Source(NamedTuple):
    """An open file of events; reading it raises FileError."""

    lines: BinaryIO
    position: Callable[[], int]
    """Bytes read so far, of the file as it lies there."""
    size: int | None
    """Bytes in all, where the end is known."""
    head: bytes
    """How it begins, unpacked; it is read again with `lines`."""


Opener = Callable[[], AbstractContextManager[Source]]


class _Readable(Protocol):
    def read(self, size: int, /) -> bytes: ...


class _Named(io.RawIOBase):
    """Bytes that begin with some that were read already; what breaks is said with the file's name."""

    def __init__(self, name: str, begun: bytes, rest: _Readable) -> None:
        self._name, self._begun, self._rest = name, begun, rest

    def readable(self) -> bool:
        return True

    # The base class says `Buffer`, which Python 3.11 has no name for.
    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        found = self._begun[: len(buffer)]
        self._begun = self._begun[len(found) :]
        if not found:
            found = read_some(self._name, self._rest, len(buffer))
        buffer[: len(found)] = found
        return len(found)


def read_some(name: str, stream: _Readable, size: int) -> bytes:
    """Read some bytes; at the end none. Raises FileError."""
    try:
        return stream.read(size)
    except (EOFError, zlib.error, gzip.BadGzipFile):
        raise FileError(f"{name}: the archive is broken or cut off: make it again, or fetch it again") from None
    except OSError as error:
        raise FileError(f"{name}: {error.strerror or error}") from None


@contextmanager
def open_source(name: str) -> Iterator[Source]:
    """Open a file of events, or standard input (`-`); gzip is known by its first bytes. Raises FileError."""
    with ExitStack() as stack:
        if name == STDIN:
            raw, size = sys.stdin.buffer, None
            position: Callable[[], int] = lambda: 0  # noqa: E731 - a pipe has no place
        else:
            raw, size = _opened(name, stack)
            position = raw.tell
        yield _source(name, raw, position, size)


def _opened(name: str, stack: ExitStack) -> tuple[BinaryIO, int]:
    try:
        path = Path(name)
        return stack.enter_context(path.open("rb", BUFFER_BYTES)), path.stat().st_size
    except OSError as error:
        raise FileError(f"{name}: {error.strerror}") from None


def _source(name: str, raw: BinaryIO, position: Callable[[], int], size: int | None) -> Source:
    begun = _head(name, raw)
    stream: _Readable = raw
    if begun.startswith(GZIP):
        packed = io.BufferedReader(_Named(name, begun, raw), BUFFER_BYTES)
        stream = cast("_Readable", gzip.GzipFile(fileobj=packed))
        begun = _head(name, stream)
    elif Path(name).suffix.lower() == ".gz" and begun:
        raise FileError(f"{name}: its name says gzip, but the file is not: rename it, or pack it again")
    return Source(io.BufferedReader(_Named(name, begun, stream), BUFFER_BYTES), position, size, begun)


def _head(name: str, stream: _Readable) -> bytes:
    head = b""
    while len(head) < HEAD_BYTES and (found := read_some(name, stream, HEAD_BYTES - len(head))):
        head += found
    return head


@contextmanager
def twice_readable(name: str) -> Iterator[Opener]:
    """Give what opens the file from its beginning, however often. Raises FileError."""
    with open_source(name) as source, rereadable(name, source) as opener:
        yield opener


@contextmanager
def rereadable(name: str, source: Source) -> Iterator[Opener]:
    """Give what opens the file of a source from its beginning; what is no file is kept aside. Raises FileError."""
    if name != STDIN and S_ISREG(Path(name).stat().st_mode):
        yield lambda: open_source(name)
        return
    # Removed as soon as it is made, and nobody else's to read: it holds names and addresses.
    with tempfile.TemporaryFile() as kept:
        try:
            shutil.copyfileobj(source.lines, kept)
            size = kept.tell()
        except OSError as error:
            raise FileError(f"{name}: {error.strerror}") from None

        @contextmanager
        def reopen() -> Iterator[Source]:
            kept.seek(0)
            yield _source(name.removesuffix(".gz"), cast("BinaryIO", kept), kept.tell, size)

        yield reopen
