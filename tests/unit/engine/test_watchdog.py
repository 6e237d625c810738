"""The watchdog's judgement: work without progress, by its own ticks."""

import faulthandler

import pytest

from agents.engine import watchdog
from agents.engine.watchdog import Watchdog


def ended_by(monkeypatch: pytest.MonkeyPatch, pulses: list[tuple[str, object]]) -> str:
    """Run a watchdog with a limit of three ticks over pulses; give why it ended, if it did."""
    said: list[str] = []
    beats = iter([*pulses, ("stop", None)])

    class OverError(Exception):
        """The pulses are over."""

    def pulse() -> tuple[str, object]:
        beat = next(beats)
        if beat[0] == "stop":
            raise OverError
        return beat

    monkeypatch.setattr(watchdog, "TICK_SECONDS", 0)
    monkeypatch.setattr(faulthandler, "dump_traceback", lambda **_where: None)
    try:
        Watchdog(pulse, 3, said.append).run()
    except OverError:
        return ""
    return said[0]


def test_work_without_progress_ends_the_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same work at the same point, tick after tick."""
    assert ended_by(monkeypatch, [("judging", 1)] * 5) == "no progress in judging for 3 s"


def test_progress_and_idleness_do_not(monkeypatch: pytest.MonkeyPatch) -> None:
    """A moving point, or nothing to do, is well."""
    assert ended_by(monkeypatch, [("judging", number) for number in range(9)]) == ""
    assert ended_by(monkeypatch, [("", 1)] * 9) == ""
    assert ended_by(monkeypatch, [("judging", 1), ("judging", 1), ("restoring", 1), ("judging", 1)] * 2) == ""
