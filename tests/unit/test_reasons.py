"""Every reason has its line."""

from stream.outcomes import VERDICTS, Action
from stream.reasons import ACTION_LINES, REASON_LINES


def test_every_reason_has_a_line_of_its_own() -> None:
    """The lines are those of the table of outcomes, in its order, and none says what another says."""
    assert list(REASON_LINES) == [reason for verdict in VERDICTS for reason in verdict.reasons]
    assert len({*REASON_LINES.values()}) == len(REASON_LINES)


def test_a_line_is_short_enough_to_be_read_from_afar() -> None:
    """At three metres a line of fifty letters still fits the width of a screen."""
    assert max(map(len, REASON_LINES.values())) <= 50


def test_every_action_says_what_to_do() -> None:
    """Each action has a line of its own, short enough to be read at a glance."""
    assert list(ACTION_LINES) == list(Action)
    assert len({*ACTION_LINES.values()}) == len(Action)
    assert max(map(len, ACTION_LINES.values())) <= 36
