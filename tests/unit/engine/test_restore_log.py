"""The log says how far a restore is."""

import logging

import pytest

from agents.engine import restoring
from agents.engine.restoring import LINE_SECONDS, RestoreLog

START = 100.0


def test_the_log_tells_how_far_a_restore_is(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    """A line comes every few seconds, with what is read and about how long the rest will take."""
    now = [START]
    monkeypatch.setattr(restoring, "monotonic", lambda: now[0])
    progress = RestoreLog(4, 1_000)
    with caplog.at_level(logging.INFO):
        for seconds, left in ((1, 990), (LINE_SECONDS, 750), (LINE_SECONDS + 1, 700), (2 * LINE_SECONDS, 200)):
            now[0] = START + seconds
            progress.note(left)
    assert caplog.messages == [
        "restoring 4 partitions: 250 of 1000 offsets read, about 15 s left",
        "restoring 4 partitions: 800 of 1000 offsets read, about 2 s left",
    ]


def test_no_time_is_foretold_before_anything_is_read(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A broker that answers nothing gives no ground for an estimate."""
    now = [START]
    monkeypatch.setattr(restoring, "monotonic", lambda: now[0])
    progress = RestoreLog(1, 1_000)
    now[0] += LINE_SECONDS
    with caplog.at_level(logging.INFO):
        progress.note(1_000)
    assert caplog.messages == ["restoring 1 partitions: 0 of 1000 offsets read"]
