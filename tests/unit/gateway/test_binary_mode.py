"""Binary mode: headers and body become the event that structured mode has, and nothing can be smuggled in."""

import json
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st
from multidict import CIMultiDict

from agents.gateway.endpoints.binary_mode import is_binary, whole_event
from stream.deadletters import Fault
from stream.faultfinding import FaultFound

ATTRIBUTES = {"specversion": "1.0", "id": "e-1", "source": "/tests", "type": "t", "time": "2025-08-20T12:00:00Z"}


def headers(attributes: dict[str, str]) -> CIMultiDict[str]:
    """Return attributes as headers."""
    return CIMultiDict({f"ce-{name}": value for name, value in attributes.items()})


def faulty(found: bytes | FaultFound) -> Fault | None:
    """Return the code of a fault."""
    return found.fault if isinstance(found, FaultFound) else None


def read(found: bytes | FaultFound) -> Any:
    """Return what an event says; no name may occur twice."""
    assert isinstance(found, bytes)

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        names = [name for name, _ in pairs]
        assert len(names) == len(set(names))
        return dict(pairs)

    return json.loads(found, object_pairs_hook=once)


@given(st.dictionaries(st.from_regex(r"[a-z0-9]{1,20}", fullmatch=True), st.text().filter(str.isascii)))
def test_attributes_and_data_become_one_event(more: dict[str, str]) -> None:
    """Every attribute is in the event under its name, and the body is its data byte for byte."""
    more.pop("data", None)
    attributes = ATTRIBUTES | more
    body = b' {"a": [1.50, "\\u00e9"]} '
    found = whole_event(headers({name: quote(text) for name, text in attributes.items()}), body)
    assert read(found) == attributes | {"data": {"a": [1.5, "é"]}}
    assert isinstance(found, bytes)
    assert body in found


def test_values_are_percent_encoded_utf_8() -> None:
    """Spaces, quotation marks and other letters than ASCII come percent-encoded; UTF-8 that is not is taken too."""
    found = whole_event(headers(ATTRIBUTES | {"source": "/Z%C3%BCrich%20%22x%22", "subject": "Zürich"}), b"1")
    assert read(found)["source"] == '/Zürich "x"'
    assert read(found)["subject"] == "Zürich"


def test_only_attributes_make_it_binary_mode() -> None:
    """A request is in binary mode if it has a header that begins with `ce-`, in whatever case."""
    assert is_binary(CIMultiDict({"Accept": "a", "CE-ID": "1"}))
    assert not is_binary(CIMultiDict({"Accept": "ce-id", "X-CE-ID": "1"}))
    assert read(whole_event(CIMultiDict({"Accept": "a", "CE-ID": "1"}), b"1")) == {"id": "1", "data": 1}


@pytest.mark.parametrize("name", ["ce-data", "ce-", "ce-a_b", "ce-a-b", "CE-DATA", "ce-a.b"])
def test_other_names_are_refused(name: str) -> None:
    """A header whose name is no name of an attribute is refused: `data` would take the place of the body."""
    assert faulty(whole_event(CIMultiDict({name: "1"}), b"{}")) is Fault.WRONG_ENVELOPE


def test_attribute_twice_is_refused() -> None:
    """Of an attribute that comes twice none is chosen."""
    assert faulty(whole_event(CIMultiDict([("ce-id", "1"), ("Ce-Id", "2")]), b"{}")) is Fault.WRONG_ENVELOPE


@pytest.mark.parametrize("value", ["%ff", "%C3", "\udcff", "%ED%A0%80"])
def test_what_is_not_utf_8_is_refused(value: str) -> None:
    """Bytes that are no text are refused, and not quoted."""
    found = whole_event(headers({"id": value}), b"{}")
    assert isinstance(found, FaultFound)
    assert (found.fault, value in found.detail) == (Fault.WRONG_ENVELOPE, False)


SMUGGLED = b',"source":"/other","id":"x"'


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"{}}", b"{}" + SMUGGLED, b"1" + SMUGGLED, b'"' + SMUGGLED, b"{} {}", b"\xff", b"[" * 5_000, b"nul"],
)
def test_body_that_is_not_one_json_text_is_refused(body: bytes) -> None:
    """A body cannot add to the event nor replace its attributes: it is one JSON text or refused."""
    assert faulty(whole_event(headers(ATTRIBUTES), body)) is Fault.NOT_JSON


@given(st.text('{}[],:"\\ 1atrue\x00é', max_size=30))
def test_no_body_changes_an_attribute(body: str) -> None:
    """Whatever the body, an event that is made of it has the attributes of the headers and no other."""
    found = whole_event(headers(ATTRIBUTES), body.encode())
    assert isinstance(found, FaultFound) or json.loads(found) == ATTRIBUTES | {"data": json.loads(body)}
