"""A file that can be read twice: once to check it whole, once to send it; standard input is kept aside for that."""

import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from stat import S_ISREG
from typing import BinaryIO, Final, Literal, cast

from agents.judge.files import FileError, Source, open_source
from agents.publishing.assembling import assemble
from agents.publishing.candidates import Candidate, read_lines
from agents.publishing.rows import read_rows

Form = Literal["auto", "jsonl", "csv"]
ENDINGS: Final[dict[str, Form]] = {
    ".csv": "csv",
    ".tsv": "csv",
    ".jsonl": "jsonl",
    ".json": "jsonl",
    ".ndjson": "jsonl",
}
HEAD_BYTES: Final = 4096

Opener = Callable[[], AbstractContextManager[Source]]


@contextmanager
def twice_readable(name: str) -> Iterator[Opener]:
    """Give what opens the file from its beginning, however often. Raises FileError."""
    if name != "-" and _is_regular(name):
        yield lambda: open_source(name)
        return
    # Removed as soon as it is made, and nobody else's to read: it holds names and addresses.
    with tempfile.TemporaryFile() as kept:
        try:
            with open_source(name) as source:
                shutil.copyfileobj(source.lines, kept)
            size = kept.tell()
        except OSError as error:
            raise FileError(f"{name}: {error.strerror}") from None
        lines = cast("BinaryIO", kept)

        @contextmanager
        def reopen() -> Iterator[Source]:
            kept.seek(0)
            yield Source(lines, kept.tell, size)

        yield reopen


def _is_regular(name: str) -> bool:
    try:
        return S_ISREG(Path(name).stat().st_mode)
    except OSError as error:
        raise FileError(f"{name}: {error.strerror}") from None


def form_of(name: str, opener: Opener) -> Form:
    """Tell JSON lines from CSV: by the name's ending, else by how the file begins. Raises FileError."""
    suffixes = [suffix.lower() for suffix in Path(name).suffixes if suffix.lower() != ".gz"]
    if suffixes and suffixes[-1] in ENDINGS:
        return ENDINGS[suffixes[-1]]
    with opener() as source:
        try:
            head = source.lines.read(HEAD_BYTES)
        except (OSError, EOFError) as error:
            raise FileError(f"{name}: {getattr(error, 'strerror', None) or error}") from None
    return "jsonl" if head.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] in {b"{", b"["} else "csv"


def candidates(form: Form, source: Source, name: str, attribute: str) -> Iterator[Candidate]:
    """Give what an open file states as events; `attribute` is the `source` of those made of CSV. Raises FileError."""
    if form == "jsonl":
        yield from read_lines(source.lines, name)
        return
    try:
        yield from assemble(read_rows(source.lines), attribute)
    except (OSError, EOFError) as error:
        raise FileError(f"{name}: {getattr(error, 'strerror', None) or error}") from None


def is_terminal() -> bool:
    """Whether somebody may be looking at standard error."""
    return sys.stderr.isatty()
