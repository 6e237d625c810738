"""Roles that fail at the same place again and again: a rebuild ends then, and says where."""

from collections.abc import Mapping
from typing import Final

import msgspec

from agents.engine.control import Halt
from agents.kafka.errors import EXIT_RETRY, EngineError, RefusedError
from agents.ops.rebuild.group_lag import RebuildCourse

MOST: Final = 3
"""So many ends at one place are enough, as they are for the engine and one record."""


class StuckPlace(msgspec.Struct, frozen=True):
    """Where a role was when it ended."""

    stands: Mapping[int, int]
    """Committed offsets, by partition."""
    rows: Mapping[bytes, bytes]
    """Its watches in the control topic: they change as long as the engine is about to find out which record it is."""


class StuckError(EngineError):
    """A role ends again and again for a reason that may pass."""


class Setbacks:
    """Counts how often each role has ended without getting any further."""

    def __init__(self) -> None:
        """Count from here on."""
        self._found: dict[str, tuple[StuckPlace, list[int]]] = {}

    def note(self, course: RebuildCourse, status: int, place: StuckPlace) -> None:
        """Take note of an end. Raise RefusedError, or StuckError where it asked for another try, when it is enough."""
        before, statuses = self._found.get(course.name, (place, []))
        statuses = [*(statuses if before == place else ()), status]
        self._found[course.name] = place, statuses
        if len(statuses) >= MOST:
            kind = StuckError if set(statuses) == {EXIT_RETRY} else RefusedError
            raise kind(
                f"{course.name} ended {len(statuses)} times at the same place, the last time with status {status}: "
                f"{course.topic} is read up to {spelt(place.stands)}. The lines above say why; mend that, and run the "
                "same command again"
            )


def spelt(stands: Mapping[int, int]) -> str:
    """Return offsets in words."""
    known = [f"offset {offset} of partition {number}" for number, offset in sorted(stands.items())]
    return ", ".join(known) or "the first record of each partition"


def objection_to(halt: Halt, course: RebuildCourse, settings: str) -> RefusedError:
    """Return what a rebuild says of a record that its roles cannot judge; `settings` are those of its epoch."""
    where = f"{course.name}/{halt.partition}"
    return RefusedError(
        f"judging the record at offset {halt.offset} of partition {halt.partition} of {course.topic} failed three "
        f"times, so {where} is halted; the lines above name the error. When its cause is mended: "
        f"`{settings} tallygate resume {where}`, then run the same command again"
    )
