"""A test whose piece is missing is skipped with the reason, or fails where the piece is insisted on."""

from pathlib import Path

import pytest

from tests import prerequisites


@pytest.fixture(autouse=True)
def _no_kafka(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(prerequisites.PREREQUISITES, "kafka", lambda: "java not found")
    monkeypatch.delenv("TALLYGATE_REQUIRE", raising=False)


def test_missing_piece_skips() -> None:
    """A test that needs a missing piece is skipped with the reason."""
    with pytest.raises(pytest.skip.Exception, match="kafka: java not found"):
        prerequisites.require("kafka")


def test_missing_piece_fails_where_required(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the piece is insisted on, the same test fails."""
    monkeypatch.setenv("TALLYGATE_REQUIRE", "other,kafka")
    with pytest.raises(pytest.fail.Exception, match="java not found"):
        prerequisites.require("kafka")


def test_piece_that_is_there_lets_the_test_run(monkeypatch: pytest.MonkeyPatch) -> None:
    """A piece that is there is asked for once and the test goes on."""
    asked = []
    monkeypatch.setitem(prerequisites.PREREQUISITES, "kafka", lambda: asked.append("kafka"))
    prerequisites.require("kafka")
    assert asked == ["kafka"]


def test_summary_has_one_line_for_each_missing_piece() -> None:
    """Skips for other reasons are pytest's business; those for a missing piece are counted in one line."""
    reasons = ["Skipped: kafka: java not found", "Skipped: unconditional skip", "Skipped: kafka: java not found"]
    assert prerequisites.skip_lines(reasons) == ["skipped: 2 Kafka tests: java not found"]


@pytest.mark.parametrize(("version", "said"), [((18, 19), "node 18.19 is older than 20.19"), ((20, 19), None)])
def test_node_may_be_too_old(
    version: tuple[int, int], said: str | None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Debian 12 has a Node.js that is too old for the generators: that is said, and no test fails for it."""
    (tmp_path / ".fetched").touch()
    monkeypatch.setattr(prerequisites, "CLIENTS", tmp_path)
    monkeypatch.setattr("shutil.which", lambda _name: "/usr/bin/node")
    monkeypatch.setattr(prerequisites, "node_version", lambda: version)
    assert prerequisites.clients_missing() == said
