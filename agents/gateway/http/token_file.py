"""Changing the tokens file: one process at a time."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

import msgspec

from agents.gateway.http.private_file import lock_file, write_private
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
    """Keep other writers out. Raise TokenFileError."""
    try:
        lock = lock_file(file)
    except OSError as error:
        raise TokenFileError(f"the tokens file {file} cannot be locked: {error.strerror}") from None
    with lock:
        yield


def _write(file: Path, tokens: tuple[Token, ...]) -> None:
    try:
        write_private(file, msgspec.json.format(msgspec.json.encode(TokenDocument(tokens)), indent=2) + b"\n")
    except OSError as error:
        raise TokenFileError(f"the tokens file {file} cannot be written: {error.strerror}") from None
