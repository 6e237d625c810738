"""Folds the characters of a name or address, before its words are read.

Case, combining marks, apostrophes, dashes, punctuation and spacing are folded. Only Latin letters become ASCII. Letters
of other scripts stay as they are: transliteration is many to one (two Chinese surnames are both "Zhang") and would make
one person of two. For the same reason a mark that writes a vowel or another consonant stays.
"""

import re
from unicodedata import category, combining, decimal, name, normalize

from anyascii import anyascii

FIELD_END = "\n"
"""Separates fields while they are folded; a field never holds it."""

_APOSTROPHES = "'`´‘’‚‛ʹʻʼʽˈ′＇"
_MINUS = "−"
_KEPT = ".-#&" + FIELD_END  # they have a meaning later: initials, "4-B", a unit, "and"

_ACCENTS = frozenset(
    chr(code)
    for first, last in ((0x300, 0x36F), (0x1AB0, 0x1AFF), (0x1DC0, 0x1DFF), (0x20D0, 0x20FF), (0xFE20, 0xFE2F))
    for code in range(first, last + 1)
)
_LETTER_CLASSES = frozenset({0, 8, 9, 84, 91, 103})
"""Combining classes of marks that stay: most vowels of Indic scripts and of Thai, voicing of kana, viramas."""
_REMEMBERED_MAX = 8_192

# Each pattern begins with the sign itself, which makes the search several times as fast.
_INITIALS = re.compile(r"\.(?<=\b[A-Z]\.)(?=[A-Z]\b)")
_NUMBER_AND_LETTER = re.compile(r"-(?:(?<=\b[A-Z]-)(?=[0-9])|(?<=[0-9]-)(?=[A-Z]\b))")


def _fold_ascii(character: str) -> str:
    return character.upper() if character.isalnum() or character in _KEPT else " "


_ASCII_TABLE = "".join(_fold_ascii(chr(code)) for code in range(128)).encode() + bytes(128)
_ASCII_DROPPED = b"'`"


def fold(fields: str) -> str:
    """Fold fields that are joined by FIELD_END to capitals, digits, spaces, and signs that no rule names.

    '&' becomes the word AND. '#' stays, since the folding of addresses needs it.
    """
    if fields.isascii():
        text = fields.encode().translate(_ASCII_TABLE, _ASCII_DROPPED).decode()
    else:
        text = _fold_unicode(fields)
    if "." in text:
        text = _INITIALS.sub("", text).replace(".", " ")
    if "-" in text:
        text = _NUMBER_AND_LETTER.sub("", text).replace("-", " ")
    if "&" in text:
        text = text.replace("&", " AND ")
    return text


def tighten(text: str) -> str:
    """Remove the spaces of folded text, but keep one between two numbers: "1 23" is not "12 3"."""
    words = text.split()
    if len(words) < 2:
        return words[0] if words else ""
    tight = "".join(words)
    if tight.isalpha():
        return tight
    tight = words[0]
    for word in words[1:]:
        tight += " " + word if tight[-1].isdecimal() and word[0].isdecimal() else word
    return tight


def _fold_unicode(fields: str) -> str:
    text = normalize("NFC", fields.casefold()).translate(_FOLDED)
    return text if text.isascii() else normalize("NFC", text)


def _fold_character(character: str) -> str:
    if character in _APOSTROPHES or _is_dropped(character):
        return ""
    expanded = normalize("NFKC", normalize("NFKC", character).casefold())
    folded = "".join(map(_fold_plain, expanded))
    # "123½" is 123 1/2, not 1231/2.
    return f" {folded} " if category(character) == "No" else folded


def _fold_plain(character: str) -> str:
    kind = category(character)
    if character.isascii():
        return _fold_ascii(character)
    if _is_dropped(character):
        return ""
    if kind == "Pd" or character == _MINUS:
        return "-"
    if kind[0] in "PZ" or kind in {"Cc", "Sk"} or character == "⁄":
        return " "
    if character.isdecimal():
        return str(decimal(character))
    if name(character, "").startswith("LATIN "):
        return "".join(filter(str.isalnum, anyascii(character))).upper() or character
    if kind[0] == "L":
        # Many letters with a mark are one character, such as Greek alpha with tonos.
        return normalize("NFC", "".join(part for part in normalize("NFD", character) if not _is_dropped(part)))
    return character


def _is_dropped(character: str) -> bool:
    """Whether a character only adds to the one before it (an accent, a point, a tone), or shows no glyph."""
    kind = category(character)
    if kind in {"Cf", "Me"} or character in _ACCENTS:
        return True
    if kind[0] != "M":
        return False
    called = name(character, "")
    if called.startswith("VARIATION SELECTOR"):
        return True
    return combining(character) not in _LETTER_CLASSES and "VOWEL SIGN" not in called


class _Folded(dict[int, str]):
    """Code point -> its folded text, computed on first use; bounded, since a sender may send all of Unicode."""

    def __missing__(self, code: int) -> str:
        folded = _fold_character(chr(code))
        if len(self) < _REMEMBERED_MAX:
            self[code] = folded
        return folded


_FOLDED = _Folded({code: "" if chr(code) in _APOSTROPHES else _fold_ascii(chr(code)) for code in range(128)})
