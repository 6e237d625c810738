"""The two steps as settings describe them: refusals name what is wrong, fingerprints follow what tables depend on."""

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from agents.kafka.errors import RefusedError
from agents.settings.settings import KafkaSettings, KeySettings, PolicySettings, Settings
from agents.worker.steps import manifest_step, withholding_step
from state.table import Table
from stream.records import Fate, PlainRecord

SECRET = b"a secret of the tests, long enough"
EVENT = (
    b'{"specversion":"1.0","id":"e","source":"/t","type":"tallygate.bill.manifested.v1","time":"2025-08-19T12:00:00Z",'
    b'"data":{"bill":"ACME0001","conveyance":"air:1","sequence":0,"manifested_at":"2025-08-19T12:00:00Z","mode":"air",'
    b'"filing":"type86","bill_type":"R","quantity":1,"planned_port":"4701","arrived_at":"2025-08-19T15:00:00Z",'
    b'"consignee":{"identifier_type":"EI","identifier":"12-3456789"},"shipper":{"name":"S","country":"FR"},"lines":'
    b'[{"description":"d","hts":"1","origin":"FR","quantity":1,"value":{"amount":"500","currency":"USD"}}]}}'
)


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    """Return a file with a secret, as an editor would leave it."""
    file = tmp_path / "secret"
    file.write_bytes(SECRET + b"\n")
    return file


def settings(secret: Path | None, **groups: Any) -> Settings:
    """Return settings with a secret file and further groups."""
    match = groups.pop("match", "normalised")
    return Settings(key=KeySettings(secret_file=secret, match=match), **groups)


def test_no_secret_file_is_refused_with_the_variable_to_set() -> None:
    """Without a secret no step is made, and the setting to give is named."""
    with pytest.raises(RefusedError, match="TALLYGATE_KEY__SECRET_FILE"):
        manifest_step(settings(None), 4)


def test_a_secret_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    """A missing secret file is named, with what the system says."""
    with pytest.raises(RefusedError, match=r"nowhere: No such file"):
        withholding_step(settings(tmp_path / "nowhere"), 4)


def test_a_short_secret_is_refused_without_showing_it(tmp_path: Path) -> None:
    """A secret that could be guessed is refused; the message names its file and not the secret."""
    file = tmp_path / "short"
    file.write_bytes(b"sesame")
    with pytest.raises(RefusedError) as refused:
        manifest_step(settings(file), 4)
    assert str(file) in str(refused.value)
    assert "sesame" not in str(refused.value)


def test_a_broken_rule_file_is_refused_by_name(secret: Path, tmp_path: Path) -> None:
    """Rules that do not hold together keep the worker from starting."""
    file = tmp_path / "rules.toml"
    file.write_text('[[limit]]\nid = "limit-800"\n', "utf-8")
    with pytest.raises(RefusedError, match=r"rules\.toml"):
        withholding_step(settings(secret, rules=(file,)), 4)


@pytest.mark.parametrize(
    ("programmes", "default", "said"),
    [
        (
            ("us-321", "atlantis"),
            "us-321",
            "no programme has the id atlantis. Remedy: enable some of az, ec",
        ),
        (("kr",), "us-321", "default_programme: us-321 is not among the enabled programmes"),
        (("kr", "kr"), "kr", "kr is named twice"),
    ],
)
def test_programmes_that_do_not_fit_are_refused(
    secret: Path, programmes: tuple[str, ...], default: str, said: str
) -> None:
    """An unknown programme, one named twice, or a default that is not enabled keeps both steps from starting."""
    wrong = settings(secret, programmes=programmes, default_programme=default)
    for step in (manifest_step, withholding_step):
        with pytest.raises(RefusedError, match=said):
            step(wrong, 4)


def test_steps_judge_the_enabled_programmes(secret: Path) -> None:
    """Both steps know the programmes of the settings; the default is in the manifest step's fingerprint alone."""
    usual, more = settings(secret), settings(secret, programmes=("us-321", "kr"), default_programme="kr")
    for step in (manifest_step, withholding_step):
        assert sorted(step(usual, 4).programmes) == ["us-321", "us-gift", "us-gift-insular"]
        assert sorted(step(more, 4).programmes) == ["kr", "us-321"]
    assert manifest_step(usual, 4).fingerprint != manifest_step(more, 4).fingerprint
    assert withholding_step(usual, 4).fingerprint == withholding_step(more, 4).fingerprint


def test_fingerprints_follow_secret_match_and_policy(secret: Path, tmp_path: Path) -> None:
    """What tables depend on changes the fingerprint; what they do not depend on leaves it."""
    other = tmp_path / "other"
    other.write_bytes(SECRET + b"!")
    usual = withholding_step(settings(secret), 4).fingerprint
    assert withholding_step(settings(secret), 8).fingerprint == usual
    assert withholding_step(settings(secret, kafka=KafkaSettings(brokers="else:1")), 4).fingerprint == usual
    changed = [
        settings(other),
        settings(secret, match="exact"),
        settings(secret, policy=PolicySettings(overflow="latch")),
        settings(secret, policy=PolicySettings(rounding="whole-dollars")),
        settings(secret, policy=PolicySettings(as_of=date(2025, 8, 20))),
    ]
    assert usual not in {withholding_step(each, 4).fingerprint for each in changed}
    assert manifest_step(settings(secret), 4).fingerprint != manifest_step(settings(other), 4).fingerprint


def test_the_manifest_step_asks_filing_rules_as_of_the_set_day(secret: Path) -> None:
    """A type 86 bill without an estimate breaks rule 282 today, and not under rules as they stood in 2016."""
    value = EVENT
    stamp = int(datetime(2025, 8, 19, 12, tzinfo=UTC).timestamp() * 1000)
    record = PlainRecord("shipments", 0, 0, stamp, b"air:1", value)
    errors = []
    for policy in (PolicySettings(), PolicySettings(as_of=date(2016, 1, 1))):
        result = manifest_step(settings(secret, policy=policy), 1)(record, Table().overlay())
        assert result.fate is Fate.APPLIED
        postings = [output.value for output in result.outputs if output is not None and output.value is not None]
        errors.append([b'"282"' in posting for posting in postings])
    assert errors == [[True], [False]]


def test_decisions_name_the_shipments_topic_of_the_prefix(secret: Path) -> None:
    """The cause of a decision is a place in this Tallygate's own shipments topic, and the epoch is the set one."""
    made = settings(secret, kafka=KafkaSettings(prefix="backtest", epoch=7))
    record = PlainRecord("shipments", 0, 5, -1, b"air:1", EVENT)
    postings = [output for output in manifest_step(made, 1)(record, Table().overlay()).outputs if output is not None]
    posted = PlainRecord("postings", 0, 0, -1, postings[0].key, postings[0].value)
    outputs = [output for output in withholding_step(made, 1)(posted, Table().overlay()).outputs if output is not None]
    decision = outputs[0].value or b""
    assert b'"cause":{"topic":"backtest.shipments.v1","partition":0,"offset":5}' in decision
    assert b'"epoch":7' in decision
