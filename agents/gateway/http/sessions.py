"""Session cookies: signed, so that they outlive the gateway's process and need no memory; the token is not in them.

A cookie names its token and its end, and is signed with the gateway's key over these and the token's digest. It ends
when its token ends.
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
        """Return the cookie's value for a token, and when it ends."""
        ends = min(token.expires, now + timedelta(hours=self._hours)).replace(microsecond=0)
        stamp = f"{token.id}.{int(ends.timestamp())}"
        return f"{stamp}.{self._sign(stamp, token)}", ends

    def find(self, value: str, tokens: Tokens, now: datetime) -> Token | Refusal:
        """Return the token of a cookie, or why it has none."""
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
    """Return the key in a file, which is made if it is missing; if that fails, a key for this process only."""
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
        os.link(fresh, file)  # unlike a rename it does not replace what another gateway has just put there
    except FileExistsError:
        pass
    finally:
        fresh.unlink()
