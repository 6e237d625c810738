"""Secrets in settings never reach a log; and of aiokafka's complaints an outage is two lines."""

import json
import logging
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.observability.log import MASK, effective, masked
from agents.observability.outages import COMPLAINTS, QUIET_SECONDS, OutageFilter
from agents.settings.settings import KafkaSettings, KeySettings, Settings

WORD = "hunter2-hunter2"


def test_all_settings_are_given_by_group_and_field() -> None:
    """What holds is told whole, the places of secrets too, and is fit for JSON."""
    settings = Settings(kafka=KafkaSettings(prefix="backtest"), key=KeySettings(secret_file=Path("/run/secret")))
    told = effective(settings)
    assert told["kafka"]["prefix"] == "backtest"
    assert told["key"]["secret_file"] == "/run/secret"
    assert set(told) == set(Settings.model_fields)
    assert json.loads(json.dumps(told)) == told


@pytest.mark.parametrize(
    "value",
    [
        {"sasl_plain_password": WORD},
        {"options": {"ssl_password": WORD}},
        {"url": f"redis://user:{WORD}@host/0"},
        {"urls": [f"kafka://a:{WORD}@host"]},
        {"client_secret": WORD, "oauth_token": WORD, "Credential": WORD},
    ],
)
def test_secrets_are_masked_however_deep(value: object) -> None:
    """What is called a secret, and a password in an address, becomes three stars."""
    told = json.dumps(masked(value))
    assert WORD not in told
    assert MASK in told


@given(st.dictionaries(st.sampled_from(["host", "port", "keep_days", "password_file"]), st.integers() | st.none()))
def test_what_is_no_secret_stays_as_it_is(value: dict[str, int | None]) -> None:
    """Numbers, places of files and names are left alone."""
    assert masked(value) == value
    assert masked({"streams_per_token": 3}) == {"streams_per_token": 3}


class Clock:
    """A clock that a test moves on; what is scheduled runs when its time has come."""

    def __init__(self) -> None:
        self.now = 100.0
        self.waiting: list[tuple[float, Callable[[], None]]] = []

    def __call__(self) -> float:
        return self.now

    def schedule(self, seconds: float, call: Callable[[], None]) -> None:
        self.waiting.append((self.now + seconds, call))

    def pass_by(self, seconds: float) -> None:
        self.now += seconds
        due = [each for each in self.waiting if each[0] <= self.now]
        self.waiting = [each for each in self.waiting if each[0] > self.now]
        for _when, call in due:
            call()


def complaint(text: str = COMPLAINTS[0], name: str = "aiokafka") -> logging.LogRecord:
    """Return a record as aiokafka makes it while it cannot reach a broker."""
    return logging.LogRecord(name, logging.ERROR, "", 1, f"{text} %s", ("kafka:9092",), None)


def test_an_outage_is_one_line_at_its_beginning_and_one_at_its_end(caplog: pytest.LogCaptureFixture) -> None:
    """However many complaints there are; how long it took and how often it was tried is told when it is over."""
    clock = Clock()
    outage = OutageFilter(clock, clock.schedule)
    for text in COMPLAINTS * 10:
        assert outage.filter(complaint(text)) is False
        clock.pass_by(0.5)
    assert [record.levelname for record in caplog.records] == ["ERROR"]
    assert "kafka:9092" in caplog.text
    clock.pass_by(QUIET_SECONDS)
    assert [record.__dict__["incident"] for record in caplog.records] == ["kafka-away", "kafka-back"]
    assert caplog.records[1].__dict__["complaints"] == 10 * len(COMPLAINTS)
    assert caplog.records[1].__dict__["seconds"] == pytest.approx(5 * len(COMPLAINTS) - 0.5)
    assert clock.waiting == []


def test_a_second_outage_is_told_again(caplog: pytest.LogCaptureFixture) -> None:
    """After it is over the next complaint begins a new outage."""
    clock = Clock()
    outage = OutageFilter(clock, clock.schedule)
    for _number in range(2):
        outage.filter(complaint())
        clock.pass_by(QUIET_SECONDS)
    told = [record.__dict__["incident"] for record in caplog.records]
    assert told == ["kafka-away", "kafka-back", "kafka-away", "kafka-back"]


@pytest.mark.parametrize(("text", "name"), [("Heartbeat failed", "aiokafka"), (COMPLAINTS[0], "agents.worker.worker")])
def test_everything_else_goes_through(text: str, name: str) -> None:
    """Other records of aiokafka, and ours whatever they say, are written as they come."""
    assert OutageFilter(Clock(), Clock().schedule).filter(complaint(text, name)) is True
