"""The published vectors and the page: recomputed without our code where that is possible."""

import base64
import hmac
import json
import re
from pathlib import Path
from typing import Any

import pytest

from stream import canonical
from stream.consignee import JUDGE_SECRET, KeyMaker, Match

DOCS = Path(__file__).parents[2] / "docs"
PUBLISHED = json.loads((DOCS / "consignee-key-vectors.json").read_text("utf-8"))
VECTORS: list[dict[str, Any]] = PUBLISHED["vectors"]
PAGE = (DOCS / "consignee-key.md").read_text("utf-8")
ROWS = re.findall(r"^\| ([\w+]+) \| `(.+?)` \| `(.+?)` \| (alike|different) \|$", PAGE, re.MULTILINE)

vectors = pytest.mark.parametrize("vector", VECTORS, ids=[vector["why"] for vector in VECTORS])


def arguments(vector: dict[str, Any]) -> tuple[str, tuple[str, ...]]:
    """Which of the key maker's methods a vector is of, and what that takes."""
    if "seller" in vector:
        return "seller", (vector["seller"],)
    consignee = vector["consignee"]
    if "identifier" in consignee:
        return "identifier", (consignee["identifier_type"], consignee["identifier"])
    address = consignee["address"]
    rest = (address[field] for field in ("lines", "city", "state", "postal", "country"))
    return "name", (consignee["name"], *rest)


@vectors
def test_key_follows_from_the_form(vector: dict[str, Any]) -> None:
    """Anyone with the secret, an HMAC and base32 gets the published key from the published form."""
    form: str = vector["form"]
    digest = hmac.digest(PUBLISHED["secret"].encode(), form.encode(), "sha256")
    tag, second = form.split("\n")[:2]
    prefix = f"{tag}:{second}:" if tag.startswith("id") else f"{tag}:"
    assert vector["key"] == prefix + base64.b32encode(digest).decode().lower()[:26]


@vectors
def test_form_and_key_follow_from_the_consignee(vector: dict[str, Any]) -> None:
    """The code makes the published form and key of the published consignee or seller."""
    (kind, given), match = arguments(vector), vector["match"]
    make_form = getattr(canonical, f"exact_{kind}_form" if match == "exact" else f"{kind}_form")
    assert make_form(*(part or "" for part in given)) == vector["form"]
    assert getattr(KeyMaker(JUDGE_SECRET, match), f"of_{kind}")(*given) == vector["key"]


@pytest.mark.parametrize("match", ["normalised", "exact"])
def test_judges_secret_is_the_published_one(match: Match) -> None:
    """The vectors, the page and the offline judge share one secret, with the published fingerprints."""
    assert PUBLISHED["secret"].encode() == JUDGE_SECRET
    assert f"    {PUBLISHED['secret']}\n" in PAGE
    assert KeyMaker(JUDGE_SECRET, match).fingerprint == PUBLISHED["fingerprints"][match]


@pytest.mark.parametrize(("field", "one", "other", "verdict"), ROWS)
def test_page_says_what_is_alike(field: str, one: str, other: str, verdict: str) -> None:
    """Each row of the page's table is what the key maker does."""
    keys = KeyMaker(JUDGE_SECRET)
    person = {"name": "Jane Doe", "lines": "12 Elm Rd", "city": "Springfield", "state": "IL", "postal": "62701"}
    forms = []
    for spelling in (one, other):
        parts = {**person, "country": "US", **dict(zip(field.split("+"), spelling.split(" + "), strict=True))}
        place = (parts[name] for name in ("city", "state", "postal", "country"))
        forms.append(keys.of_name(parts["name"], parts["lines"].split(" / "), *place))
    assert (forms[0] == forms[1]) == (verdict == "alike")


def test_page_shows_published_vectors() -> None:
    """The table was found, and every form and key that the page shows is among the vectors."""
    assert len(ROWS) > 45
    keys = re.findall(r"^    ((?:na2|id2):\S{26,})$", PAGE, re.MULTILINE)
    forms = [line.replace("↵", "\n") for line in re.findall(r"^    (\S+2↵.+)$", PAGE, re.MULTILINE)]
    shown = [vector for vector in VECTORS if vector["key"] in keys and vector["form"] in forms]
    assert len(keys) == len(forms) == 2
    assert {vector["key"] for vector in shown} == set(keys)
