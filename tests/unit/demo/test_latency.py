"""Latency from sending an event to reading its decision."""

import pytest

from agents.demo.latency import RECENT, Latency


def test_batches_cover_their_offsets() -> None:
    """A decision is measured from the batch that holds its cause, in the cause's own partition."""
    latency = Latency()
    latency.sent(0, 0, 10.0)
    latency.sent(0, 5, 20.0)
    latency.sent(1, 0, 30.0)
    latency.decided(0, 4, 10.5)
    latency.decided(0, 5, 21.0)
    latency.decided(1, 0, 32.0)
    assert [latency.overall(per_cent) for per_cent in (0, 50, 99)] == pytest.approx([0.5, 1.0, 2.0])


def test_unknown_causes_are_left_out() -> None:
    """A decision whose cause was not sent here is no measurement."""
    latency = Latency()
    latency.decided(3, 7, 1.0)
    assert latency.overall(50) is None
    assert latency.recent(50) is None


def test_recent_forgets() -> None:
    """The live figure looks at the latest measurements only, the overall one at all."""
    latency = Latency()
    latency.sent(0, 0, 0.0)
    for _ in range(10):
        latency.decided(0, 0, 9.0)
    for _ in range(RECENT):
        latency.decided(0, 0, 1.0)
    assert latency.recent(100) == pytest.approx(1.0)
    assert latency.overall(100) == pytest.approx(9.0)
