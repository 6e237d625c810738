"""Everything that the view shows at one moment."""

from typing import TYPE_CHECKING, Final, NamedTuple

from agents.demo.counts import OutputCounts
from agents.demo.day_player import DayPlayer
from agents.demo.latency import Latency
from agents.demo.played import THE_DAY, Played

if TYPE_CHECKING:
    from agents.embedded.messages import Counts

_RATE_SECONDS: Final = 3.0


class Rates(NamedTuple):
    """Events and decisions a second, lately."""

    events: float
    decisions: float


class DemoState:
    """The state of the demo; the workers update `counts`, publisher and reader the rest."""

    def __init__(
        self, publisher: DayPlayer, tally: OutputCounts, latency: Latency, planned: int, played: Played = THE_DAY
    ) -> None:
        self.publisher = publisher
        self.tally = tally
        self.latency = latency
        self.planned = planned
        """Records of the whole day."""
        self.played = played
        self.counts: dict[str, Counts] = {}
        self.phase = "starting"
        self.page = ""
        """Address of the scanner page, when it is ready."""
        self._marks: list[tuple[float, int, int]] = []
        """Moment, events and decisions, of the last seconds."""

    @property
    def share(self) -> float:
        """Part of the day that is published, 0 to 1."""
        return self.publisher.total / self.planned

    @property
    def clock(self) -> str:
        """The simulated time, in the zone of what is played."""
        return self.played.clock(self.publisher.second)

    @property
    def period(self) -> str:
        """The period of the programme that the simulated time is in, empty where there is none."""
        return self.played.period(self.publisher.second)

    def rates(self, moment: float) -> Rates:
        """Return the rates over the last seconds; `moment` is the monotonic time now."""
        marks = self._marks
        marks.append((moment, self.publisher.total, self.tally.decisions))
        while len(marks) > 2 and marks[1][0] <= moment - _RATE_SECONDS:
            marks.pop(0)
        begun, events, decisions = marks[0]
        taken = max(moment - begun, 0.001)
        return Rates((self.publisher.total - events) / taken, (self.tally.decisions - decisions) / taken)


def milliseconds(seconds: float | None) -> str:
    """Return a latency for the screen."""
    return "–" if seconds is None else f"{seconds * 1000:.0f} ms"
