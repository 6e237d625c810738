"""`tallygate dead-letters list` on a real Kafka."""

import stat
from pathlib import Path

import pytest
from msgspec import json

from tests.integration.ops.dead_letters.post import (
    BILL,
    HOME,
    PARTITIONS,
    letters,
    open_transaction,
    post,
    run,
    run_on_terminal,
)
from tests.kafka.broker import Broker
from tests.kafka.field import Field
from tests.unit.manifest.desk import CONVEYANCE

pytestmark = pytest.mark.kafka

CODES = ["not-json", "wrong-shape", "unknown-type", "key-mismatch", "not-json", "version-conflict", "wrong-shape"]
"""Codes of the dead letters on the home partition, in order."""


@pytest.fixture
def posted(field: Field) -> Field:
    """Return topics with dead letters."""
    post(field)
    return field


def test_every_letter_is_listed_by_its_labels(posted: Field) -> None:
    """Off a terminal each dead letter is a JSON line with code, place and source, and nothing of what it says."""
    found = letters(posted)
    home = [one for one in found if one["partition"] == HOME]
    assert [one["error"] for one in home] == CODES
    (other,) = (one for one in found if one["partition"] != HOME)
    assert other == {
        "partition": (HOME + 1) % PARTITIONS,
        "offset": 0,
        "when": other["when"],
        "error": "wrong-partition",
        "detail": "record partition: expected murmur2 of the key",
        "source": {"topic": posted.topics.shipments, "partition": (HOME + 1) % PARTITIONS, "offset": 6},
        "conveyance": CONVEYANCE,
        "key_bytes": len(CONVEYANCE),
        "size": len(BILL),
        "retried": False,
        "retried_from": None,
        "failed_again": None,
    }
    assert [one["conveyance"] for one in home] == [CONVEYANCE] * 3 + [None, None, CONVEYANCE, None]
    assert [one["key_bytes"] for one in home[3:5] + home[6:]] == [8, 25, None]


def test_filters_narrow_and_counts_follow(posted: Field) -> None:
    """Code, time, conveyance and limit hold together; the counts on standard error are by code."""
    assert [one["error"] for one in letters(posted, "--code", "not-json", "--code", "unknown-type")] == [
        "not-json", "unknown-type", "not-json",
    ]  # fmt: skip
    assert len(letters(posted, "--since", "1h")) == 8
    assert letters(posted, "--since", "2999-01-01T00:00:00Z") == []
    ours = letters(posted, "--conveyance", CONVEYANCE)
    assert sorted(one["error"] for one in ours) == [
        "key-mismatch", "not-json", "unknown-type", "version-conflict", "wrong-partition", "wrong-shape",
    ]  # fmt: skip
    code, lines, counts = run(posted, "list", "--code", "wrong-shape", "--limit", "1")
    assert (code, json.decode(lines[0])["offset"], len(lines)) == (0, 6, 1)
    assert counts == ["2 dead letters, the newest 1 shown", "  wrong-shape          2"]


def test_only_committed_letters_are_listed(posted: Field) -> None:
    """A dead letter of a transaction that is open or was aborted is not there."""
    with open_transaction(posted) as producer:
        producer.produce(posted.topics.dead_letters, b"A Canary", b"k", HOME)
        producer.flush()
        assert len(letters(posted)) == 8
    assert len(letters(posted)) == 8


def test_terminal_gets_a_table(posted: Field) -> None:
    """On a terminal there is a table with the counts below, unless JSON is asked for."""
    code, text = run_on_terminal(posted, ["list"])
    assert code == 0
    assert f"{HOME}:1" in text
    assert "$.data.mode" in text
    assert "8 dead letters not-json 2 unknown-type 1 wrong-shape 2" in " ".join(text.split())
    code, text = run_on_terminal(posted, ["list", "--json", "--code", "unknown-type"])
    assert json.decode(text.splitlines()[0])["error"] == "unknown-type"


def test_values_go_to_a_private_file(posted: Field, tmp_path: Path) -> None:
    """What the listed records hold is in a file that others cannot read, and nowhere else."""
    path = tmp_path / "values.jsonl"
    found = letters(posted, "--code", "key-mismatch", "--code", "not-json", "--values-to", str(path))
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    held = [json.decode(line) for line in path.read_bytes().splitlines()]
    assert [one["at"] for one in held] == [f"{one['partition']}:{one['offset']}" for one in found]
    assert held[1]["value"].encode() == BILL
    assert held[1]["key"] == "A.Canary"
    assert "value_base64" in held[2]
    code, _, said = run(posted, "list", "--values-to", str(path))
    assert (code, len(said)) == (2, 1)
    assert f"{path} exists already: name a new file" in said[0]


def test_missing_topics_are_named(broker: Broker, tmp_path: Path) -> None:
    """Under a prefix that has no topics the command says which it misses and what to do."""
    code, lines, said = run(Field(broker, "nobody", tmp_path), "list")
    assert (code, lines, len(said)) == (2, [], 1)
    assert "nobody.shipments.v1.dlq" in said[0]
    assert "tallygate topics create" in said[0]


def test_empty_topic_is_no_error(field: Field) -> None:
    """Where there are no dead letters there is nothing to list."""
    assert run(field, "list") == (0, [], ["0 dead letters"])
    assert run(field, "retry", "--all", "--yes") == (0, ["nothing to send"], [])
