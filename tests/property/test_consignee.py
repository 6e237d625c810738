"""Consignee keys of anybody: spellings of one person meet, different persons do not, and nothing crashes."""

import random
import re
from collections.abc import Sequence
from unicodedata import normalize

from hypothesis import assume, given
from hypothesis import strategies as st

from stream.canonical import exact_name_form, identifier_form, name_form
from stream.consignee import JUDGE_SECRET, KeyMaker
from stream.letters import fold, tighten
from stream.pub28 import DIRECTIONS, SUFFIXES, WORDS

KEYS = KeyMaker(JUDGE_SECRET)
SPELLINGS = {standard: [word for word in WORDS if WORDS[word] == standard] for standard in WORDS.values()}
UNITS = ("APT", "UNIT", "#", "Apartment")

anything = st.text(max_size=70)
fields = st.tuples(
    anything, st.lists(anything, max_size=6), anything, anything, anything, st.sampled_from(["US", "GB"])
)
street_words = st.from_regex(r"[B-DF-MO-RT-VX-Z][A-Z]{4,8}", fullmatch=True).filter(
    lambda word: word not in WORDS and word not in DIRECTIONS
)
names = st.lists(st.from_regex(r"[A-Z]{2,9}", fullmatch=True), min_size=1, max_size=4)
streets = st.tuples(
    st.integers(1, 99_999).map(str),
    st.sampled_from(["", *DIRECTIONS]),
    street_words,
    st.sampled_from(sorted(SUFFIXES)),
    st.sampled_from(["", *DIRECTIONS]),
    st.integers(1, 999).map(str),
)
chance = st.randoms(use_true_random=False)


def respell(text: str, chance: random.Random) -> str:
    """Write the same words in other case, with accents, other spaces and commas."""
    spelled = ""
    for character in text:
        if character == " ":
            spelled += chance.choice([" ", "  ", ", ", " \t", "; ", " ", ". "])
            continue
        spelled += chance.choice([character, character.lower()])
        if character.isalpha() and chance.random() < 0.2:
            spelled += chance.choice(["\u0301", "\u0308", "\u0327"])
    return normalize(chance.choice(["NFC", "NFD"]), spelled)


def write_street(street: Sequence[str], chance: random.Random) -> list[str]:
    """Write a street address, one or two lines, with any of the spellings that Publication 28 has."""
    number, before, name, suffix, after, unit = street
    words = [
        number,
        chance.choice([before, DIRECTIONS.get(before, before)]),
        name,
        chance.choice(SPELLINGS[suffix]),
        chance.choice([after, DIRECTIONS.get(after, after)]),
    ]
    first, second = " ".join(filter(None, words)), f"{chance.choice(UNITS)} {unit}"
    lines = chance.choice([[first, second], [f"{first} {second}"], [*first.split(" ", 1), second]])
    return [respell(line, chance) for line in lines]


@given(names, streets, chance)
def test_spellings_of_one_person_share_a_key(name: list[str], street: Sequence[str], chance: random.Random) -> None:
    """Case, accents, spaces, punctuation, line breaks and Publication 28's spellings make no other person."""
    keys = {
        KEYS.of_name(
            respell(chance.choice(["", " "]).join(name), chance),
            write_street(street, chance),
            respell("NEW YORK", chance),
            chance.choice(["NY", "New York", "n.y."]),
            chance.choice(["10001", "10001-1234", " 100011234 "]),
            "US",
        )
        for _ in range(4)
    }
    assert len(keys) == 1


@given(streets, streets, st.integers(0, 5))
def test_different_streets_are_different(one: Sequence[str], other: Sequence[str], place: int) -> None:
    """Another number, direction, name, suffix or flat, with all the rest the same, is another address."""
    assume(DIRECTIONS.get(one[place], one[place]) != DIRECTIONS.get(other[place], other[place]))
    changed = [*one[:place], other[place], *one[place + 1 :]]
    forms = {
        name_form("A", [" ".join([*words[:5], "APT", words[5]])], "", "", "", "US")
        for words in (tuple(one), tuple(changed))
    }
    assert len(forms) == 2


