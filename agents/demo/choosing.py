"""Which events a demo plays, those of the day of August 2025 or weeks under another programme; and they as a file."""

from collections.abc import Iterable
from pathlib import Path
from random import Random
from typing import Final

from agents.demo.agenda import Planned
from agents.demo.courier_weeks import CourierWeeks
from agents.demo.demo_errors import NoSuchProgrammeError
from agents.demo.played import THE_DAY, Played, weeks_under
from agents.demo.simulated_day import SimulatedDay
from state.rules.loading import load_rulebook
from stream.deadletters import Fault
from stream.postings import US_321

NEED_A_BROKER: Final = frozenset({Fault.KEY_MISMATCH, Fault.WRONG_PARTITION, Fault.TIME_AHEAD, Fault.TOO_LARGE})
"""Faults of a record on a broker: a line of a file has no key, no partition and no append time."""


def choose(bills: int, seed: int, programme: str) -> tuple[Played, Iterable[Planned]]:
    """Return what is played, and its records in the order of time. Raise NoSuchProgrammeError."""
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


def save_day(path: Path, bills: int, seed: int, programme: str = US_321) -> int:
    """Write the events of a demo, a line each, to a new or emptied file; return their number.

    Raise NoSuchProgrammeError.
    """
    _, events = choose(bills, seed, programme)
    lines = 0
    with path.open("wb") as file:
        for planned in events:
            if planned.kind not in NEED_A_BROKER:
                file.write(planned.value + b"\n")
                lines += 1
    return lines
