"""Settings from the environment: what they become, and how a mistake in them is told."""

import os
from datetime import date
from pathlib import Path

import pytest
from pydantic import ValidationError

from agents.engine.engine_settings import MIB
from agents.kafka.errors import RefusedError
from agents.readmodel.projection_process import kept_store_of
from agents.readmodel.store import store_settings
from agents.settings.redis_group import RedisSettings
from agents.settings.settings import Settings
from agents.worker.worker import engine_settings

SECRET_WORD = "hunter2-hunter2-hunter2"


@pytest.fixture(autouse=True)
def _bare_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave no setting of the machine that runs the tests."""
    for name in os.environ:
        if name.startswith("TALLYGATE_"):
            monkeypatch.delenv(name)


def set_all(monkeypatch: pytest.MonkeyPatch, **settings: str) -> None:
    """Set environment variables, given without prefix and in lower case."""
    for name, value in settings.items():
        monkeypatch.setenv(f"TALLYGATE_{name.upper()}", value)


def test_defaults_are_those_of_a_single_machine() -> None:
    """Without any variable the settings name a local Kafka, the usual prefix and the policy of the contract."""
    settings = Settings()
    assert settings.kafka.brokers == "localhost:9092"
    assert settings.kafka.topics().shipments == "tallygate.shipments.v1"
    policy = settings.policy
    assert (policy.overflow, policy.rounding, policy.enforcement, policy.as_of) == ("skip", "cents", "auto", None)
    assert settings.key.match == "normalised"


def test_each_group_is_read_from_its_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    """A variable is prefix, group and field; values become the types of the fields."""
    set_all(
        monkeypatch,
        kafka__brokers="a:1,b:2",
        kafka__prefix="backtest",
        kafka__epoch="3",
        policy__overflow="latch",
        policy__as_of="2025-08-20",
        worker__name="w-1",
        key__match="exact",
        rules='["rates.toml"]',
    )
    settings = Settings()
    assert settings.kafka.connection().arguments()["bootstrap_servers"] == ["a:1", "b:2"]
    assert settings.kafka.topics().changelog("manifest") == "backtest.manifest.e3-changelog"
    assert settings.policy.as_of == date(2025, 8, 20)
    assert settings.policy.overflow == "latch"
    assert settings.key.match == "exact"
    assert settings.rules == (Path("rates.toml"),)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("policy__overflow", "jump"),
        ("policy__rounding", "dollars"),
        ("policy__as_of", "yesterday"),
        ("kafka__epoch", "0"),
        ("kafka__prefix", "two words"),
        ("kafka__partitions", "none"),
        ("worker__session_timeout_ms", "10"),
        ("worker__lane_mib", "0"),
        ("key__match", "fuzzy"),
        ("kafka__borkers", "typo:9092"),
    ],
)
def test_a_mistake_is_refused_by_the_field_it_is_in(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    """A value out of range, of another type or of an unknown field is refused, and the field is named."""
    set_all(monkeypatch, **{name: value})
    with pytest.raises(ValidationError) as refused:
        Settings()
    group, field = name.split("__")
    assert refused.value.errors()[0]["loc"][:2] == (group, field)


def test_settings_cannot_be_changed_once_read() -> None:
    """What a worker started with is what it runs with."""
    settings = Settings()
    with pytest.raises(ValidationError):
        settings.kafka.epoch = 2
    with pytest.raises(ValidationError):
        settings.rules = ()


def test_engine_settings_follow_the_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    """The engine gets bytes and milliseconds, and a transactional id of its own for each step and worker."""
    set_all(monkeypatch, worker__name="2", worker__lane_mib="3", worker__session_timeout_ms="6000")
    settings = Settings()
    manifest, withholding = engine_settings(settings, "manifest"), engine_settings(settings, "withholding")
    assert manifest.transactional_id == "tallygate.manifest.e1-2"
    assert withholding.transactional_id == "tallygate.withholding.e1-2"
    assert manifest.lane_bytes == 3 * MIB
    assert manifest.heartbeat_ms == 2000
    assert not manifest.mock_broker


def test_a_long_session_keeps_the_usual_heartbeat(monkeypatch: pytest.MonkeyPatch) -> None:
    """A heartbeat is a third of the session at most, and never slower than three seconds."""
    set_all(monkeypatch, worker__session_timeout_ms="45000")
    assert engine_settings(Settings(), "manifest").heartbeat_ms == 3000


def test_redis_password_comes_from_a_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The password is read from its file without the newline, and shown neither by the settings nor by the store."""
    file = tmp_path / "password"
    file.write_text(f"{SECRET_WORD}\n", "utf-8")
    set_all(monkeypatch, redis__password_file=str(file))
    settings = Settings()
    store = store_settings(settings.redis, "tallygate")
    assert store.password == SECRET_WORD
    assert SECRET_WORD not in repr(settings)
    assert SECRET_WORD not in repr(store)


def test_a_bill_is_kept_while_its_ledger_may_be_open() -> None:
    """The read model keeps a key for as long as the setting says, and a year's programme for longer."""
    day = 24 * 3600
    assert kept_store_of(Settings()).ttl_seconds == 60 * day
    assert kept_store_of(Settings(redis=RedisSettings(keep_days=1))).ttl_seconds == 16 * day
    assert kept_store_of(Settings(programmes=("us-321", "ec"))).ttl_seconds == (366 + 30) * day


def test_a_missing_password_file_is_an_error_of_its_own(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A password file that is not there is not taken for no password."""
    set_all(monkeypatch, redis__password_file=str(tmp_path / "nowhere"))
    with pytest.raises(RefusedError, match=r"TALLYGATE_REDIS__PASSWORD_FILE: .* cannot be read"):
        store_settings(Settings().redis, "tallygate")
