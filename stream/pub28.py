"""Folds the words of postal addresses by USPS Publication 28, from the data file beside this module.

Each word becomes its standard form wherever it is in an address line. So two lines become alike only if they differ in
spellings that Publication 28 has for one word. Names are never folded by these words.
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
"""Each of these as a country means the United States with that state."""
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
    """Return an address with its words folded; `text` is the result of `stream.letters.fold`, lines joined by a space.

    The result has one space between words. To fold it again changes nothing.
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
    """Yield the words with '#' as UNIT; drop it after a designator ("STE # 4") and where no word follows it."""
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
    """Return a direction shortened, unless it names the street (EAST ST is not E ST) or a unit (UNIT NORTH)."""
    word = words[place]
    if place and words[place - 1] in DESIGNATORS:
        return word
    # Of two suffix words only the second is the suffix (Publication 28, 234.2): in EAST PARK ST the street is PARK.
    match [following in SUFFIXES for following in words[place + 1 : place + 3]]:
        case [True] | [True, False]:
            return word
    return DIRECTIONS[word]
