"""Session cookies: signed, so that they outlive the gateway's process and need no memory; the token is not in them.

A cookie says which token it was given for, until when, and is signed with the gateway's key over these and the
token's digest. It is worth nothing once its token has ended.
"""

import hmac
import logging
import os
import secrets
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from agents.gateway.http.tokens import Refusal, Token, Tokens

log = logging.getLogger(__name__)

KEY_BYTES: Final = 32
COOKIE: Final = "tallygate_session"
SECURE_COOKIE: Final = "__Host-tallygate_session"
"""Over TLS: browsers take a cookie of this prefix only from the very host, and only if it is Secure."""


class Sessions:
    """Makes and checks the values of session cookies."""

    def __init__(self, key: bytes, hours: int) -> None:
        self._key = key
        self._hours = hours

    def open(self, token: Token, now: datetime) -> tuple[str, datetime]:
        """Give the value for a token's cookie and when it ends."""
        ends = min(token.expires, now + timedelta(hours=self._hours)).replace(microsecond=0)
        stamp = f"{token.id}.{int(ends.timestamp())}"
        return f"{stamp}.{self._sign(stamp, token)}", ends

    def find(self, value: str, tokens: Tokens, now: datetime) -> Token | Refusal:
        """Give the token that a cookie stands for, or why it stands for none."""
        stamp, _, signature = value.rpartition(".")
        token_id, _, ends = stamp.rpartition(".")
        token = tokens.by_id(token_id)
        if token is None or not hmac.compare_digest(
            signature.encode("utf-8", "surrogatepass"), self._sign(stamp, token).encode()
        ):
            return "unknown"
        return token if now < datetime.fromtimestamp(int(ends), UTC) else "expired"

    def _sign(self, stamp: str, token: Token) -> str:
        return hmac.new(self._key, f"session {stamp} {token.sha256}".encode(), "sha256").hexdigest()


def session_key(file: Path) -> bytes:
    """Give the key in a file, made when it is missing; where it cannot be, one for this process only."""
    try:
        if not file.exists():
            _make_key(file)
        key = file.read_bytes()
    except OSError as error:
        log.warning("the session key %s: %s; browsers must sign in again after a restart", file, error.strerror)
        return secrets.token_bytes(KEY_BYTES)
    if len(key) < KEY_BYTES:
        log.warning("the session key %s has fewer than %d bytes and is not used", file, KEY_BYTES)
        return secrets.token_bytes(KEY_BYTES)
    return key


def _make_key(file: Path) -> None:
    """Put a new key there, whole or not at all, readable for its owner only."""
    fresh = file.with_name(f".{file.name}.{os.getpid()}")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as output:
        output.write(secrets.token_bytes(KEY_BYTES))
    try:
        os.link(fresh, file)  # unlike a rename it leaves alone what another gateway has just put there
    except FileExistsError:
        pass
    finally:
        fresh.unlink()
