"""The pace of the day: in order, about as long as asked, no long silence."""

from itertools import pairwise
from random import Random

import pytest

from agents.demo.day_player import GAP_SECONDS_MAX, TICK_SECONDS, schedule
from agents.demo.simulated_day import SimulatedDay


@pytest.mark.parametrize("seconds", [5.0, 60.0])
def test_day_lasts_as_long_as_asked(seconds: float) -> None:
    """The last record is due when the time is over, records stay in their order, and no gap is long."""
    day = list(SimulatedDay(Random(1), 2000))
    planned = schedule(day, seconds)
    moments = [moment for moment, _ in planned]
    assert [record for _, record in planned] == day
    assert moments == sorted(moments)
    assert moments[-1] == pytest.approx(seconds, abs=2 * TICK_SECONDS)
    assert max(after - before for before, after in pairwise(moments)) < 2 * GAP_SECONDS_MAX


def test_records_of_a_tick_go_together() -> None:
    """What is due within a tick has the same moment, so that it goes out in one batch."""
    moments = {moment for moment, _ in schedule(SimulatedDay(Random(1), 5000), 2.0)}
    assert len(moments) <= 2.0 / TICK_SECONDS + 1
