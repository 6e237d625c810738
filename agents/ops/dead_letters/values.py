"""What dead letters hold, names and addresses included: the one way out is a new file that its owner alone may read."""

import base64
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import msgspec

from agents.ops.dead_letters.letter import LetterPlace, letter_of
from agents.ops.dead_letters.letter_errors import DeadLettersError
from stream.records import Record


class _HeldLetter(msgspec.Struct, omit_defaults=True):
    """A line of the file: text where the bytes are UTF-8, else base64; neither where there are none."""

    at: str
    error: str
    key: str | None = None
    key_base64: str | None = None
    value: str | None = None
    value_base64: str | None = None


@contextmanager
def private_file(path: Path) -> Iterator[BinaryIO]:
    """Make a file that nobody else may read, and remove it if the block fails. Raise DeadLettersError."""
    try:
        # Mode and refusal belong to the creation itself: nobody can open it in between, or put a link there before.
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    except FileExistsError:
        raise DeadLettersError(f"{path} exists already: name a new file; only you will be able to read it") from None
    except OSError as error:
        raise DeadLettersError(f"{path}: {error.strerror}") from None
    try:
        with os.fdopen(handle, "wb") as file:
            yield file
    except BaseException as error:
        path.unlink(missing_ok=True)
        if isinstance(error, OSError) and not isinstance(error, TimeoutError | ConnectionError):
            raise DeadLettersError(f"{path}: {error.strerror}") from None
        raise


def write_value(record: Record, file: BinaryIO) -> None:
    """Write a record's key and value as a JSON line."""
    key, key_base64 = _text_or_base64(record.key)
    value, value_base64 = _text_or_base64(record.value)
    place = str(LetterPlace(record.partition, record.offset))
    held = _HeldLetter(place, letter_of(record).error, key, key_base64, value, value_base64)
    file.write(msgspec.json.encode(held) + b"\n")


def _text_or_base64(held: bytes | None) -> tuple[str | None, str | None]:
    if held is None:
        return None, None
    try:
        return held.decode(), None
    except UnicodeDecodeError:
        return None, base64.b64encode(held).decode()
