"""Settings from a file, and how mistakes are told: by variable or by field of the file, and never by value."""

import os
from pathlib import Path

import pytest
from typer.testing import CliRunner

from agents.cli.main import main
from agents.settings.settings import Settings, SettingsError, read_settings
from agents.settings.sources import unknown_variables, variables_of

WORD = "hunter2-hunter2"


@pytest.fixture(autouse=True)
def _bare_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave no setting of the machine that runs the tests."""
    for name in os.environ:
        if name.startswith("TALLYGATE_"):
            monkeypatch.delenv(name)


@pytest.fixture
def file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Return a settings file that is named in the environment and yet to be written."""
    path = tmp_path / "tallygate.toml"
    monkeypatch.setenv("TALLYGATE_CONFIG", str(path))
    return path


def mistakes() -> tuple[str, ...]:
    """Read settings that cannot be used; give what is wrong with them."""
    with pytest.raises(SettingsError) as refused:
        read_settings()
    assert refused.value.status == 78
    assert WORD not in str(refused.value)
    return refused.value.mistakes


def test_the_file_is_read_and_the_environment_goes_before_it(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Field by field: a variable, else the file, else the default."""
    file.write_text('rules = ["rates.toml"]\n[kafka]\nbrokers = "file:1"\nepoch = 3\n[log]\nlevel = "DEBUG"\n')
    monkeypatch.setenv("TALLYGATE_KAFKA__BROKERS", "variable:1")
    settings = read_settings()
    assert settings.kafka.brokers == "variable:1"
    assert settings.kafka.epoch == 3
    assert settings.kafka.prefix == "tallygate"
    assert settings.log.level == "DEBUG"
    assert settings.rules == (Path("rates.toml"),)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (None, ("TALLYGATE_CONFIG: ", "cannot be read (No such file")),
        ("[kafka\n", ("is not TOML", "line 1")),
        ("[kafkaa]\nepoch = 1\n", ("has [kafkaa], which is no group", "did you mean kafka?")),
        ("[kafka]\nepoch = 0\n", ("kafka.epoch in ", "greater than or equal to 1")),
        (f'[kafka]\nborkers = "{WORD}"\n', ("kafka.borkers in ", "did you mean TALLYGATE_KAFKA__BROKERS?")),
    ],
)
def test_a_mistake_in_the_file_is_told_by_its_place(file: Path, text: str | None, words: tuple[str, ...]) -> None:
    """A file that is missing, no TOML, or has what is no setting: named, with what was probably meant."""
    if text is not None:
        file.write_text(text)
    (found,) = mistakes()
    assert [word for word in words if word not in found] == []
    assert str(file) in found


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("KAFKA__EPOCH", "0", "TALLYGATE_KAFKA__EPOCH: it should be greater than or equal to 1"),
        ("POLICY__OVERFLOW", WORD, "TALLYGATE_POLICY__OVERFLOW: it should be 'skip', 'latch' or 'all_or_none'"),
        ("KAFKA__PREFIX", f"{WORD} x", "TALLYGATE_KAFKA__PREFIX: String should match pattern"),
        ("KAFKA__OPTIONS", f"{{{WORD}", "TALLYGATE_KAFKA__OPTIONS: it should be JSON"),
        ("KAFKA__OPTIONS", f'{{"ssl_password": "{WORD}"}}', "write TALLYGATE_KAFKA__PASSWORD_FILE"),
        ("REDIS__URL", f"redis://:{WORD}@host/0", "named in TALLYGATE_REDIS__PASSWORD_FILE"),
        ("RULES", WORD, "TALLYGATE_RULES: it should be JSON"),
        ("KAFKA__BORKERS", WORD, "is no setting: did you mean TALLYGATE_KAFKA__BROKERS?"),
        ("KAFKAA__BROKERS", WORD, "TALLYGATE_KAFKAA__BROKERS is no setting: did you mean TALLYGATE_KAFKA__BROKERS?"),
        ("KAFKA_BROKERS", WORD, "TALLYGATE_KAFKA_BROKERS is no setting: write TALLYGATE_KAFKA__BROKERS"),
        ("LOG_LEVEL", "DEBUG", "TALLYGATE_LOG_LEVEL is no setting: write TALLYGATE_LOG__LEVEL"),
    ],
)
def test_a_mistake_in_a_variable_is_told_by_its_name(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, told: str
) -> None:
    """One sentence with the variable and what to write; the value is not quoted, it may be a secret."""
    monkeypatch.setenv(f"TALLYGATE_{name}", value)
    (found,) = mistakes()
    assert told in found


def test_all_mistakes_are_told_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A person who mends one need not come back for the next."""
    for name in ("KAFKA__EPOCH", "KAFKA__PARTITIONS", "WORKER__STALL_SECONDS"):
        monkeypatch.setenv(f"TALLYGATE_{name}", "0")
    assert [found.partition(":")[0] for found in mistakes()] == [
        "TALLYGATE_KAFKA__EPOCH",
        "TALLYGATE_KAFKA__PARTITIONS",
        "TALLYGATE_WORKER__STALL_SECONDS",
    ]


def test_variables_that_others_make_are_left_alone() -> None:
    """Kubernetes makes variables of every service's name; and one without two underscores may be anybody's."""
    services = ["TALLYGATE_GATEWAY_SERVICE_HOST", "TALLYGATE_GATEWAY_PORT", "TALLYGATE_GATEWAY_PORT_8080_TCP_ADDR"]
    assert unknown_variables(Settings, [*services, "TALLYGATE_CONFIG", "PATH"]) == ([], [])
    wrong, doubts = unknown_variables(Settings, ["TALLYGATE_COLOUR"])
    assert wrong == []
    assert len(doubts) == 1
    assert "TALLYGATE_COLOUR is no setting" in doubts[0]


def test_every_setting_has_its_variable() -> None:
    """Groups with their fields, and fields of no group."""
    known = variables_of(Settings)
    assert known["TALLYGATE_KAFKA__BROKERS"] == ("kafka", "brokers")
    assert known["TALLYGATE_RULES"] == ("rules",)
    assert unknown_variables(Settings, known) == ([], [])


def test_commands_tell_mistakes_without_a_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    """A command that reads settings ends with status 2 and the sentences, whichever command it is."""
    monkeypatch.setenv("TALLYGATE_KAFKA__EPOCH", "0")
    for command in (["topics", "check"], ["resume"]):
        done = CliRunner().invoke(main, command)
        assert done.exit_code == 2
        assert done.stderr == "tallygate: TALLYGATE_KAFKA__EPOCH: it should be greater than or equal to 1\n"
