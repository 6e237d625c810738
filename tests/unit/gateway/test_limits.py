"""The token bucket."""

import pytest

from agents.gateway.http import rate_limits
from agents.gateway.http.rate_limits import Buckets


class Clock:
    def __init__(self) -> None:
        self.seconds = 100.0

    def __call__(self) -> float:
        return self.seconds


def test_bucket_gives_its_burst_then_its_rate() -> None:
    """A full bucket gives its burst at once, then says how long to wait, and gives again after just that."""
    clock = Clock()
    buckets = Buckets(2, 3, clock)
    assert [buckets.take("a") for _ in range(3)] == [0, 0, 0]
    assert buckets.take("a") == pytest.approx(0.5)
    clock.seconds += 0.25
    assert buckets.take("a") == pytest.approx(0.25)
    clock.seconds += 0.25
    assert buckets.take("a") == 0
    assert buckets.take("a") > 0


def test_bucket_never_holds_more_than_its_burst() -> None:
    """However long nobody asks, no more than the burst gathers."""
    clock = Clock()
    buckets = Buckets(2, 3, clock)
    clock.seconds += 3600
    assert [buckets.take("a") > 0 for _ in range(4)] == [False, False, False, True]


def test_each_name_has_its_own() -> None:
    """Who asks too often takes nothing from others."""
    buckets = Buckets(1, 1, Clock())
    assert buckets.take("a") == 0
    assert buckets.take("a") > 0
    assert buckets.take("b") == 0


def test_buckets_do_not_grow_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond so many names they are forgotten."""
    monkeypatch.setattr(rate_limits, "KEPT", 10)
    buckets = Buckets(1, 1, Clock())
    for number in range(100):
        buckets.take(str(number))
    assert len(buckets._levels) <= 10
