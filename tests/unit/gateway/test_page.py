"""The page for users of the API says what is so."""

import json
import re
from typing import Any

import msgspec
import pytest
from pydantic import ValidationError

from agents.gateway.endpoints.headroom import HeadroomQuestion
from agents.gateway.endpoints.ingest import BATCHES, EITHER
from agents.gateway.endpoints.openapi import document
from agents.gateway.http.tokens import SCOPES
from agents.settings.gateway_group import GatewaySettings
from stream.outcomes import Action
from tests.prerequisites import ROOT

PAGE = (ROOT / "docs" / "gateway.md").read_text("utf-8")
ROW = re.compile(r"^\| (.+?) \|(?: (.*?) \|)?", re.MULTILINE)


def rows(after: str) -> list[tuple[str, str]]:
    """Return the first two cells of the table that follows some words."""
    table = PAGE.partition(after)[2].partition("\n\n|")[2].partition("\n\n")[0]
    return [(first, second) for first, second in ROW.findall(f"|{table}") if not first.startswith("-")]


def test_scopes_are_all_there() -> None:
    """The table of scopes has each of them."""
    assert {first.strip("`") for first, _ in rows("## Start it") if "`" in first} == set(SCOPES)


def test_addresses_are_those_that_there_are() -> None:
    """The table of addresses has every operation, with its scope."""
    told: set[tuple[str, str, str]] = set()
    for first, scope in rows("## Ask\n"):
        methods = re.findall(r"\b(GET|POST|DELETE)\b", first) or ["GET"]
        for path in re.findall(r"/[\w./{}-]+", first):
            told |= {(method.lower(), path, scope.strip("`")) for method in methods}
    there: set[tuple[str, str, str]] = set()
    for path, methods_of in document()["paths"].items():
        for method, operation in methods_of.items():
            scopes = next(iter(operation["security"][0].values())) if operation["security"] else None
            there.add((method, path, scopes[0] if scopes else "none"))
    without = {(method, path, "none" if scope == "any" else scope) for method, path, scope in told}
    assert without == there


def test_statuses_of_publishing_are_those_that_there_are() -> None:
    """The table of statuses has all that the description has, but that of our own failures."""
    told = {int(status) for first, _ in rows("## Publish\n") for status in re.findall(r"\b\d{3}\b", first)}
    for path in ("/v1/events", "/v1/events/batch"):
        assert told == {int(status) for status in document()["paths"][path]["post"]["responses"]} - {500}


def test_forms_of_events_are_those_that_are_taken() -> None:
    """The table of forms names exactly the media types that each of the two addresses takes."""
    told: dict[str, set[str]] = {}
    for line in PAGE.partition("### Forms of events\n")[2].partition("\n\n#")[0].splitlines():
        if "`application/" in line:
            for path in re.findall(r"`(/v1/[\w/]+)`", line):
                told.setdefault(path, set()).update(re.findall(r"`(application/[\w+-]+)`", line))
    assert told == {"/v1/events": {*EITHER}, "/v1/events/batch": {*BATCHES}}


def test_question_of_the_page_is_understood() -> None:
    """The question for headroom can be sent as it stands there."""
    (text,) = re.findall(r"--data '(\{.*?\})'", PAGE, re.DOTALL)
    question = msgspec.json.decode(text, type=HeadroomQuestion)
    assert (question.value_cents, question.consignee.name) == (1200, "Ada Example")
    assert json.loads(text)["day"] == "2025-08-20"


def test_actions_are_all_named() -> None:
    """Each action has its word on the page."""
    assert set(re.findall(r"\*\*([A-Z]+)\*\*", PAGE)) == {action.value for action in Action}


@pytest.mark.parametrize(
    "wrong",
    [
        {"port": 65_536}, {"port": -1}, {"public_origin": "gate.example"}, {"public_origin": "https://gate/path"},
        {"stale_seconds": 0}, {"requests_burst": 0}, {"body_mib": 257}, {"session_hours": 169}, {"tokens": "x"},
        {"headroom_per_minute": 0}, {"connections": "many"},
    ],
    ids=str,
)  # fmt: skip
def test_settings_that_make_no_sense_are_refused(wrong: dict[str, Any]) -> None:
    """A number out of range, an origin with a path, an unknown field: refused by the field's name."""
    with pytest.raises(ValidationError) as raised:
        GatewaySettings.model_validate(wrong)
    assert raised.value.errors()[0]["loc"] == (next(iter(wrong)),)


def test_gateway_is_shut_until_it_is_opened() -> None:
    """By default it listens on this machine only, and knows no tokens."""
    settings = GatewaySettings()
    assert (settings.host, settings.tokens_file, settings.tls_certificate) == ("127.0.0.1", None, None)
