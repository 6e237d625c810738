"""Consignee keys: their shape, their secret, and what never shows."""

import hashlib
import hmac
import traceback

import pytest

from stream.canonical import zip_warning
from stream.consignee import CACHED_MAX, ConsigneeError, KeyMaker, Match
from stream.letters import fold
from stream.pub28 import DIRECTIONS, FORM_VERSION, SUFFIXES, TABLE_DIGEST, WORDS

SECRET = b"0123456789abcdef"
JANE = ("Jane Doe", ["12 Elm Rd"], "Springfield", "IL", "62701", "US")


def test_key_says_form_and_type() -> None:
    """A key begins with the form's version, and an identifier's also with its type."""
    keys = KeyMaker(SECRET)
    assert keys.of_name(*JANE).startswith("na2:")
    assert keys.of_identifier("ANI", "123").startswith("id2:ANI:")
    assert keys.of_seller("Jane Doe").startswith("se2:")
    made = (keys.of_name(*JANE), keys.of_identifier("EI", "1"), keys.of_seller("Jane Doe"))
    assert {len(key.rpartition(":")[2]) for key in made} == {26}


def test_repeat_is_answered_from_a_bounded_cache() -> None:
    """The same consignee gets the same key again, also after more others than the cache holds."""
    keys = KeyMaker(SECRET)
    first = keys.of_identifier("EI", "first")
    others = {keys.of_identifier("EI", str(number)) for number in range(CACHED_MAX + 10)}
    assert len(others) == CACHED_MAX + 10
    assert keys.of_identifier("EI", "first") == first


def test_absent_parts_are_empty_ones() -> None:
    """No state and no postal code are the same as empty ones."""
    keys = KeyMaker(SECRET)
    assert keys.of_name("A", [], "", None, None, "US") == keys.of_name("A", ["", " "], "", "", "", "US")


@pytest.mark.parametrize(
    "secret", [SECRET, b"s" * 64, b"longer than a block of SHA-256, so RFC 2104 digests it first" * 2]
)
def test_secret_of_any_length_is_keyed_as_hmac_says(secret: bytes) -> None:
    """The prepared hashes give what the standard library's HMAC gives."""
    keys = KeyMaker(secret)
    inner, outer = keys._inner.copy(), keys._outer.copy()
    inner.update(b"message")
    outer.update(inner.digest())
    assert outer.digest() == hmac.digest(secret, b"message", hashlib.sha256)


def test_fingerprint_tells_secret_and_match_apart() -> None:
    """Whatever makes other keys has another fingerprint, and the same again the same."""
    makers = [KeyMaker(SECRET), KeyMaker(SECRET, "exact"), KeyMaker(b"another secret, as long")]
    assert len({keys.fingerprint for keys in makers}) == 3
    assert KeyMaker(SECRET).fingerprint == makers[0].fingerprint


def test_unusable_secret_or_match_is_refused() -> None:
    """A secret that can be guessed, or a match that does not exist, ends the start."""
    with pytest.raises(ConsigneeError, match="at least 16 bytes"):
        KeyMaker(SECRET[:15])
    with pytest.raises(ConsigneeError, match="exact or normalised"):
        KeyMaker(SECRET, "fuzzy")  # type: ignore[arg-type]


@pytest.mark.parametrize("blank", ["", " ", "\t\u00a0"])
def test_address_alone_is_nobody(blank: str) -> None:
    """A blank name or identifier is refused, and the error shows none of the rest."""
    keys = KeyMaker(SECRET)
    with pytest.raises(ConsigneeError) as raised:
        keys.of_name(blank, ["12 Hidden Rd"], "Springfield", "IL", "62701", "US")
    assert "Hidden" not in "".join(map(str, raised.value.args))
    with pytest.raises(ConsigneeError, match="identifier is blank"):
        keys.of_identifier("EI", blank)
    with pytest.raises(ConsigneeError, match="seller's name is blank"):
        keys.of_seller(blank)


