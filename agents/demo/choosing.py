"""Which events a demo plays: those of the day of August 2025, or weeks under another programme."""

from collections.abc import Iterable
from random import Random

from agents.demo.courier_weeks import CourierWeeks
from agents.demo.demo_errors import NoSuchProgrammeError
from agents.demo.played import THE_DAY, Played, weeks_under
from agents.demo.simulated_day import Planned, SimulatedDay
from state.rules.loading import load_rulebook
from stream.postings import US_321


def choose(bills: int, seed: int, programme: str) -> tuple[Played, Iterable[Planned]]:
    """Return what is played, and its records in the order of time. Raise DemoError for a programme that is unknown."""
    rng = Random(seed)  # noqa: S311 - a simulation wants its seed
    if programme == US_321:
        return THE_DAY, SimulatedDay(rng, bills)
    rulebook = load_rulebook()
    known = rulebook.known.get(programme)
    if known is None:
        raise NoSuchProgrammeError(f"no programme has the id {programme}; there are {', '.join(rulebook.known)}")
    played = weeks_under(known, rulebook)
    return played, CourierWeeks(rng, bills, played, rulebook)


def days_kept(programme: str) -> int:
    """Return how many days the topics of a demo must keep records."""
    return load_rulebook().with_programmes(sorted({US_321, programme}), US_321).topic_days
