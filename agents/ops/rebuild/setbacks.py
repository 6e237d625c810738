"""Processes that fail repeatedly at the same offsets: the rebuild then ends and names the place."""

from collections.abc import Mapping
from typing import Final

import msgspec

from agents.engine.control import Halt
from agents.kafka.errors import EXIT_RETRY, EngineError, RefusedError
from agents.ops.rebuild.group_lag import RebuildGroup

MOST: Final = 3
"""Failures at one place until the rebuild ends; the engine allows one record as many."""


class StuckPlace(msgspec.Struct, frozen=True):
    """Where a process was when it ended."""

    stands: Mapping[int, int]
    """Committed offsets, by partition."""
    rows: Mapping[bytes, bytes]
    """Its rows in the control topic: they change while the engine isolates the record that fails."""


class StuckError(EngineError):
    """A process ends repeatedly for a reason that may pass."""


class Setbacks:
    """Counts how often each process has ended without progress."""

    def __init__(self) -> None:
        """Start with no failures."""
        self._found: dict[str, tuple[StuckPlace, list[int]]] = {}

    def note(self, group: RebuildGroup, status: int, place: StuckPlace) -> None:
        """Note an end. Raise RefusedError at the third in one place, or StuckError if each asked for another try."""
        before, statuses = self._found.get(group.name, (place, []))
        statuses = [*(statuses if before == place else ()), status]
        self._found[group.name] = place, statuses
        if len(statuses) >= MOST:
            kind = StuckError if set(statuses) == {EXIT_RETRY} else RefusedError
            raise kind(
                f"{group.name} ended {len(statuses)} times at the same place, the last time with status {status}: "
                f"{group.topic} is read up to {spelt(place.stands)}. The lines above say why; mend that, and run the "
                "same command again"
            )


def spelt(stands: Mapping[int, int]) -> str:
    """Return offsets in words."""
    known = [f"offset {offset} of partition {number}" for number, offset in sorted(stands.items())]
    return ", ".join(known) or "the first record of each partition"


def objection_to(halt: Halt, group: RebuildGroup, settings: str) -> RefusedError:
    """Return the refusal for a record that cannot be judged; `settings` are the variables of the epoch."""
    where = f"{group.name}/{halt.partition}"
    return RefusedError(
        f"judging the record at offset {halt.offset} of partition {halt.partition} of {group.topic} failed three "
        f"times, so {where} is halted; the lines above name the error. When its cause is mended: "
        f"`{settings} tallygate resume {where}`, then run the same command again"
    )