def test_nobody_shows_in_a_representation() -> None:
    """Neither the maker's representation nor the traceback of its errors holds a secret or a name."""
    keys = KeyMaker(SECRET)
    keys.of_name(*JANE)
    try:
        keys.of_name(" ", *JANE[1:])
    except ConsigneeError:
        shown = traceback.format_exc() + repr(keys)
    else:
        shown = "12 Elm Rd: nothing was raised"
    assert not any(word in shown for word in ("Jane", "Elm", SECRET.decode()))


def test_lone_surrogate_gets_a_key() -> None:
    """A text that UTF-8 cannot write is no way to crash, or to have itself quoted."""
    keys = KeyMaker(SECRET)
    assert keys.of_name("\ud800", [], "", "", "", "US") != keys.of_name("\ud801", [], "", "", "", "US")


@pytest.mark.parametrize("match", ["normalised", "exact"])
def test_seller_is_matched_as_consignees_are(match: Match) -> None:
    """Spellings of one name are one seller only where they would be one consignee; no street word is read."""
    keys = KeyMaker(SECRET, match)
    same = len({keys.of_seller(name) for name in ("Sunny Toys, Ltd.", "SUNNY TOYS LTD", "Sunny\nToys Ltd")})
    assert same == (1 if match == "normalised" else 3)
    assert keys.of_seller("Main Street Toys") != keys.of_seller("Main St Toys")


def test_table_of_form_2_is_unchanged() -> None:
    """Another word in the table makes other keys, so it needs another form version (and then another digest here)."""
    assert (FORM_VERSION, TABLE_DIGEST[:16]) == (2, "1b5b34b26d4c7d3e")


def test_letters_of_form_2_are_unchanged() -> None:
    """A new release of Python or anyascii that folds letters otherwise would change keys: it must be seen."""
    latin = ((0xA0, 0x250), (0x1E00, 0x1F00), (0xFB00, 0xFB07), (0xFF01, 0xFF5F))
    # Greek, Cyrillic, Hebrew, Arabic, Devanagari, Thai, kana.
    others = ((0x370, 0x530), (0x591, 0x5F5), (0x600, 0x700), (0x900, 0x980), (0xE01, 0xE5C), (0x3041, 0x3100))
    letters = [chr(code) for first, end in (*latin, *others) for code in range(first, end)]
    folded = "|".join(map(fold, letters))
    assert hashlib.sha256(folded.encode()).hexdigest()[:16] == "b87337118f3ceebb"


def test_standard_forms_stay_and_kinds_do_not_overlap() -> None:
    """Each standard form stands for itself, so folding twice changes nothing; a direction is no suffix."""
    assert {WORDS[standard] for standard in WORDS.values()} == set(WORDS.values())
    assert all(WORDS[standard] == standard for standard in WORDS.values())
    assert not (DIRECTIONS.keys() | set(DIRECTIONS.values())) & (SUFFIXES | WORDS.keys())
    assert "KEY" not in SUFFIXES


@pytest.mark.parametrize("postal", ["10001", " 10001-1234 ", "100011234", "１０００１", "", " ", None, "07030."])
@pytest.mark.parametrize("country", ["US", "PR", "us"])
def test_usual_zip_has_no_warning(postal: str | None, country: str) -> None:
    """Five or nine digits however written, and no code at all, are no reason to warn."""
    assert zip_warning(postal, country) is None


@pytest.mark.parametrize(
    "postal", ["7030", "0703", "100", "1000112345", "1000A", "ABCDE", "K1A 0B1", "10001-12345", "?#"]
)
def test_odd_zip_is_warned_about(postal: str) -> None:
    """A lost leading zero, or any other count of digits, is warned about in the United States only, never quoted."""
    warning = zip_warning(postal, "US")
    assert warning is not None
    assert postal not in warning
    assert zip_warning(postal, "CA") is None
    assert zip_warning(postal, None) is None
