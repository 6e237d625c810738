"""The simulated day as a file of JSON lines, for `tallygate judge` and for your own experiments."""

from pathlib import Path
from typing import Final

from agents.demo.choosing import choose
from stream.deadletters import Fault
from stream.postings import US_321

NEED_A_BROKER: Final = frozenset({Fault.KEY_MISMATCH, Fault.WRONG_PARTITION, Fault.TIME_AHEAD, Fault.TOO_LARGE})
"""Faults of a record on a broker: a line of a file has no key, no partition and no append time."""


def save_day(path: Path, bills: int, seed: int, programme: str = US_321) -> int:
    """Write the events of a demo, a line each, to a new or emptied file; return their number. Raise DemoError."""
    _, events = choose(bills, seed, programme)
    lines = 0
    with path.open("wb") as file:
        for planned in events:
            if planned.kind not in NEED_A_BROKER:
                file.write(planned.value + b"\n")
                lines += 1
    return lines
