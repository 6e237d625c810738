"""The engine is tied to exact versions: what it uses of them is private, and was read and tried in these only."""

from importlib.metadata import version

import faust.streams
import pytest

from agents.engine import app
from agents.kafka.errors import RefusedError


def test_the_pinned_versions_are_installed() -> None:
    """Another version of Faust, mode or aiokafka needs a fresh look at every contract in this folder."""
    assert {name: version(name) for name in app.PINNED} == app.PINNED
    app.check_versions()


def test_another_version_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """The engine does not start on a version it was not tried with."""
    monkeypatch.setattr(app, "PINNED", {**app.PINNED, "aiokafka": "0.15.0"})
    with pytest.raises(RefusedError, match=r"needs .*0\.15\.0.*found .*0\.14\.0"):
        app.check_versions()


def test_the_plain_python_iterator_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Faust's stream iterator in plain Python acknowledges what it skips."""
    monkeypatch.setattr(faust.streams, "_CStreamIterator", None)
    with pytest.raises(RefusedError, match="NO_CYTHON"):
        app.check_versions()
