"""Changing a file with secrets: one process at a time; a new file, whole and private, replaces the old one."""

import fcntl
import os
import secrets
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path


def lock_file(file: Path) -> AbstractContextManager[None]:
    """Return what keeps other writers of this file out while it is entered; readers need no lock. Raise OSError."""
    return _held(os.open(file.with_name(f"{file.name}.lock"), os.O_RDWR | os.O_CREAT, 0o600))


@contextmanager
def _held(descriptor: int) -> Iterator[None]:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def write_private(file: Path, text: bytes) -> None:
    """Put a new file, which only its owner can read, in the place of `file`. Raise OSError."""
    fresh = file.with_name(f".{file.name}.{secrets.token_hex(4)}")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as output:
            output.write(text)
            output.flush()
            os.fsync(descriptor)
        fresh.replace(file)
    finally:
        fresh.unlink(missing_ok=True)


def file_state(file: Path) -> object:
    """Return what differs between two versions of a file, each a new file moved into place. Raise OSError."""
    found = file.stat()
    return found.st_dev, found.st_ino, found.st_mtime_ns, found.st_size
