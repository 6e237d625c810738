"""Words of postal addresses by USPS Publication 28, as the data file beside this module lists them.

Each word is folded to its standard form wherever it stands in an address line; so two lines become alike only if they
differ in spellings that Publication 28 gives for one word. Names are never read by these words.
"""

import hashlib
import json
import re
import tomllib
from collections.abc import Iterator, Mapping
from importlib.resources import files
from typing import Any

_TABLE: Mapping[str, Any] = tomllib.loads(files("stream").joinpath("data", "pub28.toml").read_text("utf-8"))

FORM_VERSION: int = _TABLE["form"]
TABLE_DIGEST = hashlib.sha256(json.dumps(_TABLE, sort_keys=True, separators=(",", ":")).encode()).hexdigest()
COUNTRIES = frozenset(_TABLE["countries"])
TERRITORIES = frozenset(_TABLE["territories"])
"""Written as a country, each is the United States with that state."""
STATES = {name.replace(" ", ""): code for code, name in _TABLE["states"].items()}
"""State name without spaces -> code."""


def _spellings(*groups: str) -> Iterator[tuple[str, str]]:
    for group in groups:
        for standard, others in _TABLE[group].items():
            for spelling in (standard, *others):
                yield spelling, standard


WORDS = dict(_spellings("suffixes", "units", "parts"))
"""Every spelling of a suffix or unit designator -> its standard form."""

DESIGNATORS = frozenset(_TABLE["units"]) | frozenset(_TABLE["parts"])
SUFFIXES = frozenset(_TABLE["suffixes"]) - DESIGNATORS
DIRECTIONS: dict[str, str] = {word: letters for letters, word in _TABLE["directions"].items()}
BOXES: dict[str, str] = {spelling: standard for standard, others in _TABLE["boxes"].items() for spelling in others}

_NUMBER_SIGN = "#"
_LETTER_AND_NUMBER = re.compile("[A-Z][0-9]")
_GLUED = re.compile(rf"\b({'|'.join(spelling for spelling, _ in _spellings('units'))})(?=[0-9])")
_BOX = re.compile(rf"\b(?:{'|'.join(BOXES)})\b")
_standard = WORDS.get
_directions = frozenset(DIRECTIONS)


def fold_address(text: str) -> str:
    """Fold the words of an address, its lines joined by a space; `text` is what `stream.letters.fold` gives.

    The result has one space between words, and is the same when it is folded again.
    """
    if _NUMBER_SIGN in text:
        text = text.replace(_NUMBER_SIGN, f" {_NUMBER_SIGN} ")
    if _LETTER_AND_NUMBER.search(text):
        text = _GLUED.sub(r"\1 ", text)
    words = [_standard(word, word) for word in text.split()]
    if _NUMBER_SIGN in words:
        words = list(_number_signs(words))
    if not _directions.isdisjoint(words):
        for place, word in enumerate(words):
            if word in DIRECTIONS:
                words[place] = _direction(words, place)
    address = " ".join(words)
    return _BOX.sub(lambda box: BOXES[box[0]], address) if "BOX" in address else address


def _number_signs(words: list[str]) -> Iterator[str]:
    """Read '#' as UNIT, unless a designator stands before it ("STE # 4") or nothing behind it."""
    before = ""
    last = max((place for place, word in enumerate(words) if word != _NUMBER_SIGN), default=-1)
    for place, word in enumerate(words):
        read = word
        if word == _NUMBER_SIGN:
            if before in DESIGNATORS or place > last:
                continue
            read = "UNIT"
        yield read
        before = read


def _direction(words: list[str], place: int) -> str:
    """Shorten a direction, unless it names the street (EAST ST is not E ST) or a unit (UNIT NORTH is not UNIT N)."""
    word = words[place]
    if place and words[place - 1] in DESIGNATORS:
        return word
    # Of two suffix words only the second is the suffix (Publication 28, 234.2): in EAST PARK ST the street is PARK.
    match [following in SUFFIXES for following in words[place + 1 : place + 3]]:
        case [True] | [True, False]:
            return word
    return DIRECTIONS[word]
