"""Consignee and seller keys: they name the person of a total without saying who it is (DESIGN sections 3 and 4).

A key is a keyed digest of the canonical form. Without the secret you can neither read a name from it nor test a guess.
No error and no representation here holds a name, an address or an identifier.
"""

import hashlib
from collections.abc import Sequence
from functools import lru_cache
from typing import Literal

from stream.canonical import (
    IDENTIFIER_TAG,
    NAME_TAG,
    SELLER_TAG,
    exact_identifier_form,
    exact_name_form,
    exact_seller_form,
    identifier_form,
    name_form,
    seller_form,
)
from stream.pub28 import FORM_VERSION, TABLE_DIGEST

Match = Literal["exact", "normalised"]

JUDGE_SECRET = b"tallygate judge: published, for offline use only"
"""The secret of `tallygate judge` and of the published test vectors. It is public, so its keys hide nothing."""

SECRET_BYTES_MIN = 16
CACHED_MAX = 8_192

_ALPHABET = "abcdefghijklmnopqrstuvwxyz234567"
_PAIRS = [first + second for first in _ALPHABET for second in _ALPHABET]
_FINGERPRINT_CHARACTERS = 16
_BLOCK_BYTES = 64


class ConsigneeError(ValueError):
    """A blank name or identifier, or an unusable secret. The message never quotes any of them."""


class KeyMaker:
    """Makes consignee and seller keys under one secret and one way of matching.

    `secret` has at least 16 bytes; `match` is "normalised" (spellings of one name and address are one person) or
    "exact". The keys of the last 8192 names, identifiers and sellers are cached. Methods raise ConsigneeError.
    """

    __slots__ = ("_identifiers", "_inner", "_names", "_outer", "_sellers", "fingerprint", "match")

    def __init__(self, secret: bytes, match: Match = "normalised") -> None:
        if len(secret) < SECRET_BYTES_MIN:
            raise ConsigneeError(f"the secret of the consignee keys needs at least {SECRET_BYTES_MIN} bytes")
        if match not in {"exact", "normalised"}:
            raise ConsigneeError("match is exact or normalised")
        self._inner, self._outer = _keyed(secret)
        form_of_name, form_of_identifier, form_of_seller = (
            (name_form, identifier_form, seller_form)
            if match == "normalised"
            else (exact_name_form, exact_identifier_form, exact_seller_form)
        )

        def key_of_name(name: str, lines: Sequence[str], city: str, state: str, postal: str, country: str) -> str:
            return f"{NAME_TAG}:{self._digest(form_of_name(name, lines, city, state, postal, country))}"

        def key_of_identifier(identifier_type: str, identifier: str) -> str:
            return f"{IDENTIFIER_TAG}:{identifier_type}:{self._digest(form_of_identifier(identifier_type, identifier))}"

        def key_of_seller(name: str) -> str:
            return f"{SELLER_TAG}:{self._digest(form_of_seller(name))}"

        self._names = lru_cache(CACHED_MAX)(key_of_name)
        self._identifiers = lru_cache(CACHED_MAX)(key_of_identifier)
        self._sellers = lru_cache(CACHED_MAX)(key_of_seller)
        self.match = match
        fingerprint = self._digest(f"fp{FORM_VERSION}\n{match}\n{TABLE_DIGEST}")
        self.fingerprint = fingerprint[:_FINGERPRINT_CHARACTERS]
        """Differs between key makers that make different keys; it tells nothing about the secret."""

    def of_name(
        self, name: str, lines: Sequence[str], city: str | None, state: str | None, postal: str | None, country: str
    ) -> str:
        """Return the key of a name and address, "na2:" and 26 characters.

        Raise ConsigneeError if the name is blank: an address alone is never a person (CBP ruling of 28 July 2020).
        """
        if not name or name.isspace():
            raise ConsigneeError("a consignee's name is blank")
        return self._names(name, tuple(lines), city or "", state or "", postal or "", country)

    def of_identifier(self, identifier_type: str, identifier: str) -> str:
        """Return the key of an identifier, such as "id2:EI:" and 26 characters. Raise ConsigneeError if it is blank."""
        if not identifier or identifier.isspace():
            raise ConsigneeError("a consignee's identifier is blank")
        return self._identifiers(identifier_type, identifier)

    def of_seller(self, name: str) -> str:
        """Return the key of a seller, "se2:" and 26 characters. Raise ConsigneeError if the name is blank."""
        if not name or name.isspace():
            raise ConsigneeError("a seller's name is blank")
        return self._sellers(name)

    def _digest(self, form: str) -> str:
        inner, outer = self._inner.copy(), self._outer.copy()
        # A lone surrogate cannot come from JSON, but it must not raise an error that quotes the text.
        inner.update(form.encode("utf-8", "surrogatepass"))
        outer.update(inner.digest())
        return base32(outer.digest())


def base32(digest: bytes) -> str:
    """Return the first 130 bits of a digest as 26 lower-case characters of RFC 4648 base32.

    The code is written out because `base64.b32encode` takes four times as long.
    """
    bits = int.from_bytes(digest[:17], "big") >> 6
    pair = _PAIRS
    return (
        f"{pair[bits >> 120]}{pair[bits >> 110 & 1023]}{pair[bits >> 100 & 1023]}{pair[bits >> 90 & 1023]}"
        f"{pair[bits >> 80 & 1023]}{pair[bits >> 70 & 1023]}{pair[bits >> 60 & 1023]}{pair[bits >> 50 & 1023]}"
        f"{pair[bits >> 40 & 1023]}{pair[bits >> 30 & 1023]}{pair[bits >> 20 & 1023]}{pair[bits >> 10 & 1023]}"
        f"{pair[bits & 1023]}"
    )


def _keyed(secret: bytes) -> tuple["hashlib._Hash", "hashlib._Hash"]:
    """Return HMAC's inner and outer hash with the secret already in (RFC 2104); to copy them takes half the time."""
    if len(secret) > _BLOCK_BYTES:
        secret = hashlib.sha256(secret).digest()
    block = secret.ljust(_BLOCK_BYTES, b"\0")
    return hashlib.sha256(bytes(byte ^ 0x36 for byte in block)), hashlib.sha256(bytes(byte ^ 0x5C for byte in block))
