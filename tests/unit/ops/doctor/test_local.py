"""Checks of this machine: a poisoned rule file, a short secret, a tokens file that others may read."""

import os
import re
from collections.abc import Iterable
from datetime import date
from pathlib import Path

import pytest

from agents.ops.doctor.finding import Finding, State
from agents.ops.doctor.local_checks import (
    gateway_files,
    key_secret,
    rules,
    secret_files,
    settings_findings,
    unread,
    versions,
)
from agents.settings.gateway_group import GatewaySettings
from agents.settings.kafka_group import KafkaSettings
from agents.settings.key_group import KeySettings
from agents.settings.settings import Settings
from state.rules import load_rulebook


@pytest.fixture(autouse=True)
def _bare_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave no setting of the machine that runs the tests."""
    for name in os.environ:
        if name.startswith("TALLYGATE_"):
            monkeypatch.delenv(name)


def only(findings: Iterable[Finding], state: State) -> Finding:
    """Return the one finding, which has this state; what is not right says what to do."""
    (found,) = findings
    assert found.state is state, found
    assert state in {State.RIGHT, State.UNKNOWN} or found.remedy
    return found


POISONED = {
    "an end before its start": (
        '[[limit]]\nid = "mine"\nfrom = 2025-01-01\nuntil = 2024-01-01\nusd = 800\nsource = "x"\ncertainty = "sure"\n',
        "mine",
    ),
    "no TOML": ("[[limit\n", "line 1"),
    "an unknown section": ('[[limits]]\nid = "mine"\n', "limits"),
}


@pytest.mark.parametrize("kind", POISONED)
def test_a_poisoned_rule_file_is_told_by_file_entry_and_remedy(kind: str, tmp_path: Path) -> None:
    """The finding names the file and where in it, and a remedy comes with it."""
    text, where = POISONED[kind]
    file = tmp_path / "poisoned.toml"
    file.write_text(text)
    found = only(rules(Settings(rules=(file,))), State.WRONG)
    assert "poisoned.toml" in found.says
    assert where in found.says


def test_good_rules_are_told_with_their_rulebook() -> None:
    """The shipped rules are right, by the id of the rulebook that decisions name."""
    found = only(rules(Settings(read_again_days=100_000)), State.RIGHT)
    assert "rulebook " in found.says
    assert found.says.endswith("programmes us-321, us-gift, us-gift-insular")


def test_programmes_that_nobody_knows_are_told_by_the_setting() -> None:
    """A slip of the pen in the setting is told with the programmes that there are."""
    found = only(rules(Settings(programmes=("us-321", "atlantis"))), State.WRONG)
    assert "no programme has the id atlantis" in found.says
    assert "az, ec" in found.remedy


def test_sources_that_were_read_long_ago_are_something_to_look_at() -> None:
    """Rules of the enabled programmes are named by the day on which their source was last read, others are not."""
    rulebook = load_rulebook().with_programmes(["uz"], "uz")
    assert list(unread(rulebook, 365, date(2026, 12, 1))) == []
    assert "uz" not in only(unread(rulebook, 365, date(2027, 11, 30)), State.DOUBTFUL).says
    found = only(unread(rulebook, 365, date(2027, 12, 1)), State.DOUBTFUL)
    assert re.search(r"source of uz, uz-limit-200, .* and \d+ more was last read more than 365 days ago", found.says)
    assert "`verified`" in found.remedy


def secret_of(file: Path | None) -> Settings:
    """Return settings with a secret of the consignee keys."""
    return Settings(key=KeySettings(secret_file=file))


def test_a_short_secret_is_told_by_its_length_alone(tmp_path: Path) -> None:
    """Fifteen bytes are too few; how many there are is said, not which."""
    file = tmp_path / "secret"
    file.write_text("fifteen-letters")
    found = only(key_secret(secret_of(file)), State.WRONG)
    assert "has 15 bytes" in found.says
    assert "at least 16 random bytes" in found.remedy
    assert "fifteen" not in found.says + found.remedy


def test_a_secret_that_others_may_read_is_something_to_look_at(tmp_path: Path) -> None:
    """A secret open to everybody comes with the command that closes it; closed, it is right."""
    file = tmp_path / "secret"
    file.write_text("sixteen letters!")
    file.chmod(0o644)
    found = only(key_secret(secret_of(file)), State.DOUBTFUL)
    assert found.remedy == f"chmod o= {file}"
    file.chmod(0o640)
    only(key_secret(secret_of(file)), State.RIGHT)


def test_a_secret_that_is_not_there(tmp_path: Path) -> None:
    """A file that cannot be read is wrong; none at all may be right, where only pages are served."""
    assert "cannot be read: No such file" in only(key_secret(secret_of(tmp_path / "nowhere")), State.WRONG).says
    only(key_secret(secret_of(None)), State.UNKNOWN)


def test_password_files_must_be_closed(tmp_path: Path) -> None:
    """The broker's password in a file that everybody may read is told."""
    file = tmp_path / "password"
    file.write_text("made-up")
    file.chmod(0o604)
    kafka = KafkaSettings(security_protocol="SASL_SSL", username="u", password_file=file)
    assert only(secret_files(Settings(kafka=kafka)), State.DOUBTFUL).area == "kafka password"


def tokens_of(file: Path | None) -> Settings:
    """Return settings with a tokens file."""
    return Settings(gateway=GatewaySettings(tokens_file=file))


def test_tokens_of_the_gateway(tmp_path: Path) -> None:
    """No tokens file concerns the gateway only; a broken one is wrong, and so is one with no token that is good."""
    only(gateway_files(tokens_of(None)), State.UNKNOWN)
    file = tmp_path / "tokens.json"
    file.write_text("{")
    assert "is not one that" in only(gateway_files(tokens_of(file)), State.WRONG).says
    file.write_text('{"tokens": []}')
    assert "refuses everybody" in only(gateway_files(tokens_of(file)), State.WRONG).says


def test_half_a_certificate_of_the_gateway(tmp_path: Path) -> None:
    """A certificate without its key is refused as the gateway itself would."""
    file = tmp_path / "tokens.json"
    file.write_text('{"tokens": []}')
    gateway = GatewaySettings(tokens_file=file, tls_certificate=tmp_path / "certificate.pem")
    assert "TLS needs both" in only(gateway_files(Settings(gateway=gateway)), State.WRONG).says


def test_packages_are_compared_with_the_pinned_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    """As installed here they are right; another version of one with private parts in use is wrong."""
    only(versions(Settings()), State.RIGHT)
    monkeypatch.setattr("agents.engine.app.PINNED", {"aiokafka": "0.0.1"})
    assert "constraints.txt" in only(versions(Settings()), State.WRONG).remedy


def test_another_version_of_a_package_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """A package of another version than pinned, or missing, is something to look at."""
    monkeypatch.setattr("agents.ops.doctor.local_checks.requires", lambda _name: ["rich==0.1", "no-such-package==1"])
    found = only(versions(Settings()), State.DOUBTFUL)
    assert "rich 1" in found.says
    assert "no-such-package missing, not 1" in found.says


def test_a_variable_that_is_no_setting_is_something_to_look_at(monkeypatch: pytest.MonkeyPatch) -> None:
    """What may have been meant as a setting and is not heeded is told beside the settings that are accepted."""
    monkeypatch.setenv("TALLYGATE_COLOUR", "blue")
    told = list(settings_findings(Settings()))
    assert [each.state for each in told] == [State.RIGHT, State.DOUBTFUL]
    assert "TALLYGATE_COLOUR is no setting" in told[1].says
    assert "blue" not in told[1].says + told[1].remedy
