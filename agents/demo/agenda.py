"""What happens in a demo, in the order of time: actions by the second at which they come, and the records they make."""

from collections.abc import Callable
from heapq import heappop, heappush
from typing import NamedTuple

from agents.demo.faults import bad_record
from stream.deadletters import Fault


class Planned(NamedTuple):
    """A record to publish."""

    delay: int
    """Simulated seconds since the record before."""
    at: int
    """Simulated seconds from the first midnight, in the zone of what is played; negative on the eve."""
    key: bytes
    value: bytes
    kind: str
    """The type of the event (`bill.manifested`), `repeat`, or the fault of a bad record."""
    shift: int = 0
    """Distance in partitions from the partition of the key."""


Made = tuple[str, bytes, str, int]
"""Key, value, kind and shift of the record that an action makes."""


class Agenda:
    """Actions by their second; of two at one second the one that was planned first comes first."""

    def __init__(self) -> None:
        self._actions: list[tuple[int, int, Callable[..., Made | None], tuple[object, ...]]] = []
        self._ordinal = 0
        self._before: int | None = None

    @property
    def due(self) -> int | None:
        """Second of the next action; None: no action is left."""
        return self._actions[0][0] if self._actions else None

    def ordinal(self) -> int:
        """Return a number that no action or event has had."""
        self._ordinal += 1
        return self._ordinal

    def add(self, second: int, act: Callable[..., Made | None], *arguments: object) -> None:
        """Plan an action; it is called with its second and the arguments."""
        heappush(self._actions, (second, self.ordinal(), act, arguments))

    def act(self) -> Planned | None:
        """Take the next action; return the record that it makes, if it makes one."""
        at, _, act, arguments = heappop(self._actions)
        made = act(at, *arguments)
        if made is None:
            return None
        key, value, kind, shift = made
        delay = 0 if self._before is None else at - self._before
        self._before = at
        return Planned(delay, at, key.encode(), value, kind, shift)


def repeat(_at: int, made: Made) -> Made:
    """Return a record once more, byte for byte."""
    key, value, _, _ = made
    return key, value, "repeat", 0


def spoil(_at: int, fault: Fault, made: Made) -> Made:
    """Return a record with a fault."""
    key, value, _, _ = made
    bad = bad_record(fault, key, value.decode())
    return bad.key, bad.value, fault.value, bad.shift
