"""Lines of the log: fields in their order, in JSON or for a person, of every library, and no person's data in them."""

import asyncio
import json
import logging
import sys
import warnings
from io import StringIO
from typing import Any

import pytest

from agents.kafka.errors import RefusedError
from agents.observability.log import configure
from agents.settings.log_group import LogSettings

PERSON = "Jane Canary, 12 Main St"
log = logging.getLogger("agents.test")


class Terminal(StringIO):
    """Standard error that says it is a terminal."""

    def isatty(self) -> bool:
        return True


class Written:
    """What was written to standard error, which is no terminal."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys
        self._text = ""

    def getvalue(self) -> str:
        self._text += self._capsys.readouterr().err
        return self._text


@pytest.fixture
def written(capsys: pytest.CaptureFixture[str]) -> Written:
    """Return what is written to standard error."""
    return Written(capsys)


def lines(stream: StringIO | Written) -> list[dict[str, Any]]:
    """Return the lines that were written."""
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_off_a_terminal_each_record_is_a_line_of_json(written: Written) -> None:
    """Time, level, process and its fields, the sentence, then what the record adds, and who logged it."""
    configure("worker", step="manifest", worker="0")
    log.info("partition %d stands at %d", 3, 7, extra={"partition": 3, "offset": 7})
    (line,) = lines(written)
    assert list(line) == ["time", "level", "process", "step", "worker", "event", "partition", "offset", "logger"]
    assert line["event"] == "partition 3 stands at 7"
    assert (line["process"], line["step"], line["worker"], line["level"]) == ("worker", "manifest", "0", "info")
    assert line["time"].endswith("Z")


def test_a_record_names_its_own_step_before_that_of_the_process(written: Written) -> None:
    """The supervisor logs of several steps: what the record says comes first."""
    configure("supervisor", step="none")
    log.warning("ended", extra={"step": "manifest"})
    assert lines(written)[0]["step"] == "manifest"


def test_on_a_terminal_lines_are_for_people(monkeypatch: pytest.MonkeyPatch) -> None:
    """With colours and without braces; `json` insists on JSON there as well, `text` off a terminal."""
    terminal, plain = Terminal(), StringIO()
    for stream, form in ((terminal, "auto"), (plain, "text")):
        monkeypatch.setattr(sys, "stderr", stream)
        configure("gateway", LogSettings(format=form))  # type: ignore[arg-type]
        log.warning("the certificate ends soon", extra={"days": 3})
    assert "\x1b[" in terminal.getvalue()
    assert "\x1b[" not in plain.getvalue()
    assert "the certificate ends soon" in plain.getvalue()
    assert "days=3" in plain.getvalue()
    insisting = Terminal()
    monkeypatch.setattr(sys, "stderr", insisting)
    configure("gateway", LogSettings(format="json"))
    log.warning("as JSON")
    assert lines(insisting)[0]["event"] == "as JSON"


@pytest.mark.parametrize(
    "name", ["faust.worker", "mode.services", "aiohttp.server", "aiokafka.consumer.group_coordinator"]
)
def test_records_of_the_libraries_have_the_same_form(written: Written, name: str) -> None:
    """A warning of theirs is a line like ours; what they tell below that stays out, even at DEBUG."""
    configure("worker", LogSettings(level="DEBUG"))
    logging.getLogger(name).warning("rebalancing %s", "now")
    logging.getLogger(name).debug("whole requests, with records in them")
    (line,) = lines(written)
    assert (line["event"], line["logger"], line["process"]) == ("rebalancing now", name, "worker")


def test_the_level_is_heeded(written: Written) -> None:
    """Nothing below the level is written; configuring again replaces what was, and doubles no line."""
    configure("worker", LogSettings(level="WARNING"))
    log.info("left out")
    configure("worker", LogSettings(level="DEBUG"))
    log.debug("written")
    assert [line["event"] for line in lines(written)] == ["written"]


def raised(error: Exception) -> Exception:
    """Return an error as if it had come out of something, with another behind it."""
    try:
        try:
            dict[str, int]()[PERSON]
        except KeyError as cause:
            raise error from cause
    except type(error):
        pass
    return error


def test_errors_say_where_and_which_type_and_quote_no_record(written: Written) -> None:
    """The chain of errors with its places; of an error that may quote a record the text is withheld."""
    configure("worker")
    log.error("the step raised", exc_info=raised(ValueError(PERSON)))
    (line,) = lines(written)
    assert [each["type"] for each in line["errors"]] == ["ValueError", "KeyError"]
    assert all("withheld" in each["text"] for each in line["errors"])
    assert "test_lines.py:" in line["errors"][0]["at"][-1]
    assert PERSON not in written.getvalue()


def test_errors_of_ours_and_of_the_system_say_what_is_wrong(written: Written) -> None:
    """Refusals and errors of the system are made to be read, and quote nothing."""
    configure("worker")
    log.error("one", exc_info=raised(RefusedError("run tallygate topics create")))
    log.error("two", exc_info=raised(OSError(28, "No space left on device")))
    texts = [line["errors"][0]["text"] for line in lines(written)]
    assert texts == ["run tallygate topics create", "[Errno 28] No space left on device"]


def test_errors_on_a_terminal_are_lines_without_the_text_of_records(monkeypatch: pytest.MonkeyPatch) -> None:
    """For people the places stand below each other; what might quote a record is withheld there too."""
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    configure("worker")
    log.error("the step raised", exc_info=raised(ValueError(PERSON)))
    assert "ValueError: withheld" in terminal.getvalue()
    assert PERSON not in terminal.getvalue()


def test_an_error_that_nobody_caught_is_one_line(written: Written) -> None:
    """The process ends with an incident in the log, not with a traceback that shows values."""
    configure("projection")
    error = raised(ValueError(PERSON))
    sys.excepthook(ValueError, error, error.__traceback__)
    (line,) = lines(written)
    assert (line["level"], line["incident"]) == ("critical", "crash")
    assert PERSON not in written.getvalue()


def test_what_asyncio_quotes_is_left_out(written: Written) -> None:
    """An error that was not fetched from a task is told without the task and without its text."""
    configure("gateway")
    loop = asyncio.new_event_loop()
    loop.call_exception_handler({"message": "Task exception was never retrieved", "future": ValueError(PERSON)})
    loop.close()
    assert lines(written)[0]["event"] == "Task exception was never retrieved"
    assert PERSON not in written.getvalue()


def test_what_json_does_not_know_is_named_by_its_type(written: Written) -> None:
    """An object among the fields cannot show what it holds."""
    configure("worker")
    log.warning("odd", extra={"held": {PERSON}})
    assert lines(written)[0]["held"] == "<set>"


def test_warnings_go_the_same_way(written: Written) -> None:
    """A warning of Python is a line of the log."""
    configure("worker")
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.warn("an old thing", DeprecationWarning, stacklevel=1)
    (line,) = lines(written)
    assert "an old thing" in line["event"]
    assert line["logger"] == "py.warnings"
