"""Changing the tokens file: one process at a time, a new file whole and private before it takes the old one's place."""

import fcntl
import os
import secrets
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

import msgspec

from agents.gateway.http.tokens import PREFIX, Scope, Token, TokenDocument, TokenFileError, digest, read_tokens

SECRET_BYTES: Final = 32
ID_BYTES: Final = 5


def create_token(
    file: Path,
    name: str,
    scopes: Sequence[Scope],
    now: datetime,
    life: timedelta,
    chance: Callable[[int], bytes],
    sources: Sequence[str] = (),
) -> tuple[Token, str]:
    """Add a token; return its entry and its text, which is stored nowhere. Raise TokenFileError.

    `chance` returns so many random bytes.
    """
    token_id = chance(ID_BYTES).hex()
    text = f"{PREFIX}_{token_id}_{chance(SECRET_BYTES).hex()}"
    scopes, sources = sorted(set(scopes)), sorted(set(sources))
    token = Token(token_id, name, digest(text), tuple(scopes), now, now + life, tuple(sources))
    with _locked(file):
        _write(file, (*(read_tokens(file) if file.exists() else ()), token))
    return token, text


def revoke_token(file: Path, token_id: str) -> bool:
    """Take a token out; return whether it was there. Raise TokenFileError."""
    with _locked(file):
        tokens = read_tokens(file)
        left = tuple(token for token in tokens if token.id != token_id)
        if len(left) < len(tokens):
            _write(file, left)
    return len(left) < len(tokens)


@contextmanager
def _locked(file: Path) -> Iterator[None]:
    """Keep other writers out; readers need no lock."""
    try:
        descriptor = os.open(file.with_name(f"{file.name}.lock"), os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise TokenFileError(f"the tokens file {file} cannot be locked: {error.strerror}") from None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _write(file: Path, tokens: tuple[Token, ...]) -> None:
    text = msgspec.json.format(msgspec.json.encode(TokenDocument(tokens)), indent=2)
    fresh = file.with_name(f".{file.name}.{secrets.token_hex(4)}")
    try:
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(descriptor, "wb") as output:
                output.write(text + b"\n")
                output.flush()
                os.fsync(descriptor)
            fresh.replace(file)
        finally:
            fresh.unlink(missing_ok=True)
    except OSError as error:
        raise TokenFileError(f"the tokens file {file} cannot be written: {error.strerror}") from None
