"""Consignee and seller keys in 17 bytes: 130 bits of digest, 6 bits that say which form of key it is."""

from functools import lru_cache
from typing import Final

from stream.consignee import base32

PACKED_KEY_BYTES: Final = 17

# A number on disk never changes its meaning.
_FORM_NUMBERS: Final = {"na2:": 0, "id2:EI:": 1, "id2:ANI:": 2, "id2:34:": 3, "se2:": 4}
_FORMS: Final = {number: form for form, number in _FORM_NUMBERS.items()}
_DIGEST_CHARACTERS: Final = 26
_DIGITS: Final = bytes.maketrans(b"abcdefghijklmnopqrstuvwxyz234567", b"0123456789abcdefghijklmnopqrstuv")


# Bills of one consignee often come together; a warehouse may have thousands.
@lru_cache(maxsize=8192)
def pack_key(key: str) -> bytes:
    """Return a consignee or seller key in 17 bytes."""
    form = _FORM_NUMBERS[key[:-_DIGEST_CHARACTERS]]
    digest = int(key[-_DIGEST_CHARACTERS:].encode().translate(_DIGITS), 32)
    return (digest << 6 | form).to_bytes(PACKED_KEY_BYTES, "big")


def unpack_key(packed: bytes) -> str:
    """Return the key of packed bytes."""
    return _FORMS[packed[-1] & 63] + base32(packed)
