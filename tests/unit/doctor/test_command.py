"""The command: what it prints, how it ends, and that the failure of one check does not take the others along."""

import json
import logging
import os
from collections.abc import AsyncIterator, Iterator

import pytest
from aiokafka.errors import KafkaConnectionError, TopicAuthorizationFailedError
from typer.testing import CliRunner

from agents.cli.main import main
from agents.doctor.examining import _safely, examine
from agents.doctor.finding import Finding, State, right
from agents.engine.errors import RefusedError
from agents.engine.settings import Connection
from tests.kafka.broker import free_ports

run = CliRunner().invoke


@pytest.fixture(autouse=True)
def _bare_environment(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Leave no setting of the machine that runs the tests; Kafka and Redis are nowhere, and loggers as they were."""
    levels = {name: logging.getLogger(name).level for name in ("aiokafka", "asyncio", "py.warnings")}
    for name in os.environ:
        if name.startswith("TALLYGATE_"):
            monkeypatch.delenv(name)
    kafka, redis = free_ports(2)
    monkeypatch.setenv("TALLYGATE_KAFKA__BROKERS", f"127.0.0.1:{kafka}")
    monkeypatch.setenv("TALLYGATE_REDIS__URL", f"redis://127.0.0.1:{redis}/0")
    yield
    for name, level in levels.items():
        logging.getLogger(name).setLevel(level)


def test_nothing_there_is_told_in_lines() -> None:
    """Off a terminal each finding is a line, the verdict the last one, and the status says that something is wrong."""
    done = run(main, ["doctor"])
    assert done.exit_code == 1
    lines = done.stdout.splitlines()
    assert [line for line in lines if line.startswith("ok    rules: rulebook ")]
    assert [line for line in lines if line.startswith("WRONG kafka: ") and "does not answer" in line]
    assert [line for line in lines if line.startswith("WRONG redis: ") and "start it" in line]
    assert lines[-1].startswith("2 wrong, ")


def test_json_is_one_document() -> None:
    """With `--json` nothing else is printed, whatever is wrong."""
    done = run(main, ["doctor", "--json"])
    assert done.exit_code == 1
    assert json.loads(done.stdout)["counts"]["wrong"] == 2


def test_settings_that_cannot_be_used_are_all_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each mistake is a finding of its own; Kafka is then not asked with half of the settings."""
    monkeypatch.setenv("TALLYGATE_KAFKA__EPOCH", "0")
    monkeypatch.setenv("TALLYGATE_KAFKA__BORKERS", "x")
    found = json.loads(run(main, ["doctor", "--json"]).stdout)["findings"]
    wrong = [(each["says"], each["remedy"]) for each in found if each["state"] == "wrong"]
    assert wrong == [
        ("TALLYGATE_KAFKA__EPOCH", "it should be greater than or equal to 1"),
        ("TALLYGATE_KAFKA__BORKERS is no setting", "did you mean TALLYGATE_KAFKA__BROKERS?"),
    ]
    assert [each["area"] for each in found if each["state"] == "unknown"] == ["kafka"]


def test_a_password_file_that_is_missing_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """The settings are accepted, but what they name cannot be read: told before anything is connected."""
    for name, value in {"SECURITY_PROTOCOL": "SASL_SSL", "USERNAME": "u", "PASSWORD_FILE": "nowhere"}.items():
        monkeypatch.setenv(f"TALLYGATE_KAFKA__{name}", value)
    found = json.loads(run(main, ["doctor", "--json"]).stdout)["findings"]
    (kafka,) = [each for each in found if each["area"] == "kafka"]
    assert kafka["state"] == "wrong"
    assert "TALLYGATE_KAFKA__PASSWORD_FILE: nowhere cannot be read" in kafka["says"] + kafka["remedy"]


def test_a_role_that_there_is_not() -> None:
    """A role that nobody defined is bad usage."""
    done = run(main, ["doctor", "--role", "janitor"])
    assert done.exit_code == 2
    assert "there is no role janitor" in done.stderr


async def failing(error: Exception) -> AsyncIterator[Finding]:
    """Find one thing, then fail."""
    yield right("topics", "first")
    raise error


@pytest.mark.parametrize(
    ("error", "state", "words"),
    [
        (RefusedError("no: do this"), State.WRONG, "do this"),
        (TopicAuthorizationFailedError("t"), State.UNKNOWN, "another role"),
        (KafkaConnectionError("gone"), State.WRONG, "TALLYGATE_KAFKA__BROKERS"),
        (TimeoutError(), State.WRONG, "overloaded"),
        (ValueError("Jane Canary"), State.WRONG, "report this line"),
    ],
)
async def test_a_check_that_fails_is_a_finding(error: Exception, state: State, words: str) -> None:
    """What it found stays, its failure is one finding more, and no text of an unforeseen error is shown."""
    port = free_ports(1)[0]
    found = [each async for each in _safely("topics", failing(error), Connection(f"127.0.0.1:{port}"))]
    assert [each.state for each in found] == [State.RIGHT, state]
    assert words in found[1].remedy
    assert "Canary" not in found[1].says


async def test_findings_come_as_they_are_made() -> None:
    """The first are there before a broker was asked, for whoever waits at a terminal."""
    areas = []
    async for finding in examine():
        areas.append(finding.area)
        if finding.area == "kafka":
            break
    assert areas[0] == "settings"
    assert areas[-1] == "kafka"
