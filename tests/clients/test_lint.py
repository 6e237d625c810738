"""The linter that others lint the description with has nothing to say about it."""

import json
from pathlib import Path
from typing import Any

import pytest

from agents.gateway.endpoints.openapi import document
from tests.clients.making import typed

pytestmark = [pytest.mark.clients]


def problems(described: dict[str, Any], folder: Path) -> list[str]:
    """Return the rules that redocly's recommended set finds broken, warnings too."""
    (folder / "openapi.json").write_text(json.dumps(described))
    answer = typed("redocly lint openapi.json --format json || true", folder)
    return [problem["ruleId"] for problem in json.loads(answer.stdout)["problems"]]


def test_description_is_clean(tmp_path: Path) -> None:
    """Not one rule of the recommended set is broken, nor warned about."""
    assert problems(document(), tmp_path) == []


def test_linter_finds_what_is_left_out(tmp_path: Path) -> None:
    """Without servers, licence and the tags' meaning there are problems, so the test above can fail."""
    spoilt = {key: value for key, value in document().items() if key != "servers"}
    spoilt["info"] = {key: value for key, value in spoilt["info"].items() if key != "license"}
    assert {"no-empty-servers", "info-license"} <= set(problems(spoilt, tmp_path))
