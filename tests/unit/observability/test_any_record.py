"""Whatever is logged, by whomever: one line of JSON for each record, and never an error because of what it holds."""

import json
import logging
import sys
from io import StringIO
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.observability.log import configure
from agents.settings.log_group import LogSettings

FIELDS = st.dictionaries(st.from_regex(r"x_[a-z]{1,8}", fullmatch=True), st.recursive(
    st.none() | st.booleans() | st.integers() | st.text() | st.binary() | st.floats(allow_nan=False),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
), max_size=4)  # fmt: skip


def logged(form: str, message: str, *arguments: object, **more: Any) -> str:
    """Log once in a form and give what was written."""
    stream = StringIO()
    former, sys.stderr = sys.stderr, stream
    try:
        configure("worker", LogSettings(level="DEBUG", format=form))  # type: ignore[arg-type]
        logging.getLogger("agents.any").warning(message, *arguments, **more)
    finally:
        sys.stderr = former
    return stream.getvalue()


@given(st.text(), FIELDS)
def test_every_record_is_one_line_of_json(text: str, fields: dict[str, Any]) -> None:
    """Line feeds, quotes and control characters stay inside the line, and come back as they were."""
    said = logged("json", "%s", text, extra=fields)
    assert said.count("\n") == 1
    line = json.loads(said)
    assert line["event"] == text
    assert {name for name in line if name.startswith("x_")} == set(fields)


@given(FIELDS)
def test_lines_for_people_hold_any_field(fields: dict[str, Any]) -> None:
    """On a terminal the same records raise nothing, and the sentence is there."""
    assert "the sentence" in logged("text", "the sentence", extra=fields)


def test_a_record_cannot_pass_itself_off_as_another(capsys: pytest.CaptureFixture[str]) -> None:
    """A text that holds a whole line of the log does not become one."""
    forged = '\n{"time": "2025-08-20T12:00:00Z", "level": "critical", "event": "all is lost"}'
    said = logged("json", "source %s", forged)
    assert [json.loads(line)["level"] for line in said.splitlines()] == ["warning"]
    assert capsys.readouterr().err == ""


def test_what_the_process_is_called_comes_before_a_field_of_the_same_name() -> None:
    """A record may name its own process or step, and the order of the first fields stays."""
    line = json.loads(logged("json", "x", extra={"step": "manifest", "offset": 3}))
    assert list(line)[:3] == ["time", "level", "process"]
    assert (line["step"], line["offset"]) == ("manifest", 3)


def test_a_message_that_does_not_fit_its_arguments_ends_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    """A mistake in a log call is told on standard error as Python does, and the process goes on."""
    raising, logging.raiseExceptions = logging.raiseExceptions, False
    try:
        assert logged("json", "%d partitions", "many") == ""
    finally:
        logging.raiseExceptions = raising
    assert capsys.readouterr().err == ""
