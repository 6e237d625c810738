"""Ids and signatures by the Standard Webhooks convention, version 1.0: HMAC-SHA-256 over id, timestamp and body."""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Callable, Iterable
from typing import Final

from stream.decisions import Decision

SECRET_PREFIX: Final = "whsec_"  # noqa: S105 - how secrets begin
SECRET_BYTES: Final = 32
SECRET_BYTES_LEAST: Final = 24
"""The convention allows 24 to 64."""
SECRET_BYTES_MOST: Final = 64
ID_CHARACTERS: Final = 26


def make_secret(chance: Callable[[int], bytes]) -> str:
    """Return a new secret as receivers write it down; `chance` returns so many random bytes."""
    return SECRET_PREFIX + base64.b64encode(chance(SECRET_BYTES)).decode()


def key_of(secret: str) -> bytes:
    """Return the bytes of a secret. Raise ValueError, which quotes nothing of it."""
    try:
        key = base64.b64decode(secret.removeprefix(SECRET_PREFIX), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if not secret.startswith(SECRET_PREFIX) or not SECRET_BYTES_LEAST <= len(key) <= SECRET_BYTES_MOST:
        raise ValueError(f"a secret is {SECRET_PREFIX} and base64 of {SECRET_BYTES_LEAST} to {SECRET_BYTES_MOST} bytes")
    return key


def signed_headers(keys: Iterable[bytes], message_id: str, timestamp: int, body: bytes) -> dict[str, str]:
    """Return the three headers, with a signature for each key; `timestamp` is that of this attempt."""
    signed = b"%s.%d.%s" % (message_id.encode(), timestamp, body)
    digests = (hmac.digest(key, signed, hashlib.sha256) for key in keys)
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(f"v1,{base64.b64encode(digest).decode()}" for digest in digests),
    }


def message_id(topic: str, decision: Decision) -> str:
    """Return the webhook-id of a decision: the same at every attempt, and of no other decision.

    The decision's id alone may come again, when its conveyance is forgotten and its name used once more. Its cause
    does not. Full stops, which a conveyance may have, would blur what is signed, so the id is a digest.
    """
    cause = decision.data.cause
    text = f"{topic}\n{decision.id}\n{cause.topic}/{cause.partition}/{cause.offset}"
    return f"dec_{base64.b32encode(hashlib.sha256(text.encode()).digest()).decode().lower()[:ID_CHARACTERS]}"
