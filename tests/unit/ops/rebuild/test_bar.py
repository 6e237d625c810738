"""What the operator sees of a rebuild: each phase once, bars or lines, and at the end the next steps."""

import io

from rich.console import Console
from rich.progress import Progress

from agents.ops.rebuild.group_lag import RebuildGroup, RebuildProgress
from agents.ops.rebuild.rebuild import Outcome
from agents.ops.rebuild.rebuild_bar import RebuildBars, next_steps
from agents.worker.rebuild_marks import Rebuild

GROUP = RebuildGroup("manifest", "group", "topic")


def shown(*, terminal: bool) -> str:
    """Return what is written of two phases and two looks at a group."""
    console = Console(file=io.StringIO(), force_terminal=terminal, width=100)
    with Progress(console=console, disable=not terminal) as bars:
        watcher = RebuildBars(bars)
        for phase in ("judging again", "judging again", "publishing"):
            watcher.phase(phase)
        watcher.progress(GROUP, RebuildProgress(500, 1000))
        watcher.progress(GROUP, RebuildProgress(1000, 1000))
    written: io.StringIO = console.file  # type: ignore[assignment]
    return written.getvalue()


def test_phase_is_printed_once() -> None:
    """A phase that is set twice is printed once."""
    for terminal in (True, False):
        assert shown(terminal=terminal).count("judging again") == 1
        assert "publishing" in shown(terminal=terminal)


def test_without_a_terminal_there_is_a_line_now_and_then() -> None:
    """A second line within ten seconds is left out; a terminal has bars."""
    assert "manifest: 500 of 1,000 offsets" in shown(terminal=False)
    assert "1,000 of 1,000" not in shown(terminal=False)
    assert "100%" in shown(terminal=True)


def test_the_next_steps_name_settings_and_what_is_left_over() -> None:
    """Both variables always, since one may be left from an earlier rebuild; nothing to delete, no third step."""
    said = next_steps(Outcome(Rebuild(3, "postings", 2, "done"), ["p.withholding.e2-changelog"]))
    assert "TALLYGATE_KAFKA__EPOCH=3 TALLYGATE_KAFKA__MANIFEST_EPOCH=2" in said
    assert said.endswith("   p.withholding.e2-changelog")
    assert "3. " not in next_steps(Outcome(Rebuild(3, "postings", 2, "done"), []))