@given(st.text("ABCdef0123 -.", min_size=1, max_size=12), st.text("ABCdef0123 -.", min_size=1, max_size=12))
def test_names_of_other_letters_are_others(one: str, other: str) -> None:
    """Two names share a form only if their letters and digits are the same, number by number."""
    said = [re.sub(r"(?<![0-9])\W+|\W+(?![0-9])", "", text.upper()) for text in (one, other)]
    said = [re.sub(r"\W+", " ", text) for text in said]
    forms = [name_form(text, ["1 Main Rd"], "", "", "", "US") for text in (one, other)]
    if all(said):
        assert (forms[0] == forms[1]) == (said[0] == said[1])
    else:
        assert (forms[0] == forms[1]) == (one == other or said[0] == said[1] != "")


@given(fields, st.integers(0, 4))
def test_every_field_counts_and_none_runs_into_the_next(
    consignee: tuple[str, list[str], str, str, str, str], place: int
) -> None:
    """A letter more in any field, or moved to the next one, is another person, whatever else the fields hold."""
    parts: list[str] = [consignee[0], " ".join(consignee[1]), *consignee[2:5]]

    def form(values: list[str]) -> str:
        return name_form(values[0], [values[1]], values[2], values[3], values[4], consignee[5])

    longer = [f"{part} QQ" if place == index else part for index, part in enumerate(parts)]
    moved = [f"{part} QQ" if (place + 1) % 5 == index else part for index, part in enumerate(parts)]
    assert len({form(parts), form(longer), form(moved)}) == 3


@given(fields)
def test_form_of_a_form_is_itself(consignee: tuple[str, list[str], str, str, str, str]) -> None:
    """Folding is idempotent: what has been folded is folded no further."""
    form = name_form(*consignee)
    assume("\n=" not in form)
    _, name, address, city, state, postal, country = form.split("\n")
    assert name_form(name, [address], city, state, postal, country) == form


@given(fields)
def test_raw_fields_are_marked_and_on_one_line(consignee: tuple[str, list[str], str, str, str, str]) -> None:
    """An exact form gives every field back, so no two different consignees share one."""
    tag, *lines = exact_name_form(*consignee).split("\n")
    unescaped = [re.sub(r"\\(.)", lambda mark: {"n": "\n", "\\": "\\"}[mark[1]], line[1:]) for line in lines]
    name, address, *rest = consignee
    assert tag == "na2"
    assert unescaped == [normalize("NFC", field) for field in (name, *address, *rest)]


@given(fields)
def test_any_text_gets_a_well_formed_key(consignee: tuple[str, list[str], str, str, str, str]) -> None:
    """Whatever a producer sends as a name and address has a key of the one shape."""
    assume(consignee[0].strip())
    assert re.fullmatch(r"na2:[a-z2-7]{26}", KEYS.of_name(*consignee))


@given(st.text("0123456789abcXYZ", min_size=1, max_size=20), chance)
def test_identifier_is_its_letters_and_digits(identifier: str, chance: random.Random) -> None:
    """Separators and case of an identifier do not count, its type does."""
    written = "".join(chance.choice(["", "-", " ", ".", "&"]) + sign for sign in identifier)
    assert identifier_form("EI", written) == f"id2\nEI\n{identifier.upper()}"
    assert KEYS.of_identifier("EI", written) != KEYS.of_identifier("34", written)


def test_case_never_counts_in_any_script() -> None:
    """Of every character of Unicode that has case, all its cases fold alike, also behind an accented letter."""
    for code in range(0x110000):
        character = chr(code)
        cases = {character, character.upper(), character.lower(), character.casefold()}
        if len(cases) > 1:
            assert len({tighten(fold("É" + case)) for case in cases}) == 1, hex(code)


def test_composed_and_decomposed_text_fold_alike() -> None:
    """Unicode's two ways to write one character make no two persons, in any script that has them."""
    for code in range(0xA0, 0x30000):
        character = chr(code)
        ways = {character, normalize("NFC", character), normalize("NFD", character)}
        if len(ways) > 1:
            assert len({fold("É" + way) for way in ways}) == 1, hex(code)
