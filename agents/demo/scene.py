"""Everything the view shows at one moment, gathered from those who count it."""

from datetime import timedelta
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

import msgspec

from agents.demo.counts import OutputCounts
from agents.demo.day_player import DayPlayer
from agents.demo.figures import MIDNIGHT
from agents.demo.latency import Latency

_EASTERN: Final = ZoneInfo("America/New_York")
_RATE_SECONDS: Final = 3.0


class Counts(msgspec.Struct):
    """What one worker reports: input records by their fate, as of its last commit."""

    applied: int = 0
    stale: int = 0
    dead_lettered: int = 0
    transactions: int = 0

    @property
    def records(self) -> int:
        """Records judged."""
        return self.applied + self.stale + self.dead_lettered


class Rates(NamedTuple):
    """Events and decisions a second, lately."""

    events: float
    decisions: float


class Scene:
    """The demo as it stands; `counts` is kept by the workers, the rest by publisher and reader."""

    def __init__(self, publisher: DayPlayer, tally: OutputCounts, latency: Latency, planned: int) -> None:
        self.publisher = publisher
        self.tally = tally
        self.latency = latency
        self.planned = planned
        """Records of the whole day."""
        self.counts: dict[str, Counts] = {}
        self.phase = "starting"
        self.page = ""
        """Address of the scanner page, once it is there."""
        self._marks: list[tuple[float, int, int]] = []
        """Moment, events and decisions, of the last seconds."""

    @property
    def share(self) -> float:
        """Part of the day that is published, 0 to 1."""
        return self.publisher.total / self.planned

    @property
    def clock(self) -> str:
        """The simulated time in New York."""
        begun = MIDNIGHT + timedelta(seconds=self.publisher.second)
        return begun.astimezone(_EASTERN).strftime("%a %d %b %Y %H:%M ET")

    def rates(self, moment: float) -> Rates:
        """Return the rates over the last seconds; `moment` is the monotonic time now."""
        marks = self._marks
        marks.append((moment, self.publisher.total, self.tally.decisions))
        while len(marks) > 2 and marks[1][0] <= moment - _RATE_SECONDS:
            marks.pop(0)
        begun, events, decisions = marks[0]
        taken = max(moment - begun, 0.001)
        return Rates((self.publisher.total - events) / taken, (self.tally.decisions - decisions) / taken)


def dollars(cents: int) -> str:
    """Write an amount for people."""
    return f"${cents / 100:,.2f}" if abs(cents) < 1_000_00 else f"${cents / 100:,.0f}"


def milliseconds(seconds: float | None) -> str:
    """Write a latency for people."""
    return "–" if seconds is None else f"{seconds * 1000:.0f} ms"
